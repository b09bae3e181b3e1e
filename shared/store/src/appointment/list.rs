//! Appointments as people list them, and what a batch or a delivery needs of one.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    appointment::{Appointment, AppointmentState, Handover, Slot},
    calling::Whereabouts,
    id::{AppointmentId, LeadId, RepId},
    person::Profile,
};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, person::known_person::profile_of, team::state::zone};

/// An appointment with whose it is.
#[derive(Debug, Clone)]
pub struct AppointmentRecord {
    /// The appointment.
    pub appointment: Appointment,
    /// The client's slug.
    pub client: String,
    /// The client's name.
    pub client_name: String,
    /// The rep's name.
    pub rep: String,
    /// The rep's e-mail address.
    pub rep_email: String,
    /// Where the rep is.
    pub rep_zone: TimeZone,
    /// With whom the rep has it.
    pub person: Profile,
    /// Where that person is.
    pub person_zone: TimeZone,
    /// The person asked not to be contacted.
    pub do_not_contact: bool,
    /// Who made or changed it last.
    pub by: String,
}

/// Which appointments are listed; what is none is not asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct AppointmentFilter {
    /// This one.
    pub id: Option<AppointmentId>,
    /// Of a lead.
    pub lead: Option<LeadId>,
    /// With a rep.
    pub rep: Option<RepId>,
    /// That take somebody's time at this instant or later.
    pub from: Option<Timestamp>,
}

/// What a lead has agreed, for whoever gives it to a rep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// The appointment.
    pub appointment: AppointmentId,
    /// With whom.
    pub rep: RepId,
    /// When.
    pub slot: Slot,
}

/// An appointment's own columns, as each statement here gives them.
pub(crate) struct AppointmentColumns {
    pub(crate) id: Uuid,
    pub(crate) lead_id: Uuid,
    pub(crate) rep_id: Uuid,
    pub(crate) state: String,
    pub(crate) starts_at: jiff_sqlx::Timestamp,
    pub(crate) ends_at: jiff_sqlx::Timestamp,
    pub(crate) held_until: Option<jiff_sqlx::Timestamp>,
    pub(crate) sequence: i32,
    pub(crate) note: Option<String>,
    pub(crate) cancelled_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) cancelled_why: Option<String>,
}

impl AppointmentColumns {
    pub(crate) fn appointment(self) -> Result<Appointment, StoreError> {
        let state = match (self.state.as_str(), self.held_until, self.cancelled_at) {
            // The word and its columns together: a held row without its end would keep a slot for ever.
            ("held", Some(until), _) => AppointmentState::Held { until: until.to_jiff() },
            ("booked", ..) => AppointmentState::Booked,
            ("cancelled", _, Some(at)) => {
                AppointmentState::Cancelled { at: at.to_jiff(), why: self.cancelled_why.unwrap_or_default() }
            }
            (other, ..) => return Err(StoreError::Corrupt(format!("the word {other:?}"))),
        };
        Ok(Appointment {
            id: AppointmentId::from_uuid(self.id),
            lead: LeadId::from_uuid(self.lead_id),
            rep: RepId::from_uuid(self.rep_id),
            slot: Slot { starts_at: self.starts_at.to_jiff(), ends_at: self.ends_at.to_jiff() },
            state,
            sequence: self.sequence,
            note: self.note,
        })
    }
}

/// A record's columns, as both statements give them.
struct RecordColumns {
    id: Uuid,
    lead_id: Uuid,
    rep_id: Uuid,
    state: String,
    starts_at: jiff_sqlx::Timestamp,
    ends_at: jiff_sqlx::Timestamp,
    held_until: Option<jiff_sqlx::Timestamp>,
    sequence: i32,
    note: Option<String>,
    cancelled_at: Option<jiff_sqlx::Timestamp>,
    cancelled_why: Option<String>,
    made_by: String,
    slug: String,
    client_name: String,
    client_country: String,
    client_zone: String,
    rep_name: String,
    rep_email: String,
    rep_zone: String,
    first_name: Option<String>,
    last_name: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    phone_extension: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    time_zone: Option<String>,
    locale: Option<String>,
    do_not_contact: bool,
}

impl RecordColumns {
    fn record(self) -> Result<AppointmentRecord, StoreError> {
        let row = self;
        let own = AppointmentColumns {
            id: row.id,
            lead_id: row.lead_id,
            rep_id: row.rep_id,
            state: row.state,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            held_until: row.held_until,
            sequence: row.sequence,
            note: row.note,
            cancelled_at: row.cancelled_at,
            cancelled_why: row.cancelled_why,
        };
        let person = profile_of!(row);
        // The person's clock follows from what is known of where they are, as for calls.
        let places = Whereabouts::of(&person, &row.client_country, &row.client_zone).places();
        Ok(AppointmentRecord {
            appointment: own.appointment()?,
            client: row.slug,
            client_name: row.client_name,
            rep: row.rep_name,
            rep_email: row.rep_email,
            rep_zone: zone(&row.rep_zone)?,
            person_zone: places.into_iter().next().map_or(TimeZone::UTC, |place| place.zone),
            person,
            do_not_contact: row.do_not_contact,
            by: row.made_by,
        })
    }
}

/// An appointment as a statement builds it as JSON beside other columns.
#[derive(serde::Deserialize)]
struct AppointmentJson {
    id: Uuid,
    starts_at: Timestamp,
    ends_at: Timestamp,
    time_zone: String,
    note: Option<String>,
    sequence: i32,
}

/// Of [`AppointmentJson`] what a client is told.
pub(crate) fn handover_of(value: Value) -> Result<Handover, StoreError> {
    // The JSON is made by a statement of this crate: what does not fit is a damaged row, not somebody's input.
    let booked: AppointmentJson =
        serde_json::from_value(value).map_err(|_| StoreError::Corrupt("an appointment".to_owned()))?;
    Ok(Handover {
        appointment: AppointmentId::from_uuid(booked.id),
        slot: Slot { starts_at: booked.starts_at, ends_at: booked.ends_at },
        time_zone: booked.time_zone,
        note: booked.note,
        sequence: booked.sequence,
    })
}

impl Store {
    /// Appointments in the order in which they begin, of each client at most a thousand: one that has more hides nobody else's.
    pub async fn appointments(
        &self,
        scope: Scope,
        filter: AppointmentFilter,
    ) -> Result<Vec<AppointmentRecord>, StoreError> {
        // The lists' pool: a list over all clients must not take a connection from deliveries.
        list(&self.lists, scope, filter).await
    }
}

impl Transaction {
    /// One appointment, as this transaction sees it.
    pub async fn appointment(
        &mut self,
        scope: Scope,
        id: AppointmentId,
    ) -> Result<Option<AppointmentRecord>, StoreError> {
        // Its own statement: the list's, whose filters may be absent, cannot use the key under the plan that lookups keep.
        let row = sqlx::query_as!(
            RecordColumns,
            r#"-- appointment.show
            select a.id, a.lead_id, a.rep_id, a.state, a.starts_at, a.ends_at, a.held_until, a.sequence, a.note, a.cancelled_at,
                   a.cancelled_why, a.made_by, c.slug, c.name as client_name, c.country as client_country,
                   c.time_zone as client_zone, r.name as rep_name, r.email as rep_email,
                   coalesce(r.time_zone, c.time_zone) as "rep_zone!", p.first_name, p.last_name, p.name, p.email, p.phone, p.phone_extension,
                   p.postal_code, p.country, p.time_zone, p.locale, p.do_not_contact
            from appointment a join rep r on r.id = a.rep_id join client c on c.id = a.client_id
            join lead l on l.id = a.lead_id join person p on p.id = l.person_id
            where a.id = $1 and ($2::uuid is null or a.client_id = $2)"#,
            id.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(RecordColumns::record).transpose()
    }
}

async fn list(
    executor: impl PgExecutor<'_>,
    scope: Scope,
    filter: AppointmentFilter,
) -> Result<Vec<AppointmentRecord>, StoreError> {
    let rows = sqlx::query_as!(
        RecordColumns,
        r#"-- appointment.list
        select a.id as "id!", a.lead_id as "lead_id!", a.rep_id as "rep_id!", a.state as "state!", a.starts_at as "starts_at!",
               a.ends_at as "ends_at!", a.held_until, a.sequence as "sequence!", a.note, a.cancelled_at,
               a.cancelled_why, a.made_by as "made_by!", c.slug, c.name as client_name, c.country as client_country,
               c.time_zone as client_zone, r.name as rep_name, r.email as rep_email,
               coalesce(r.time_zone, c.time_zone) as "rep_zone!", p.first_name, p.last_name, p.name, p.email, p.phone, p.phone_extension,
               p.postal_code, p.country, p.time_zone, p.locale, p.do_not_contact
        from (select *, row_number() over (partition by client_id order by starts_at, id) as place from appointment
              where ($1::uuid is null or client_id = $1) and ($2::uuid is null or id = $2)
                and ($3::uuid is null or lead_id = $3) and ($4::uuid is null or rep_id = $4)
                and ($5::timestamptz is null
                     or ends_at > $5 and state <> 'cancelled' and (held_until is null or held_until > $5))) a
        join rep r on r.id = a.rep_id join client c on c.id = a.client_id
        join lead l on l.id = a.lead_id join person p on p.id = l.person_id
        where a.place <= 1000 order by a.starts_at, a.id"#,
        scope.client_uuid(),
        filter.id.map(AppointmentId::uuid),
        filter.lead.map(LeadId::uuid),
        filter.rep.map(RepId::uuid),
        filter.from.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(RecordColumns::record).collect()
}

impl Transaction {
    /// What these leads have booked that is not over: of each the first.
    pub async fn appointments_ahead(
        &mut self,
        leads: &[LeadId],
        now: Timestamp,
    ) -> Result<BTreeMap<LeadId, Ahead>, StoreError> {
        let ids: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        // Booked ones only: a hold is not agreed with the person and must not decide who gets the lead. Nor does one with a rep who left.
        let rows = sqlx::query!(
            "-- appointment.ahead
            select distinct on (lead_id) id, lead_id, rep_id, starts_at, ends_at from appointment
            where lead_id = any($1) and state = 'booked' and ends_at > $2 and not exists (select from rep r where r.id = rep_id and r.has_left)
            order by lead_id, starts_at, id",
            &ids,
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let ahead = Ahead {
                    appointment: AppointmentId::from_uuid(row.id),
                    rep: RepId::from_uuid(row.rep_id),
                    slot: Slot { starts_at: row.starts_at.to_jiff(), ends_at: row.ends_at.to_jiff() },
                };
                (LeadId::from_uuid(row.lead_id), ahead)
            })
            .collect())
    }
}
