//! What was saved last of a lead, for whoever wants to save something of it and has it open no more.

use jiff::Timestamp;
use ripen_domain::{
    id::{LeadId, UserId},
    touch::Disposition,
};

use crate::{Scope, StoreError, Transaction, error::word};

/// The last thing that somebody of the firm did with a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastTouch {
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub by: String,
    /// Who, where they sign in.
    pub user: Option<UserId>,
    /// How it went.
    pub disposition: Disposition,
    /// For when the next call is agreed, as it stands now.
    pub agreed_for: Option<Timestamp>,
}

impl Transaction {
    /// The last touch of a lead by the firm; none where nobody touched it.
    pub async fn last_touch_of(&mut self, scope: Scope, lead: LeadId) -> Result<Option<LastTouch>, StoreError> {
        let row = sqlx::query!(
            r#"-- touch.last_of_lead
            select t.at, t.by, t.user_id, t.disposition, p.due_at as "agreed_for?"
            from touch t
            left join lateral (
              select due_at from promise where lead_id = t.lead_id and agreed and state in ('scheduled', 'work') and worked_at is null
              order by due_at limit 1) p on true
            where t.lead_id = $1 and t.delivery_id is null and ($2::uuid is null or t.client_id = $2)
            order by t.at desc, t.id desc limit 1"#,
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let read = row.map(|row| {
            Ok(LastTouch {
                at: row.at.to_jiff(),
                by: row.by,
                user: row.user_id.map(UserId::from_uuid),
                disposition: word(&row.disposition)?,
                agreed_for: row.agreed_for.map(|at| at.to_jiff()),
            })
        });
        read.transpose()
    }
}
