//! What one rep has before them: the leads that were handed over to them and are open, and those on offer. For the page
//! that the rep's own link opens.

use jiff::Timestamp;
use ripen_domain::{
    delivery::{EventType, OutcomeKind},
    id::{ClientId, DeliveryId, LeadId, RepId},
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
    /// Where the rep is: an IANA name.
    pub time_zone: String,
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
    /// Which lead.
    pub lead: LeadId,
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
    /// The payload.
    pub body: Vec<u8>,
}

/// Which of a rep's leads are read.
#[derive(Debug, Clone, Copy)]
pub struct RepLeadsWanted {
    /// Whose.
    pub rep: RepId,
    /// When the link was made by which they are asked for.
    pub link_made: Timestamp,
    /// Offers that end by then are over.
    pub now: Timestamp,
    /// At most so many.
    pub limit: i64,
}

/// What is before a rep.
#[derive(Debug, Clone)]
pub struct RepLeads {
    /// What may be shown.
    pub leads: Vec<RepLead>,
    /// So many more may not be: links about them were ended after the link was made.
    pub ended: usize,
}

impl Store {
    /// The rep of a link: whoever has the link is asked for here, so that there is no scope yet.
    pub async fn rep_links(&self, rep: RepId) -> Result<Option<RepLinks>, StoreError> {
        // No scope: the link's signature is what is checked, and it names the rep.
        let row = sqlx::query!(
            r#"-- rep.links
            select r.name, r.links_since, r.has_left as "has_left!", c.id as client_id, c.name as client,
                   c.country, coalesce(r.time_zone, c.time_zone) as "time_zone!", c.return_reasons, c.amounts, c.amount_share
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
            time_zone: row.time_zone,
            return_reasons: row.return_reasons,
            amounts: AmountTerms { meaning: row.amounts.as_deref().map(word).transpose()?, share: row.amount_share },
            since: row.links_since.to_jiff(),
            has_left: row.has_left,
        }))
    }

    /// Open leads that this rep has and nobody gave back or has instead, those among them that were graded down since, and offers that still stand;
    /// each lead once. First the offers, the newest first; then what nobody said anything of, the longest waiting first and behind them
    /// whoever asked not to be contacted; then what was accepted, the newest first.
    pub async fn rep_leads(&self, scope: Scope, wanted: RepLeadsWanted) -> Result<RepLeads, StoreError> {
        let RepLeadsWanted { rep, link_made, now, limit } = wanted;
        // Each lead once: a webhook and a mail to the same rep are two deliveries of one lead. Of the last maturation
        // only, because an earlier one came back. What the link may not show takes no place of what it may. An offer counts while it stands,
        // the lead waits for a taker, nobody has it, and this one did not pass.
        let rows = sqlx::query!(
            r#"-- rep.leads
            select found.*, links_since > $6 as "is_ended!", count(*) filter (where links_since > $6) over () as "ended!" from (
              select distinct on (d.lead_id, d.event) d.id, d.lead_id, d.event, d.links_since, b.at, b.body, p.do_not_contact, newest.kind as "newest?", coalesce(newest.number, 0) as "seen!"
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
                     or d.event = 'lead.offered' and k.taken_by is null and k.until > $2 and $5 = any(k.offered_to)
                       and exists (select from delivery w where w.maturation_id = d.maturation_id and w.endpoint_id is null and w.state = 'held'))
              order by d.lead_id, d.event, d.id
            ) found
            order by links_since > $6, event <> 'lead.offered', "newest?" is not null, do_not_contact,
                     case when event <> 'lead.offered' and "newest?" is null then at end, at desc
            limit $3"#,
            rep.uuid(),
            jiff_sqlx::ToSqlx::to_sqlx(now),
            limit,
            scope.client_uuid(),
            RecipientId::Rep(rep).to_string(),
            jiff_sqlx::ToSqlx::to_sqlx(link_made)
        )
        .fetch_all(&self.lists)
        .await?;
        let ended = rows.first().map_or(0, |row| usize::try_from(row.ended).unwrap_or(0));
        let leads = rows.into_iter().filter(|row| !row.is_ended).map(|row| {
            Ok(RepLead {
                delivery: DeliveryId::from_uuid(row.id),
                lead: LeadId::from_uuid(row.lead_id),
                event: word(&row.event)?,
                sent_at: row.at.to_jiff(),
                newest: row.newest.as_deref().map(word).transpose()?,
                seen: row.seen,
                do_not_contact: row.do_not_contact,
                body: row.body,
            })
        });
        Ok(RepLeads { leads: leads.collect::<Result<_, StoreError>>()?, ended })
    }
}
