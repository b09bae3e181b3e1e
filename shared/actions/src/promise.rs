//! Promises: the dated next steps of leads.

use jiff::{civil::Date, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission},
    calling::Place,
    id::LeadId,
    promise::{Due, PromiseCursor, When},
};
use ripen_store::promise::{
    agree::{Agreed, NewStep},
    list::PromiseRecord,
};
use serde_json::json;

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client,
    lead::{LONGEST_WHY, done, load},
    work::{AuditChange, permit},
};

/// Moves the next step of a lead to another time.
#[derive(Debug, Clone)]
pub struct MovePromise {
    /// The lead.
    pub lead: LeadId,
    /// When.
    pub to: When,
    /// Why, in words.
    pub why: String,
    /// It was agreed with the person: only a person moves it again.
    pub agreed: bool,
}

/// A next step that was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovedStep {
    /// When it falls due from now on.
    pub due: Due,
    /// No number leads to the person: nobody is handed the lead until one is written down.
    pub lacks_number: bool,
}

impl Action for MovePromise {
    type Done = MovedStep;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<MovedStep, Refusal> {
        let lead = load(work, self.lead).await?;
        let mut errors = FieldErrors::default();
        let places = lead.places();
        let due = errors.take("to", self.to.due(work.now, &work.actions.hours, &places));
        let why = errors.needed_words("why", &self.why, LONGEST_WHY, "say it in words");
        errors.finish()?;
        // The refusal was made above; this is only for the compiler.
        let due = due.ok_or_else(|| Refusal::missing("time", self.to))?;
        let step = NewStep {
            to: Agreed { due, zone: places.first().and_then(Place::zone_name), why: &why },
            agreed: self.agreed,
        };
        let moved = work.tx.promise_move(work.actor, self.lead, step, work.now).await?;
        if let Some(moved) = done(moved, self.lead)? {
            let (before, after) = (json!({"due_at": moved.before}), json!({"due_at": due.at, "agreed": self.agreed}));
            work.changed("promise.move", self.lead, AuditChange::of(moved.client, before, after));
        }
        Ok(MovedStep { due, lacks_number: lead.profile.phone.is_none() })
    }
}

/// Which promises are listed.
#[derive(Debug, Clone, Default)]
pub struct PromiseQuery {
    /// Those still to fall due, before this day in UTC; those that wait for a person where missing.
    pub before: Option<Date>,
    /// Of one client: its slug.
    pub client: Option<String>,
    /// Behind this one: where the page before ended.
    pub after: Option<PromiseCursor>,
    /// At most so many.
    pub limit: u32,
}

/// Open promises by date.
///
/// # Errors
/// When there is no such client, or no such day.
pub async fn list(actions: &Actions, actor: &Actor, query: &PromiseQuery) -> Result<Vec<PromiseRecord>, Refusal> {
    permit(actor, Permission::Work)?;
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    let (after, limit) = (query.after, i64::from(query.limit));
    let Some(day) = query.before else { return Ok(actions.store.promises_to_work(scope, after, limit).await?) };
    let begin = day.to_zoned(TimeZone::UTC);
    let begin = begin.map_err(|error| Refusal::field("before", "out_of_range", error.to_string()))?;
    Ok(actions.store.promises_ahead(scope, begin.timestamp(), after, limit).await?)
}
