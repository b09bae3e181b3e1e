//! What a routing document is checked against: whom it may name, and what its conditions may read.

use std::sync::Arc;

use super::recipient::RecipientId;
use crate::criteria::{Criteria, Question};

/// Somebody whom a document may name: a rep or an endpoint of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRecipient {
    /// Which one. Its text form names it too.
    pub id: RecipientId,
    /// As people call it.
    pub name: Arc<str>,
}

/// What a document is checked against.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The client's reps and endpoints.
    pub recipients: Vec<NamedRecipient>,
    /// The questions whose answers conditions may read.
    pub questions: Vec<Question>,
}

/// Who is called so, and how many are.
pub(super) struct RecipientMatch {
    pub id: Option<RecipientId>,
    pub called: usize,
}

impl Surroundings {
    /// Recipients, and every question of the programs that the client's leads are graded by. Where two programs ask
    /// something under one id, the first one's question counts.
    #[must_use]
    pub fn new<'c>(recipients: Vec<NamedRecipient>, programs: impl IntoIterator<Item = &'c Criteria>) -> Self {
        // Programs share questions: an id stands for one question, that of the program that comes first.
        let mut questions: Vec<Question> = Vec::new();
        for question in programs.into_iter().flat_map(Criteria::questions) {
            if questions.iter().all(|known| known.id != question.id) {
                questions.push(question.clone());
            }
        }
        Self { recipients, questions }
    }

    pub(super) fn find(&self, text: &str) -> RecipientMatch {
        // An id first: a rep may be called like anything, and only an id is never ambiguous.
        if let Ok(id) = text.parse() {
            let known = self.recipients.iter().any(|named| named.id == id);
            return RecipientMatch { id: known.then_some(id), called: usize::from(known) };
        }
        let mut called = self.recipients.iter().filter(|named| *named.name == *text);
        let first = called.next();
        let others = called.count();
        RecipientMatch {
            id: first.map(|named| named.id).filter(|_| others == 0),
            called: usize::from(first.is_some()) + others,
        }
    }
}
