//! A rep who tried to reach a person in vain: recorded with its time, and no outcome.

use ripen_domain::{
    actor::Permission,
    id::{DeliveryId, LeadId},
    touch::Disposition,
};
use ripen_store::lead::touch::NewTry;
use serde_json::json;

use crate::{Action, Refusal, Work, work::AuditChange};

/// Records that whoever holds a delivery's link tried to reach the person, and nobody answered.
#[derive(Debug, Clone, Copy)]
pub struct TryDelivery {
    /// The delivery that handed the lead over.
    pub delivery: DeliveryId,
}

/// A try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedTry {
    /// The lead.
    pub lead: LeadId,
    /// It was recorded a moment ago already.
    pub is_repeated: bool,
}

impl Action for TryDelivery {
    type Done = RecordedTry;

    const PERMISSION: Permission = Permission::Report;

    async fn act(&self, work: &mut Work<'_>) -> Result<RecordedTry, Refusal> {
        let scope = work.scope();
        let new = NewTry { delivery: self.delivery, id: work.fresh_id(), by: work.actor };
        let tried = work.tx.touch_tried(scope, new, work.now).await?;
        let tried = tried.ok_or_else(|| Refusal::missing("sent delivery", self.delivery))?;
        if tried.is_new {
            let after = json!({"delivery": self.delivery, "disposition": Disposition::NoAnswer.word()});
            work.changed("lead.touch", tried.lead, AuditChange::added(tried.client, after));
        }
        Ok(RecordedTry { lead: tried.lead, is_repeated: !tried.is_new })
    }
}
