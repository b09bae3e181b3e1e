//! What one rep has before them: the leads that were handed over to them and are open, and those on offer. For the page
//! that the rep's own link opens.

use jiff::Timestamp;
use ripen_domain::{
    delivery::{EventType, OutcomeKind},
    id::{ClientId, DeliveryId, RepId},
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
    /// Links made before open nothing.
    pub since: Timestamp,
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
    /// The person asked not to be contacted since.
    pub do_not_contact: bool,
    /// The payload.
    pub body: Vec<u8>,
}

impl Store {
    /// The rep of a link: whoever has the link is asked for here, so that there is no scope yet.
    pub async fn rep_links(&self, rep: RepId) -> Result<Option<RepLinks>, StoreError> {
        // No scope: the link's signature is what is checked, and it names the rep.
        let row = sqlx::query!(
            "-- rep.links
            select r.name, r.links_since, c.id as client_id, c.name as client from rep r join client c on c.id = r.client_id where r.id = $1",
            rep.uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| RepLinks {
            name: row.name,
            client_id: ClientId::from_uuid(row.client_id),
            client: row.client,
            since: row.links_since.to_jiff(),
        }))
    }

    /// Open A leads that this rep has and nobody gave back, and offers that still stand; newest first, each lead once.
    pub async fn rep_leads(
        &self,
        scope: Scope,
        rep: RepId,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<RepLead>, StoreError> {
        // Each lead once: a webhook and a mail to the same rep are two deliveries of one lead. Of the last maturation
        // only, because an earlier one came back. An offer counts while it stands and nobody has it.
        let rows = sqlx::query!(
            r#"-- rep.leads
            select * from (
              select distinct on (d.lead_id, d.event) d.id, d.event, b.at, b.body, p.do_not_contact, newest.kind as "newest?"
              from delivery d
              join delivery_body b on b.delivery_id = d.id
              join lead l on l.id = d.lead_id and l.stage in ('lead', 'contact', 'opportunity')
              join person p on p.id = l.person_id
              left join claim k on k.maturation_id = d.maturation_id
              left join lateral (select o.kind from outcome o where o.delivery_id = d.id order by o.number desc limit 1) newest on true
              where d.client_id = (select client_id from rep where id = $1 and ($4::uuid is null or client_id = $4))
                and (d.rep_id = $1 or d.rep_id is null and d.endpoint_id in (select id from endpoint where rep_id = $1))
                and d.state <> 'withdrawn'
                and (d.event = 'lead.matured' and l.grade = 'A' and coalesce(newest.kind, 'accepted') = 'accepted'
                       and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
                     or d.event = 'lead.offered' and k.taken_by is null and k.until > $2)
              order by d.lead_id, d.event, d.id
            ) found order by at desc limit $3"#,
            rep.uuid(),
            jiff_sqlx::ToSqlx::to_sqlx(now),
            limit,
            scope.client_uuid()
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
                    do_not_contact: row.do_not_contact,
                    body: row.body,
                })
            })
            .collect()
    }
}
