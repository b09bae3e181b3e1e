//! Reading who changed what, of whose data, and when: the rows that actions have written.

use ripen_domain::actor::{Actor, Permission};
use ripen_store::audit::list::{AuditFilter, AuditRecord};

use crate::{Actions, Refusal, work::permit};

/// Entries in the actor's scope, newest first.
pub async fn list(actions: &Actions, actor: &Actor, filter: &AuditFilter) -> Result<Vec<AuditRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.audit_list(actor.scope(), filter).await?)
}
