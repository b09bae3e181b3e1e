//! The script of a document: what every agent asks in the same way, and the texts they say.

pub(super) mod notice;
pub(super) mod question;
pub(super) mod wording;
pub(super) mod words;
