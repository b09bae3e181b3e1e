//! A leads that a client has and says nothing of, and those that could not be delivered to anybody.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, DeliveryId, LeadId};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, notice::owe::MailRecipient};

/// A lead that a client has and says nothing of, or that could not be delivered.
#[derive(Debug, Clone)]
pub struct UntouchedLead {
    /// The delivery that handed it over, or was given up.
    pub delivery: DeliveryId,
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// The client's slug.
    pub client_slug: String,
    /// The client's name.
    pub client_name: String,
    /// The rep who has it; where no rep does, the client's fallback. Nobody where the rep has left.
    pub to: Option<MailRecipient>,
    /// The person's name, as far as it is known.
    pub person: Option<String>,
    /// The person's number.
    pub phone: Option<String>,
    /// The extension behind it.
    pub phone_extension: Option<String>,
    /// Where the person is, as far as they said it: an IANA name.
    pub time_zone: Option<String>,
    /// As it was given.
    pub postal_code: Option<String>,
    /// The person's country, or else the client's: ISO 3166 alpha-2.
    pub country: String,
    /// The rep's name, where a rep has it.
    pub rep: Option<String>,
    /// That rep has left: nobody works on it.
    pub rep_has_left: bool,
    /// Where who has it is: an IANA name.
    pub clock: String,
    /// When it was delivered, or given up; of one that waits, since when.
    pub delivered_at: Timestamp,
    /// Why nobody has it, where it could not be delivered.
    pub dead: Option<String>,
    /// It is not given up: it waits for an endpoint that is off, that fails, or that asked to wait.
    pub waits: bool,
}

/// Which of them.
#[derive(Debug, Clone, Copy)]
pub struct UntouchedFilter {
    /// Delivered then or later.
    pub from: Timestamp,
    /// Delivered then or earlier.
    pub to: Timestamp,
    /// This delivery alone, where one is asked for.
    pub only: Option<DeliveryId>,
    /// Of each client at most so many, the oldest.
    pub per_client: i64,
}

impl Store {
    /// Open A leads that were delivered in this time, or that were given up or wait at an endpoint which takes nothing with nobody having
    /// them, and of which nothing was said since, each once, oldest first. Of each client only so many as are asked for: one that has more hides nobody else's.
    pub async fn leads_untouched(
        &self,
        scope: Scope,
        asked: &UntouchedFilter,
    ) -> Result<Vec<UntouchedLead>, StoreError> {
        // Each maturation once, told to its rep before anybody else: a lead that went to a webhook and by mail is one
        // reminder. Only the last maturation: an earlier one was answered by the lead's return. From the first delivery on: a
        // replay is no news to the rep. It is never later than the last end, by which the index finds it. Whoever tried to
        // reach the person lately is at it. Nobody has what one asked to wait with for long, or has failed to take for the time that is
        // asked about.
        let rows = sqlx::query!(
            r#"-- lead.untouched
            select id as "id!", lead_id as "lead_id!", client_id as "client_id!", slug as "slug!", client_name as "client_name!",
                   delivered_at as "delivered_at!", person as "person?", phone as "phone?", phone_extension as "phone_extension?",
                   time_zone as "time_zone?", postal_code as "postal_code?", country as "country!",
                   rep_name as "rep_name?", has_left as "has_left!", address as "address?", clock as "clock!", dead as "dead?", waits as "waits!"
            from (
            select *, row_number() over (partition by client_id order by delivered_at, id) as place from (
            select distinct on (d.maturation_id) d.id, case when d.state in ('dead', 'pending', 'held') then coalesce(d.reason, '') end as dead,
                   d.state in ('pending', 'held') as waits, d.lead_id, d.client_id, c.slug, c.name as client_name,
                   coalesce(d.first_delivered_at, d.ended_at, d.created_at) as delivered_at,
                   coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person, p.phone, p.phone_extension,
                   p.time_zone, p.postal_code, coalesce(p.country, c.country) as country,
                   r.name as rep_name, coalesce(r.has_left, false) as has_left,
                   case when r.has_left then null else coalesce(r.email, f.address) end as address, coalesce(r.time_zone, c.time_zone) as clock
            from delivery d join lead l on l.id = d.lead_id join client c on c.id = d.client_id
            join person p on p.id = l.person_id join endpoint e on e.id = d.endpoint_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            left join endpoint f on f.client_id = d.client_id and f.is_fallback and f.state = 'enabled'
            where ($4::uuid is null or d.id = $4)
              and ($1::uuid is null or d.client_id = $1) and d.event = 'lead.matured'
              and (d.state in ('delivered', 'filed', 'dead') and d.ended_at >= $2
                     and (coalesce(d.first_delivered_at, d.ended_at) between $2 and $3 or d.state = 'dead')
                   or d.state in ('pending', 'held') and d.first_delivered_at is null
                     and (e.state = 'disabled' or e.probe_at is not null
                          or d.attempts > 0 and (d.created_at <= $3 or d.not_before - d.offered_until >= interval '15 minutes')))
              and l.grade = 'A' and l.stage in ('lead', 'contact', 'opportunity')
              and not p.do_not_contact and (l.returned_at is null or l.matured_at > l.returned_at)
              and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
              and not exists (select 1 from delivery o join outcome s on s.delivery_id = o.id
                              where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id)
              and (d.state in ('delivered', 'filed') or not delivery_is_had(d.id))
              and not exists (select 1 from touch t where t.lead_id = d.lead_id and t.delivery_id is not null and t.at > $3)
            order by d.maturation_id, d.state = 'dead' desc, r.id is not null desc, d.id
            ) handed_over) placed where place <= $5 order by delivered_at, id"#,
            scope.client_uuid(),
            asked.from.to_sqlx(),
            asked.to.to_sqlx(),
            asked.only.map(DeliveryId::uuid) as Option<Uuid>,
            asked.per_client
        )
        .fetch_all(&self.lists)
        .await?;
        let untouched = rows.into_iter().map(|row| UntouchedLead {
            delivery: DeliveryId::from_uuid(row.id),
            lead: LeadId::from_uuid(row.lead_id),
            client: ClientId::from_uuid(row.client_id),
            client_slug: row.slug,
            client_name: row.client_name,
            rep: row.rep_name.clone(),
            rep_has_left: row.has_left,
            to: row.address.map(|address| MailRecipient { name: row.rep_name, address }),
            person: row.person,
            phone: row.phone,
            phone_extension: row.phone_extension,
            time_zone: row.time_zone,
            postal_code: row.postal_code,
            country: row.country,
            clock: row.clock,
            delivered_at: row.delivered_at.to_jiff(),
            dead: row.dead,
            waits: row.waits,
        });
        Ok(untouched.collect())
    }
}

#[cfg(test)]
mod tests;
