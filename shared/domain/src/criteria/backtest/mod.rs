//! What past decisions would have been under a draft.

pub(super) mod past;
pub(super) mod run;
