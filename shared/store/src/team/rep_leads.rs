//! What one rep has before them: the leads that were handed over to them and are open, and those on offer. For the page
//! that the rep's own link opens.

use jiff::Timestamp;
use ripen_domain::{
    delivery::{EventType, OutcomeKind},
    id::{ClientId, DeliveryId, RepId},
    outcome::AmountTerms,
    routing::RecipientId,
};

use crate::{Scope, Store, StoreError, error::word};

/// A rep, and from when on links to their page work.
#[derive(Debug, Clone)]
pub struct RepLinks {
    /// Name as people write it.
    pub name: String,
    /// Whose rep.
    pub client_id: ClientId,
    /// The client's name.
    pub client: String,
    /// The client's country: ISO 3166 alpha-2.
    pub client_country: String,
    /// The reasons for which the client returns leads; empty where any will do.
    pub return_reasons: Vec<String>,
    /// What the amounts are that the client reports.
    pub amounts: AmountTerms,
    /// Links made before open nothing.
    pub since: Timestamp,
    /// Paused without a date of return: the links open nothing meanwhile.
    pub has_left: bool,
}

/// A lead before a rep.
#[derive(Debug, Clone)]
pub struct RepLead {
    /// The delivery that handed it over, or offered it.
    pub delivery: DeliveryId,
    /// Handed over, or offered.
    pub event: EventType,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// What was said last about it.
    pub newest: Option<OutcomeKind>,
    /// The number of that, 0 where nothing was said.
    pub seen: i32,
    /// The person asked not to be contacted since.
    pub do_not_contact: bool,
    /// Links about it that were made before are ended.
    pub links_since: Timestamp,
    /// The payload.
    pub body: Vec<u8>,
}

impl Store {
    /// The rep of a link: whoever has the link is asked for here, so that there is no scope yet.
    pub async fn rep_links(&self, rep: RepId) -> Result<Option<RepLinks>, StoreError> {
        // No scope: the link's signature is what is checked, and it names the rep.
        let row = sqlx::query!(
            r#"-- rep.links
            select r.name, r.links_since, r.has_left as "has_left!", c.id as client_id, c.name as client,
                   c.country, c.return_reasons, c.amounts, c.amount_share
            from rep r join client c on c.id = r.client_id where r.id = $1"#,
            rep.uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(RepLinks {
            name: row.name,
            client_id: ClientId::from_uuid(row.client_id),
            client: row.client,
            client_country: row.country,
            return_reasons: row.return_reasons,
            amounts: AmountTerms { meaning: row.amounts.as_deref().map(word).transpose()?, share: row.amount_share },
            since: row.links_since.to_jiff(),
            has_left: row.has_left,
        }))
    }

    /// Open leads that this rep has and nobody gave back or has instead, those among them that were graded down since, and offers that still stand;
    /// newest first, each lead once.
    pub async fn rep_leads(
        &self,
        scope: Scope,
        rep: RepId,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<RepLead>, StoreError> {
        // Each lead once: a webhook and a mail to the same rep are two deliveries of one lead. Of the last maturation
        // only, because an earlier one came back. An offer counts while it stands, nobody has it, and this one did not pass.
        let rows = sqlx::query!(
            r#"-- rep.leads
            select * from (
              select distinct on (d.lead_id, d.event) d.id, d.event, d.links_since, b.at, b.body, p.do_not_contact, newest.kind as "newest?", coalesce(newest.number, 0) as "seen!"
              from delivery d
              join delivery_body b on b.delivery_id = d.id
              join lead l on l.id = d.lead_id and l.stage in ('lead', 'contact', 'opportunity')
              join person p on p.id = l.person_id
              left join claim k on k.maturation_id = d.maturation_id
              left join lateral (select o.kind, o.number from outcome o where o.delivery_id = d.id order by o.number desc limit 1) newest on true
              where d.client_id = (select client_id from rep where id = $1 and ($4::uuid is null or client_id = $4))
                and (d.rep_id = $1 or d.rep_id is null and d.endpoint_id in (select id from endpoint where rep_id = $1))
                and d.state <> 'withdrawn' and not coalesce(l.recalled_at >= d.created_at, false)
                and not coalesce(l.returned_at >= (select m.at from maturation m where m.id = d.maturation_id), false)
                and not (d.state = 'dead' and newest.kind is null and delivery_given_on(d.id))
                and (d.event = 'lead.matured' and coalesce(newest.kind, 'accepted') = 'accepted'
                       and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
                     or d.event = 'lead.offered' and k.taken_by is null and k.until > $2 and $5 = any(k.offered_to))
              order by d.lead_id, d.event, d.id
            ) found order by at desc limit $3"#,
            rep.uuid(),
            jiff_sqlx::ToSqlx::to_sqlx(now),
            limit,
            scope.client_uuid(),
            RecipientId::Rep(rep).to_string()
        )
        .fetch_all(&self.lists)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(RepLead {
                    delivery: DeliveryId::from_uuid(row.id),
                    event: word(&row.event)?,
                    sent_at: row.at.to_jiff(),
                    newest: row.newest.as_deref().map(word).transpose()?,
                    seen: row.seen,
                    do_not_contact: row.do_not_contact,
                    links_since: row.links_since.to_jiff(),
                    body: row.body,
                })
            })
            .collect()
    }
}
