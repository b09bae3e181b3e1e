//! Who has an A lead: the reps and endpoints that it was handed over to, and since when.

use jiff::Timestamp;
use ripen_domain::id::{DeliveryId, LeadId};

use crate::{Scope, Store, StoreError};

/// Somebody who has a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadHolder {
    /// The rep's name; of an endpoint that is no rep's its name, else its URL or address.
    pub name: String,
    /// It is a rep.
    pub is_rep: bool,
    /// The delivery that handed the lead over.
    pub delivery: DeliveryId,
    /// When it was delivered, or written to a file.
    pub since: Timestamp,
}

impl Store {
    /// Who has a lead now, each once, whoever had it first before others. Nobody has one that was returned or taken back.
    pub async fn holders_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<LeadHolder>, StoreError> {
        // Of the last maturation: what went out before it came back. A webhook and a mail of one rep are one who has it. What the
        // whole team's webhook got is its rep's, where it went to one.
        let rows = sqlx::query!(
            r#"-- lead.holders
            select name as "name!", is_rep as "is_rep!", id as "id!", since as "since!" from (
              select distinct on (coalesce(r.id, e.id)) coalesce(r.name, e.name, coalesce(e.shown_url, url_shown(e.url)), e.address) as name, r.id is not null as is_rep, d.id,
                     coalesce(d.first_delivered_at, d.ended_at) as since
              from delivery d join lead l on l.id = d.lead_id join endpoint e on e.id = d.endpoint_id
              left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
              where d.lead_id = $1 and ($2::uuid is null or d.client_id = $2) and d.event = 'lead.matured'
                and d.state in ('delivered', 'filed') and not coalesce(l.recalled_at >= d.created_at, false)
                and (l.returned_at is null or l.matured_at > l.returned_at)
                and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
              order by coalesce(r.id, e.id), coalesce(d.first_delivered_at, d.ended_at), d.id
            ) had order by since, id"#,
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let holders = rows.into_iter().map(|row| LeadHolder {
            name: row.name,
            is_rep: row.is_rep,
            delivery: DeliveryId::from_uuid(row.id),
            since: row.since.to_jiff(),
        });
        Ok(holders.collect())
    }
}

#[cfg(test)]
mod tests;
