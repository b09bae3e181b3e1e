//! Calls about a lead as people read them.

use jiff::Timestamp;
use ripen_domain::{
    call::CallState,
    id::{CallId, LeadId},
    masked_address::MaskedAddress,
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, error::word};

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// Its id.
    pub id: CallId,
    /// Who dialed; none where it was made past the desk.
    pub by: Option<String>,
    /// The touch it belongs to, once there is one.
    pub touch: Option<Uuid>,
    /// E.164, with its extension.
    pub number: String,
    /// Shown to who was called.
    pub caller_id: Option<String>,
    /// When it was dialed.
    pub dialed_at: Timestamp,
    /// When somebody answered; none where nobody did, or it is not known.
    pub answered_at: Option<Timestamp>,
    /// When it ended; none where it is not known.
    pub ended_at: Option<Timestamp>,
    /// Where the recording lies, in the telephone system.
    pub recording_url: Option<MaskedAddress>,
    /// How far it came.
    pub state: CallState,
}

impl Store {
    /// Calls about a lead, oldest first.
    pub async fn calls_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<CallRecord>, StoreError> {
        let rows = sqlx::query!(
            r#"-- call.of_lead
            select c.id, u.name as "by?", c.touch_id, c.number, c.caller_id, c.dialed_at, c.answered_at, c.ended_at, c.recording_url,
                   c.state
            from call c left join user_account u on u.id = c.user_id
            where c.lead_id = $1 and ($2::uuid is null or c.client_id = $2) order by c.dialed_at, c.id"#,
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let calls = rows.into_iter().map(|row| {
            Ok(CallRecord {
                id: CallId::from_uuid(row.id),
                by: row.by,
                touch: row.touch_id,
                number: row.number,
                caller_id: row.caller_id,
                dialed_at: row.dialed_at.to_jiff(),
                answered_at: row.answered_at.map(jiff_sqlx::Timestamp::to_jiff),
                ended_at: row.ended_at.map(jiff_sqlx::Timestamp::to_jiff),
                recording_url: row.recording_url.map(Into::into),
                state: word(&row.state)?,
            })
        });
        calls.collect()
    }
}
