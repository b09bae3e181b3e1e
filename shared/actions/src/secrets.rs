//! The keys of secrets: that everything was sealed anew under the current one is noted.

use ripen_domain::{actor::Permission, sealed_secret::MasterKeyId};
use ripen_store::sealing::SealingPass;
use serde_json::json;

use crate::{Action, Refusal, Work, work::AuditChange};

/// Notes that secrets were sealed anew, which is done beside any transaction, row by row.
#[derive(Debug, Clone, Copy)]
pub struct NoteSecretsRotated {
    /// What was done.
    pub done: SealingPass,
    /// The key under which everything lies now; none where something lies under another.
    pub only_under: Option<MasterKeyId>,
}

impl Action for NoteSecretsRotated {
    type Done = ();

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<(), Refusal> {
        // The firm's, not a client's: every client's secrets are sealed under it.
        if work.scope().client_uuid().is_some() {
            return Err(Refusal::Forbidden { who: work.actor.to_string() });
        }
        if let Some(key) = self.only_under {
            work.tx.installation_key_set(key, work.now).await?;
        }
        let SealingPass { sealed, rewrapped, unopened } = self.done;
        let key = self.only_under.map(|key| key.to_string());
        let after = json!({"sealed": sealed, "rewrapped": rewrapped, "unopened": unopened, "only_under": key});
        let change = AuditChange { client: None, before: None, after: Some(after) };
        work.changed("secrets.rotate", "secrets", change);
        Ok(())
    }
}
