//! `/queues`: is anything late or stuck? For whoever leads the desk. Every number leads to the list it counts.

pub mod act;
pub mod act_api;
pub mod api;
pub mod cached_counts;
pub mod count;
pub mod page;
mod told;

use ripen_actions::queues::QueueList;
use ripen_domain::{actor::UserRole, desk::Rank};
use ripen_store::queues::{stuck::StuckKind, waiting::WaitingKind};

/// To whom the page exists.
const LEADS_THE_DESK: &[UserRole] = &[UserRole::Admin, UserRole::Manager];

/// The ranks in the order in which leads are handed out; nobody waits to be opened by name, and no lead has a plan yet whose step could
/// be due.
fn handed_out() -> impl Iterator<Item = Rank> {
    Rank::ALL.iter().copied().filter(|rank| !matches!(rank, Rank::Named | Rank::Plan))
}

/// What a list is called.
const fn title(list: QueueList) -> &'static str {
    match list {
        QueueList::Waiting(WaitingKind::Promised) => "Promised calls due",
        QueueList::Waiting(WaitingKind::New) => "Not called yet",
        QueueList::Waiting(WaitingKind::Due) => "Re-qualifications due",
        QueueList::Waiting(WaitingKind::Rest) => "Tried, nobody reached",
        QueueList::Waiting(WaitingKind::NoNumber) => "No number to call",
        QueueList::Late | QueueList::Waiting(WaitingKind::Owed) => "Late promised calls",
        QueueList::Stuck(StuckKind::Held) => "Held deliveries",
        QueueList::Stuck(StuckKind::Dead) => "Dead deliveries",
        QueueList::Stuck(StuckKind::Letters) => "Dead letters",
        QueueList::Stuck(StuckKind::Quarantine) => "Quarantine",
        QueueList::Stuck(StuckKind::Reviews) => "Consent reviews",
    }
}
