//! What became of a rep's leads lately: won, lost or given back. For the page that the rep's own link opens, where a slip is found
//! again, and a sale that was said by a program of the team.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::OutcomeKind,
    id::{DeliveryId, LeadId, RepId},
    outcome::Sale,
};

use crate::{Scope, Store, StoreError, error::word};

/// A lead that a rep had, and what became of it.
#[derive(Debug, Clone)]
pub struct RepClosedLead {
    /// The delivery that handed it over.
    pub delivery: DeliveryId,
    /// Which lead.
    pub lead: LeadId,
    /// What became of it: won, lost, returned or not yet.
    pub kind: OutcomeKind,
    /// When that was said.
    pub said_at: Timestamp,
    /// For how much it was sold, where that was said.
    pub sale: Option<Sale>,
    /// The payload.
    pub body: Vec<u8>,
}

/// Which of a rep's leads are read.
#[derive(Debug, Clone, Copy)]
pub struct RepClosedWanted {
    /// Whose.
    pub rep: RepId,
    /// When the link was made by which they are asked for: of a lead whose links were ended since, nothing is told.
    pub link_made: Timestamp,
    /// What was said since.
    pub since: Timestamp,
    /// At most so many.
    pub limit: i64,
}

impl Store {
    /// Leads that this rep had and that were won, lost or given back since, the last first; each once. By what was said of the rep's own
    /// delivery, and of a lead that is over by what anybody of the client said last of the same hand-over: what a colleague made of it after
    /// this rep gave it back is the colleague's. Not what was taken back, or could not be
    /// delivered to the rep and somebody else has: of that the rep knows nothing.
    pub async fn rep_closed(&self, scope: Scope, wanted: RepClosedWanted) -> Result<Vec<RepClosedLead>, StoreError> {
        let RepClosedWanted { rep, link_made, since, limit } = wanted;
        let rows = sqlx::query!(
            r#"-- rep.closed
            select found.* from (
              select distinct on (d.lead_id) d.id, d.lead_id, newest.kind, newest.at, newest.amount as "amount?", newest.currency as "currency?", b.body
              from delivery d
              join delivery_body b on b.delivery_id = d.id
              join lead l on l.id = d.lead_id
              cross join lateral (
                select o.kind, o.at, o.amount, o.currency from outcome o
                where o.lead_id = d.lead_id and (o.delivery_id = d.id or l.stage not in ('lead', 'contact', 'opportunity')
                  and exists (select from delivery h join endpoint x on x.id = h.endpoint_id
                              where h.id = o.delivery_id and h.maturation_id = d.maturation_id and coalesce(h.rep_id, x.rep_id, $1) = $1))
                order by o.at desc, o.number desc limit 1) newest
              where d.client_id = (select client_id from rep where id = $1 and ($5::uuid is null or client_id = $5))
                and (d.rep_id = $1 or d.rep_id is null and d.endpoint_id in (select id from endpoint where rep_id = $1))
                and d.event = 'lead.matured' and d.state <> 'withdrawn' and d.links_since <= $2
                and not coalesce(l.recalled_at >= d.created_at, false)
                and not (d.state = 'dead' and delivery_given_on(d.id))
                and newest.kind in ('won', 'lost', 'returned', 'not_yet') and newest.at >= $3
              order by d.lead_id, newest.at desc, d.id
            ) found
            order by at desc, id limit $4"#,
            rep.uuid(),
            link_made.to_sqlx(),
            since.to_sqlx(),
            limit,
            scope.client_uuid()
        )
        .fetch_all(&self.lists)
        .await?;
        let closed = rows.into_iter().map(|row| {
            let currency = row.currency.as_deref().map(word).transpose()?;
            Ok(RepClosedLead {
                delivery: DeliveryId::from_uuid(row.id),
                lead: LeadId::from_uuid(row.lead_id),
                kind: word(&row.kind)?,
                said_at: row.at.to_jiff(),
                sale: row.amount.zip(currency).map(|(amount, currency)| Sale { amount, currency }),
                body: row.body,
            })
        });
        closed.collect()
    }
}

#[cfg(test)]
mod tests;
