//! Lists of leads that somebody saves under a name of their own, and finds again beside the views that everybody has.

use ripen_domain::{
    actor::{Actor, Permission},
    id::UserId,
};
use ripen_store::user::lead_view::{LEAD_VIEWS, LeadViewRecord};
use serde_json::{Value, json};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work,
    work::{AuditChange, permit},
};

/// Longest name, in letters.
const LONGEST_NAME: usize = 60;
/// Longest query of an address, in bytes.
const LONGEST_QUERY: usize = 2_000;

/// Saves a list under a name, in the place of one of the actor's that is called the same.
#[derive(Debug, Clone)]
pub struct SaveLeadView {
    /// As it is to be called.
    pub name: String,
    /// The query of its address.
    pub query: String,
}

impl Action for SaveLeadView {
    type Done = ();

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        let user = user_of(work.actor)?;
        let mut errors = FieldErrors::default();
        let name = errors.needed_words("name", &self.name, 4 * LONGEST_NAME, "say what the list is called");
        errors.require(name.chars().count() <= LONGEST_NAME, "name", "too_long", || {
            format!("at most {LONGEST_NAME} letters")
        });
        errors.require(!name.chars().any(char::is_control), "name", "invalid", || "write it on one line".to_owned());
        errors.require(self.query.len() <= LONGEST_QUERY, "name", "too_long", || {
            "these are too many filters to be kept".to_owned()
        });
        errors.finish()?;
        let view = LeadViewRecord { name, query: self.query.clone() };
        let before = work.tx.lead_view_query(user, &view.name).await?.map(|query| shown(&view.name, &query));
        if !work.tx.lead_view_save(user, &view, work.now).await? {
            return Err(Refusal::field("name", "too_many", format!("you have {LEAD_VIEWS} lists: remove one first")));
        }
        let after = Some(shown(&view.name, &view.query));
        work.changed("lead_view.save", user, AuditChange { client: None, before, after });
        Ok(())
    }
}

/// Forgets a list of the actor's.
#[derive(Debug, Clone)]
pub struct DropLeadView {
    /// As it is called.
    pub name: String,
}

impl Action for DropLeadView {
    /// Whether there was one.
    type Done = bool;

    const PERMISSION: Permission = Permission::Own;

    async fn act(&self, work: &mut Work<'_>) -> Result<bool, Refusal> {
        let user = user_of(work.actor)?;
        let name = self.name.trim();
        let Some(query) = work.tx.lead_view_drop(user, name).await? else { return Ok(false) };
        let before = Some(shown(name, &query));
        work.changed("lead_view.drop", user, AuditChange { client: None, before, after: None });
        Ok(true)
    }
}

fn shown(name: &str, query: &str) -> Value {
    json!({"list": name, "query": query})
}

/// The lists that the actor saved, by name; none of who does not sign in.
///
/// # Errors
/// When the database is away.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<LeadViewRecord>, Refusal> {
    permit(actor, Permission::Own)?;
    let Some(user) = actor.user_id() else { return Ok(Vec::new()) };
    Ok(actions.store.lead_views(user).await?)
}

fn user_of(actor: &Actor) -> Result<UserId, Refusal> {
    actor.user_id().ok_or_else(|| Refusal::conflict("no_user", "only somebody who signs in saves lists of their own"))
}
