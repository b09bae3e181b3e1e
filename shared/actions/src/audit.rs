//! Reading who changed what, of whose data, and when: the rows that actions have written.

use std::collections::BTreeMap;

use ripen_domain::{
    actor::{Actor, Permission},
    id::LeadId,
};
use ripen_store::audit::list::{AuditFilter, AuditRecord};
use serde_json::Value;

use crate::{Actions, Refusal, work::permit};

/// Entries in the actor's scope, newest first. Of a lead those of its person are among them: who put a name or a number right is
/// looked for at the lead.
pub async fn list(actions: &Actions, actor: &Actor, filter: &AuditFilter) -> Result<Vec<AuditRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    let lead = filter.object.as_deref().and_then(|object| object.parse::<LeadId>().ok());
    let person = match lead {
        Some(lead) => actions.store.lead(actor.scope(), lead).await?.map(|lead| lead.person.to_string()),
        None => None,
    };
    let by = match &filter.actor {
        Some(said) => Some(actor_said(actions, actor, said).await?),
        None => None,
    };
    let filter = AuditFilter { also: person, actor: by, ..filter.clone() };
    Ok(actions.store.audit_list(actor.scope(), &filter).await?)
}

/// As entries have the actor whom somebody names: a user by the mail address or the name, where only one is called so; any other as it
/// is written.
async fn actor_said(actions: &Actions, actor: &Actor, said: &str) -> Result<String, Refusal> {
    let said = said.trim();
    let users = actions.store.users(actor.scope()).await?;
    let by_mail = users.iter().find(|user| user.email.eq_ignore_ascii_case(said));
    let mut named = users.iter().filter(|user| user.name.to_lowercase() == said.to_lowercase());
    let found = by_mail.or_else(|| named.next().filter(|_| named.next().is_none()));
    Ok(found.map_or_else(|| said.to_owned(), |user| user.id.to_string()))
}

/// The names of everybody who signs in, by their ids as entries have them.
pub async fn user_names(actions: &Actions, actor: &Actor) -> Result<BTreeMap<String, String>, Refusal> {
    permit(actor, Permission::Manage)?;
    let users = actions.store.users(actor.scope()).await?;
    Ok(users.into_iter().map(|user| (user.id.to_string(), user.name)).collect())
}

/// A field that a change made otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedField {
    /// Its name.
    pub field: String,
    /// What it was; none where there was nothing to be otherwise.
    pub before: Option<String>,
    /// What it is; `–` for none.
    pub after: String,
}

impl std::fmt::Display for ChangedField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.before {
            Some(before) => write!(f, "{}: {before} → {}", self.field, self.after),
            None => write!(f, "{}: {}", self.field, self.after),
        }
    }
}

/// Each field that is otherwise since a change, by name.
#[must_use]
pub fn changed_fields(entry: &AuditRecord) -> Vec<ChangedField> {
    let empty = serde_json::Map::new();
    // Entries of things that were made or removed have only one side.
    let before = entry.before.as_ref().and_then(Value::as_object).unwrap_or(&empty);
    let after = entry.after.as_ref().and_then(Value::as_object).unwrap_or(&empty);
    let mut fields: Vec<_> = before.keys().chain(after.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    // Fields that are the same on both sides are context, not the change.
    let changed = fields.into_iter().filter(|field| before.get(*field) != after.get(*field));
    let one = |field: &String| ChangedField {
        field: field.clone(),
        before: before.get(field).map(|value| shown(Some(value))),
        after: shown(after.get(field)),
    };
    changed.map(one).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_change_is_told_field_by_field() {
        let line =
            |entry: &AuditRecord| changed_fields(entry).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let entry = AuditRecord {
            id: Uuid::nil(),
            at: Timestamp::UNIX_EPOCH,
            actor: "operator:dana".to_owned(),
            action: "client.pause".to_owned(),
            object: "client_1".to_owned(),
            client: None,
            before: Some(json!({"state": "active", "name": "Acme"})),
            after: Some(json!({"state": "paused", "name": "Acme", "capacity": 3})),
        };
        assert_eq!(line(&entry), "capacity: 3, state: active → paused");
        assert_eq!(line(&AuditRecord { before: None, ..entry }), "capacity: 3, name: Acme, state: paused");
    }
}
