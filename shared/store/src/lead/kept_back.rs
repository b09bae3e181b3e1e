//! What keeps leads from being handed over whatever their points are, and whether one is handed over already.

use jiff::Timestamp;
use ripen_domain::{criteria::KeptBack, id::LeadId};

use crate::{StoreError, Transaction};

/// How a lead stands towards its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandoverStanding {
    /// The lead.
    pub lead: LeadId,
    /// What keeps it from being an A.
    pub kept_back: Option<KeptBack>,
    /// Its client has it, or an attempt to hand it over was made and goes on, and nobody gave or took it back since.
    pub is_handed_over: bool,
    /// When somebody of the firm worked on it last.
    pub touched_at: Option<Timestamp>,
}

impl Transaction {
    /// How these leads stand towards their clients, in no order.
    pub async fn handover_standings(&mut self, leads: &[LeadId]) -> Result<Vec<HandoverStanding>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // What was said in the last conversation holds until the next one, or until the person enquires again: tries in vain
        // between say nothing.
        let rows = sqlx::query!(
            r#"-- lead.handover_standings
            select l.id,
                   exists (select from consent_review r where r.lead_id = l.id and r.closed_at is null) as "is_reviewed!",
                   coalesce((select t.disposition = 'not_interested' and t.at >= l.last_enquiry_at from touch t
                             where t.lead_id = l.id and t.delivery_id is null
                               and t.disposition in ('answered', 'call_back', 'not_interested', 'do_not_contact')
                             order by t.at desc, t.id desc limit 1), false) as "has_declined!",
                   lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) as "is_handed_over!",
                   (select max(t.at) from touch t where t.lead_id = l.id and t.delivery_id is null) as touched_at
            from lead l where l.id = any($1)"#,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        let standing = rows.into_iter().map(|row| HandoverStanding {
            lead: LeadId::from_uuid(row.id),
            kept_back: match (row.is_reviewed, row.has_declined) {
                (true, _) => Some(KeptBack::Review),
                (false, true) => Some(KeptBack::NotInterested),
                (false, false) => None,
            },
            is_handed_over: row.is_handed_over,
            touched_at: row.touched_at.map(jiff_sqlx::Timestamp::to_jiff),
        });
        Ok(standing.collect())
    }
}
