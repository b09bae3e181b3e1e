//! What people and programs may do, one file per noun.
//!
//! An [`Action`] is a typed request. [`Actions::run`] checks that the [`Actor`] may do such a thing, lets the action check
//! everything it was given at once, does it in one transaction together with its audit row, and gives back a typed result.
//! [`Actions::rehearse`] does the same and rolls it back: a dry run is the action itself, but for steps that change very many
//! rows, which it only counts. The command line, pages and the API parse, call one action and show what came back; nothing
//! here knows a flag, a page or a status code.
//!
//! Reading is a plain function of the noun's file, with the actor's [`Scope`](ripen_domain::actor::Scope). It fails where
//! the database is away; what else it refuses, it says.

pub mod appointment;
pub mod audit;
mod check;
pub mod client;
pub mod client_token;
pub mod criteria;
pub mod dead_letter;
pub mod decision;
pub mod delivery;
pub mod endpoint;
pub mod lead;
pub mod list_import;
pub mod outcome;
pub mod outcome_import;
pub mod person;
pub mod person_pair;
pub mod program;
pub mod promise;
pub mod quarantine;
mod refusal;
pub mod rep;
pub mod routing;
pub mod source;
pub mod suppression;
mod work;

pub use refusal::{FieldError, FieldErrors, Refusal};
pub use work::{Action, Actions, Work};
