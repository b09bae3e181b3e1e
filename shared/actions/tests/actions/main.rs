//! Actions over a real database: whole or not at all, with their audit, in the actor's scope.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod appointment;
mod client;
mod criteria;
mod dead_letter;
mod delivered;
mod delivery;
mod desk;
mod desk_draft;
mod desk_lease;
mod desk_next;
mod desk_order;
mod desk_since;
mod desk_undo;
mod endpoint;
mod harness;
mod lead;
mod lead_desk;
mod lead_pages;
mod link;
mod outcome;
mod outcome_elsewhere;
mod outcome_former;
mod own_clients;
mod person_correct;
mod promise;
mod quarantine;
mod rep;
mod routing;
mod source;
mod suppression_sweep;
mod work;
