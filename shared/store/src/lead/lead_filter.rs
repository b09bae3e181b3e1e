//! Which leads somebody asks for, by what is known of each.

use jiff::Timestamp;
use ripen_domain::{
    id::SourceId,
    lead::{Channel, Grade, Stage},
};

use crate::lead::touched::{PromisedFilter, TouchedFilter};

/// Which leads are meant; what says nothing asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// Of these stages; of all where empty.
    pub stages: Vec<Stage>,
    /// Of this grade.
    pub grade: Option<GradeFilter>,
    /// Of this program, by its name.
    pub program: Option<String>,
    /// Whose first arrival came from this source.
    pub source: Option<SourceId>,
    /// That came by this channel.
    pub channel: Option<Channel>,
    /// Whose last arrival came then or later.
    pub from: Option<Timestamp>,
    /// Whose last arrival came before.
    pub to: Option<Timestamp>,
    /// Whose next step is due then or later.
    pub due_from: Option<Timestamp>,
    /// Whose next step is due before.
    pub due_before: Option<Timestamp>,
    /// Whose next step was agreed with the person.
    pub is_agreed: bool,
    /// That nobody touched.
    pub is_untouched: bool,
    /// Of which something is held back.
    pub is_held: bool,
    /// That a client has, whatever their grade is by now, or is about to have.
    pub is_with_client: bool,
    /// None at all: what is asked for contradicts itself.
    pub is_empty: bool,
    /// That a user touched.
    pub touched: Option<TouchedFilter>,
    /// That a user promised to call.
    pub promised: Option<PromisedFilter>,
}

/// A grade that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GradeFilter {
    /// This one.
    Is(Grade),
    /// None yet.
    Undecided,
}

impl GradeFilter {
    /// As it is typed: a grade, or `none`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Is(grade) => grade.word(),
            Self::Undecided => "none",
        }
    }
}

impl LeadFilter {
    /// Only leads that have a next step fit.
    #[must_use]
    pub const fn is_about_steps(&self) -> bool {
        self.due_from.is_some() || self.due_before.is_some() || self.is_agreed
    }

    /// It asks for what few leads have, which are known by name then.
    pub(super) const fn is_named(&self) -> bool {
        self.is_held || self.touched.is_some() || self.promised.is_some()
    }

    pub(super) fn stage_words(&self) -> Option<Vec<String>> {
        let words = || self.stages.iter().map(|stage| stage.word().to_owned()).collect();
        (!self.stages.is_empty()).then(words)
    }
}
