//! What a preview is asked about: a lead, and what is typed and chosen so far. Nothing of it is saved.

use ripen_domain::{id::LeadId, promise::When, touch::Disposition};

use crate::lead::NewAnswer;

/// What is typed so far.
#[derive(Debug, Clone)]
pub struct PreviewRequest {
    /// The lead.
    pub lead: LeadId,
    /// As typed; what cannot be used yet does not count.
    pub answer: Vec<NewAnswer>,
    /// The disposition that is chosen; a conversation where none is.
    pub disposition: Option<Disposition>,
    /// Which number is shown, as it is stored: a disposition that gives one up gives up this one.
    pub phone: Option<String>,
    /// When the next step is to be, where that was agreed with the person.
    pub next: Option<When>,
}
