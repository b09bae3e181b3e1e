//! A lead as a list shows it: every column in words, the same on the page, in its file and for programs.

use ripen_store::lead::list::ListedLead;

use super::{
    next_step::listed_step,
    shown::{ShownStep, TimeInTitle, name},
};
use crate::people::when::When;

/// A lead in a list.
#[derive(Debug, Clone)]
pub struct ShownRow {
    pub id: String,
    /// The name, or how they are reached where none is known.
    pub name: String,
    /// Who it is must not be read.
    pub is_withheld: bool,
    pub grade: &'static str,
    pub score: Option<i32>,
    pub step: Option<ShownStep>,
    pub stage: &'static str,
    pub closed: String,
    pub client_name: String,
    pub source: String,
    pub source_name: String,
    pub last: String,
    pub last_at: Option<TimeInTitle>,
    pub arrivals: i32,
    /// The reader may open it by its name.
    pub may_take: bool,
}

impl ShownRow {
    pub fn of(when: &When, lead: &ListedLead, may_take: bool) -> Self {
        Self {
            id: lead.id.to_string(),
            name: name(lead),
            is_withheld: lead.name.is_none() && lead.phone.is_none() && lead.email.is_none(),
            grade: lead.grade.map_or("", ripen_domain::lead::Grade::word),
            score: lead.score,
            step: listed_step(lead, when),
            stage: lead.stage.word(),
            closed: lead.closed.clone().unwrap_or_default(),
            client_name: lead.client_name.clone(),
            source: lead.source.to_string(),
            source_name: lead.source_name.clone(),
            last: lead.last_disposition.as_deref().map(|word| word.replace('_', " ")).unwrap_or_default(),
            last_at: lead.last_touch_at.map(|at| TimeInTitle::of(when, at)),
            arrivals: lead.arrivals,
            may_take,
        }
    }
}
