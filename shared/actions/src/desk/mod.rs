//! The desk: an agent is handed the next lead, writes down what is said, and ends with a disposition that can be taken back for
//! some seconds.
//!
//! A lead is held under a lease, so that no two agents have the same; what is typed is a draft until the disposition commits
//! it. Nothing is graded here: a disposition asks for a decision, and a preview shows what one would be.

mod after_saving;
mod ahead;
mod dispose;
mod draft;
mod gates;
mod holder;
mod late_note;
mod own_day;
mod pass_over;
mod preview;
mod preview_request;
mod ready;
mod route_words;
mod take;
mod undo;
mod upcoming;

pub use ahead::{WorkAhead, WorkOpening, ahead};
pub use dispose::{Dispose, Disposed, NewCoDecider, StopContact};
pub use draft::{DraftSaved, DropDraft, SaveDraft, draft_of};
pub(crate) use gates::{GatesFor, GatesRead, gates_read, team};
pub use holder::{has_disposed, held_by, last_saved, opened_number};
pub use late_note::{KeepLateNote, why_over};
pub use own_day::{MadeAs, OwnDay, WorkedBy, own_day, promised_within};
pub use preview::{GradePreview, preview};
pub use preview_request::PreviewRequest;
pub use ready::{ReadyLead, ReadyLeads, ready_now};
pub use route_words::GoesTo;
pub use take::{LeaveLead, OpenedLead, RenewLease, TakeLead, TakeNext, held, may_open_of, take, take_next};
pub(crate) use take::{clients_worked_for, require_own_client, works_for};
pub use undo::{UndoDisposition, Undone, pending_undo};
pub use upcoming::{UpcomingWork, coming_up};

use ripen_domain::id::UserId;

use crate::{Refusal, Work};

/// The user who acts: only somebody who signs in has leads open, drafts, and a day.
pub(crate) fn user_of(work: &Work<'_>) -> Result<UserId, Refusal> {
    work.actor.user_id().ok_or_else(nobody)
}

/// What an operator or a program is told.
pub(crate) fn nobody() -> Refusal {
    Refusal::conflict(
        "no_user",
        "only somebody who signs in has leads open: record what came of a call at the lead itself",
    )
}
