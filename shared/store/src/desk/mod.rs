//! The desk: whose turn it is, who may be handed out, who holds what, what was typed, what can be taken back, and how each
//! client is worked.

pub mod draft;
pub mod lease;
pub mod queue;
pub mod standing;
pub mod terms;
pub mod turn;
pub mod undo;
pub mod upcoming;
pub mod wait;
