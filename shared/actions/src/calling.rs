//! Which shipped rules of calling do not count, as the configuration of a process has it. Nobody changes that by an action, so the
//! audit hears of it when a process starts that calls or has people called.

use ripen_domain::{actor::Permission, calling::Loosening};
use serde_json::json;

use crate::{Action, Refusal, Work, work::AuditChange};

/// What the audit calls it.
const OBJECT: &str = "calling";
const ACTION: &str = "calling.loosen";

/// Keeps in the audit which rules do not count, and why, where that is not what it was told last.
#[derive(Debug, Clone)]
pub struct NoteLoosening {
    /// What is loosened, with its reasons.
    pub loosened: Vec<Loosening>,
}

impl Action for NoteLoosening {
    /// Whether it is otherwise now.
    type Done = bool;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<bool, Refusal> {
        let mut loosened: Vec<_> = self.loosened.iter().map(ToString::to_string).collect();
        loosened.sort();
        loosened.dedup();
        let before = work.tx.audit_last(work.scope(), OBJECT, ACTION).await?;
        let after = json!({"loosened": loosened});
        // Nothing was ever loosened, and nothing is.
        if before.is_none() && loosened.is_empty() || before.as_ref() == Some(&after) {
            return Ok(false);
        }
        work.changed(ACTION, OBJECT, AuditChange { client: None, before, after: Some(after) });
        Ok(true)
    }
}
