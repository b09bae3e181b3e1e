//! One decision: made, written down as a receipt, made again from it, and put in words.

pub(super) mod decide;
mod dictionary;
mod explain;
pub(super) mod receipt;
pub(super) mod replay_decision;
