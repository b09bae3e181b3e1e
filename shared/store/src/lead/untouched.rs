//! A leads that a client has and says nothing of.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, DeliveryId, LeadId};
use uuid::Uuid;

use crate::{Scope, Store, StoreError};

/// A lead that a client has and says nothing of.
#[derive(Debug, Clone)]
pub struct UntouchedLead {
    /// The delivery that handed it over.
    pub delivery: DeliveryId,
    /// The lead.
    pub lead: LeadId,
    /// Whose, and the client's slug and name.
    pub client: (ClientId, String, String),
    /// Name and address of the rep who has it; where no rep does, the client's fallback.
    pub to: Option<(Option<String>, String)>,
    /// The person's name, as far as it is known.
    pub person: Option<String>,
    /// Where who has it is: an IANA name.
    pub clock: String,
    /// When it was delivered.
    pub delivered_at: Timestamp,
}

impl Store {
    /// Open A leads that were delivered in this time and of which nothing was said since, each once, oldest first.
    pub async fn leads_untouched(
        &self,
        scope: Scope,
        (from, to): (Timestamp, Timestamp),
        only: Option<DeliveryId>,
    ) -> Result<Vec<UntouchedLead>, StoreError> {
        // Each maturation once, told to its rep before anybody else: a lead that went to a webhook and by mail is one
        // reminder. Only the last maturation: an earlier one was answered by the lead's return.
        let rows = sqlx::query!(
            r#"-- lead.untouched
            select id as "id!", lead_id as "lead_id!", client_id as "client_id!", slug as "slug!", client_name as "client_name!",
                   ended_at as "ended_at!", person as "person?", rep_name as "rep_name?", address as "address?",
                   clock as "clock!"
            from (
            select distinct on (d.maturation_id) d.id, d.lead_id, d.client_id, c.slug, c.name as client_name, d.ended_at,
                   coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person,
                   r.name as rep_name, coalesce(r.email, f.address) as address, coalesce(r.time_zone, c.time_zone) as clock
            from delivery d join lead l on l.id = d.lead_id join client c on c.id = d.client_id
            join person p on p.id = l.person_id join endpoint e on e.id = d.endpoint_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            left join endpoint f on f.client_id = d.client_id and f.is_fallback and f.state = 'enabled'
            where ($4::uuid is null or d.id = $4)
              and ($1::uuid is null or d.client_id = $1) and d.event = 'lead.matured' and d.state in ('delivered', 'filed')
              and d.ended_at >= $2 and d.ended_at <= $3 and l.grade = 'A' and l.stage in ('lead', 'contact', 'opportunity')
              and not p.do_not_contact
              and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)
              and not exists (select 1 from delivery o join outcome s on s.delivery_id = o.id
                              where o.lead_id = d.lead_id and o.maturation_id = d.maturation_id)
            order by d.maturation_id, r.id is not null desc, d.id
            ) handed_over order by ended_at, id limit 1000"#,
            scope.client_uuid(),
            from.to_sqlx(),
            to.to_sqlx(),
            only.map(DeliveryId::uuid) as Option<Uuid>
        )
        .fetch_all(&self.lists)
        .await?;
        let untouched = rows.into_iter().map(|row| UntouchedLead {
            delivery: DeliveryId::from_uuid(row.id),
            lead: LeadId::from_uuid(row.lead_id),
            client: (ClientId::from_uuid(row.client_id), row.slug, row.client_name),
            to: row.address.map(|address| (row.rep_name, address)),
            person: row.person,
            clock: row.clock,
            delivered_at: row.ended_at.to_jiff(),
        });
        Ok(untouched.collect())
    }
}
