//! What people and programs may do, one file per noun.
//!
//! An [`Action`] is a typed request. [`Actions::run`] checks that the [`Actor`] may do such a thing, lets the action check
//! everything it was given at once, does it in one transaction together with its audit row, and gives back a typed result. Which
//! actions write no audit row, and why, is listed by the check that all others do (`tests/tidy/audited.rs`).
//! [`Actions::rehearse`] does the same and rolls it back: a dry run is the action itself. The command line, pages and the API parse, call one action and show what came back; nothing
//! here knows a flag, a page or a status code.
//!
//! Reading is a plain function of the noun's file, with the actor's [`Scope`](ripen_domain::actor::Scope). It fails where
//! the database is away; what else it refuses, it says.

pub mod appointment;
pub mod audit;
pub mod call;
pub mod calling;
mod check;
pub mod client;
pub mod client_token;
pub mod consent_review;
pub mod criteria;
pub mod dead_letter;
pub mod decision;
pub mod delivery;
pub mod desk;
pub mod endpoint;
pub mod lead;
pub mod lead_brief;
pub mod lead_changes;
pub mod lead_close;
mod lead_earlier;
pub mod lead_list;
pub mod lead_new;
mod lead_next;
pub mod lead_overview;
pub mod lead_page;
pub mod lead_search;
pub mod lead_stop;
pub mod lead_view;
mod lead_withhold;
pub mod link;
pub mod list_import;
pub mod opportunity;
pub mod outcome;
pub mod outcome_import;
pub mod person;
pub mod person_correct;
pub mod person_number;
pub mod person_pair;
pub mod program;
pub mod promise;
pub mod quarantine;
pub mod queues;
mod refusal;
pub mod rep;
pub mod rep_link;
pub mod rep_try;
pub mod return_verdict;
pub mod ringing;
pub mod routing;
pub mod secrets;
pub mod sign_in;
pub mod source;
pub mod suppression;
pub mod suppression_sweep;
pub mod user;
pub mod user_link;
pub mod user_password;
pub mod user_token;
pub mod why_not;
mod work;

pub use refusal::{FieldError, FieldErrors, Refusal};
pub use work::{Action, Actions, Work};
