//! What was changed of a lead and its person beside touches, for the lead's own page: who put contact data right, took a disposition
//! back, closed the lead, opened it again or took it back from its client, and why. Which fields, and not what they held: that stands in
//! the audit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Permission},
    id::{LeadId, PersonId},
};
use ripen_store::audit::list::AuditRecord;

use crate::{Actions, Refusal, audit::changed_fields, work::permit};

/// Contact data that was put right.
const CORRECTED: &str = "person.correct";
/// A disposition that was taken back.
const TAKEN_BACK: &str = "lead.touch_undo";

/// Closed by hand.
const CLOSED: &str = "lead.close";
/// Opened again by hand.
const REOPENED: &str = "lead.reopen";
/// Taken back from its client.
const RECALLED: &str = "lead.recall";

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOfLead {
    /// Contact data was put right: these fields.
    Corrected(Vec<String>),
    /// A disposition was taken back.
    TakenBack,
    /// It was closed by hand: why, where it was noted.
    Closed(Option<String>),
    /// It was opened again: why, where it was noted.
    Reopened(Option<String>),
    /// It was taken back from its client: why, where it was noted.
    Recalled(Option<String>),
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedChange {
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub by: String,
    /// What.
    pub what: ChangeOfLead,
}

/// What was changed of a lead and its person, newest first.
///
/// # Errors
/// `Forbidden` for who works no leads.
pub async fn noted(
    actions: &Actions,
    actor: &Actor,
    (lead, person): (LeadId, PersonId),
) -> Result<Vec<NotedChange>, Refusal> {
    permit(actor, Permission::Work)?;
    let objects = [lead.to_string(), person.to_string()];
    let entries =
        actions.store.audit_of(actor.scope(), &objects, &[CORRECTED, TAKEN_BACK, CLOSED, REOPENED, RECALLED]).await?;
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let users = actions.store.users(actor.scope()).await?;
    let names: BTreeMap<_, _> = users.into_iter().map(|user| (user.id.to_string(), user.name)).collect();
    Ok(entries.iter().filter_map(|entry| change(entry, &names)).collect())
}

fn change(entry: &AuditRecord, names: &BTreeMap<String, String>) -> Option<NotedChange> {
    let by = names.get(&entry.actor).cloned();
    // As the command line and tokens write it: what stands behind the colon is the name.
    let by =
        by.unwrap_or_else(|| entry.actor.split_once(':').map_or(entry.actor.as_str(), |(_, name)| name).to_owned());
    let what = match entry.action.as_str() {
        TAKEN_BACK => ChangeOfLead::TakenBack,
        CLOSED => ChangeOfLead::Closed(why(entry)),
        REOPENED => ChangeOfLead::Reopened(why(entry)),
        RECALLED => ChangeOfLead::Recalled(why(entry)),
        _ => {
            let fields: Vec<_> = changed_fields(entry).into_iter().map(|one| one.field.replace('_', " ")).collect();
            // Sent once more as it was, nothing was put right.
            if fields.is_empty() {
                return None;
            }
            ChangeOfLead::Corrected(fields)
        }
    };
    Some(NotedChange { at: entry.at, by, what })
}

/// The reason that was given. Versions before kept none, and of who was erased it is gone.
fn why(entry: &AuditRecord) -> Option<String> {
    entry.after.as_ref()?.get("why")?.as_str().map(str::to_owned)
}
