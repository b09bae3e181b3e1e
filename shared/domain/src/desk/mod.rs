//! The desk's work, pure: in which order leads are handed out, whose turn it is among clients, what stands against calling
//! somebody now, and what a decision would be were the answers given that are being typed.
//!
//! Agents never choose among leads. The store brings candidates and facts, actions take the first lead of the order whose gates
//! are all open; what a page says about a lead comes from the same functions. Nothing here reads a clock or a table.

mod gates;
mod language;
mod next_try;
mod next_work;
mod order;
mod outlook;
mod share;
mod softened;
mod way_to_client;

pub use gates::{
    AgentTerms, CallGate, DeskTeam, FullDay, GateFacts, GateKind, HeldBy, StepFacts, for_team, gates, opens_at, shut,
};
pub use language::{language_name, language_of, language_written};
pub use next_try::next_try;
pub use next_work::{NextCall, NextOpening, NextWork, next_work};
pub use order::{DeskCandidate, FRESH, OrderedLead, Rank, RankSubject, callable_wait, in_order, rank};
pub use outlook::{MissingPoints, Outlook, OutlookReason};
pub use share::{ClientTurn, charged, in_turn};
pub use softened::{GateReader, day_after, day_alone, softened};
pub use way_to_client::{WayState, WayToClient};

use jiff::SignedDuration;

/// How long a lead is held by a page that is silent.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);
/// A conversation for one client keeps the person from being called for another one for so long.
pub const RESTS: SignedDuration = SignedDuration::from_hours(24);
