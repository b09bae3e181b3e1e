//! Habits that no compiler checks: headers, sizes, names, the direction of dependencies, comments in the schema,
//! licences, and that the files of `deploy/` say what the program understands.
//!
//! Each check lists everything it finds. A limit that is in the way is changed here, with its reason, or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a check stops at the first thing it cannot read"
)]

#[path = "tidy/actors.rs"]
mod actors;
#[path = "tidy/audited.rs"]
mod audited;
#[path = "tidy/cargo.rs"]
mod cargo;
#[path = "tidy/circles.rs"]
mod circles;
#[path = "tidy/deploy.rs"]
mod deploy;
#[path = "tidy/flags.rs"]
mod flags;
#[path = "tidy/html.rs"]
mod html;
#[path = "tidy/keys.rs"]
mod keys;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/licences.rs"]
mod licences;
#[path = "tidy/masked.rs"]
mod masked;
#[path = "tidy/migrations.rs"]
mod migrations;
#[path = "tidy/modules.rs"]
mod modules;
#[path = "tidy/names.rs"]
mod names;
#[path = "tidy/readme.rs"]
mod readme;
#[path = "tidy/reasons.rs"]
mod reasons;
#[path = "tidy/repository.rs"]
mod repository;
#[path = "tidy/routes.rs"]
mod routes;
#[path = "tidy/schema.rs"]
mod schema;
#[path = "tidy/scopes.rs"]
mod scopes;
#[path = "tidy/shipped.rs"]
mod shipped;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/tables.rs"]
mod tables;
#[path = "tidy/tuples.rs"]
mod tuples;
#[path = "tidy/words.rs"]
mod words;

/// Fails with the whole list, if there is anything on it.
fn refuse(findings: &[String]) {
    assert!(findings.is_empty(), "{} to put right:\n{}", findings.len(), findings.join("\n"));
}
