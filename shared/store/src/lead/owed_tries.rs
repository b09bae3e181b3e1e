//! Tries in vain to reach whom a call was agreed with: a call that is owed is not given up after one of them.

use jiff::Timestamp;
use ripen_domain::id::LeadId;

use crate::{Scope, StoreError, Transaction};

/// Tries in vain since a call fell due that was agreed with the person, or that its client gave back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwedTries {
    /// The lead.
    pub lead: LeadId,
    /// How many.
    pub tries: u32,
    /// The last of them.
    pub last_at: Timestamp,
}

impl Transaction {
    /// The tries of a lead of the scope of which a call is owed still.
    pub async fn lead_owed_tries(&mut self, scope: Scope, lead: LeadId) -> Result<Option<OwedTries>, StoreError> {
        if self.person_of(scope, lead).await?.is_none() {
            return Ok(None);
        }
        Ok(self.owed_tries(&[lead]).await?.pop())
    }

    /// The tries of those of these leads of which a call is owed still.
    pub async fn owed_tries(&mut self, leads: &[LeadId]) -> Result<Vec<OwedTries>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // A conversation, and a new enquiry, end it: what was agreed in it, or nothing, is what counts from then on.
        let rows = sqlx::query!(
            r#"-- touch.owed_tries
            select l.id, count(*) as "tries!", max(t.at) as "last_at!"
            from lead l join touch t on t.lead_id = l.id
            where l.id = any($1) and t.delivery_id is null and t.at >= l.last_enquiry_at
              and (l.last_conversation_at is null or t.at > l.last_conversation_at)
              and t.disposition in ('no_answer', 'voicemail', 'wrong_number', 'reached_other', 'number_dead')
              and exists (select from promise p where p.lead_id = l.id and p.kind = 'requalify' and p.agreed
                          and p.worked_at >= l.last_enquiry_at
                          and (l.last_conversation_at is null or p.worked_at > l.last_conversation_at))
            group by l.id"#,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        let owed = rows.into_iter().map(|row| OwedTries {
            lead: LeadId::from_uuid(row.id),
            tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
            last_at: row.last_at.to_jiff(),
        });
        Ok(owed.collect())
    }
}
