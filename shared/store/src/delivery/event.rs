//! What clients are told of leads that they have: that something new is known, that a lead is taken back, that the person
//! must not be contacted, what was said of it. Each is a delivery of its own to the endpoints that got the lead and ask for
//! such news, but that nobody may contact the person, which all hear. What was never attempted needs no news: it is frozen when it is first sent, with what is known then.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{
        DeadDelivery, DisabledEndpoint, EventDetail, EventType, LeadNamed, LeadSuppression, LeadUpdate, Member,
        OutcomeKind, UpdateKind, event_id,
    },
    id::{DeliveryId, EndpointId, LeadId, PersonId},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{StoreError, Transaction, endpoint::endpoint_record::EndpointKind, error::word};

/// Something to tell.
#[derive(Debug, Clone)]
pub struct Event {
    /// Of which lead.
    pub lead: LeadId,
    /// What it tells, and what it says beside the lead.
    pub detail: EventDetail,
    /// What caused it, where that can happen more than once; nil otherwise.
    pub cause: Uuid,
    /// Whether it is mailed too. Some news has a mail of its own.
    pub mailed: bool,
    /// Told whatever an endpoint asks for, where it makes wrong what it was told: it has somebody of whom the lead is not any more.
    pub unasked: bool,
    /// Not to be told before.
    pub due_at: Timestamp,
}

/// Something went wrong on the way to an endpoint: the client's endpoints that ask are told.
pub(crate) struct Alarm {
    /// The delivery that it happened to.
    pub about: DeliveryId,
    /// What went wrong.
    pub detail: AlarmDetail,
    /// The attempt.
    pub cause: Uuid,
}

/// What went wrong, as far as it is known before the delivery that it happened to is read.
#[derive(Clone)]
pub(crate) enum AlarmDetail {
    /// A delivery was given up.
    Dead(DeadDelivery),
    /// An endpoint was disabled.
    Disabled(DisabledEndpoint),
}

impl AlarmDetail {
    const fn event(&self) -> EventType {
        match self {
            Self::Dead(_) => EventType::DeliveryDead,
            Self::Disabled(_) => EventType::EndpointDisabled,
        }
    }

    /// With what the delivery told, where it went and of which lead it was.
    fn of_delivery(&self, told: EventType, endpoint: Option<EndpointId>, lead: LeadId) -> EventDetail {
        let (event, endpoint) = (told.into(), Member::or_null(endpoint));
        let lead = LeadNamed { id: lead.into(), ..LeadNamed::default() }.into();
        match self.clone() {
            Self::Dead(dead) => EventDetail::DeliveryDead(DeadDelivery { event, endpoint, lead, ..dead }),
            Self::Disabled(disabled) => {
                EventDetail::EndpointDisabled(DisabledEndpoint { event, endpoint, lead, ..disabled })
            }
        }
    }
}

impl Alarm {
    /// An endpoint was disabled at an instant, for what became of a delivery to it.
    pub(crate) fn disabled(endpoint: EndpointId, about: DeliveryId, why: &str, at: Timestamp) -> Self {
        // From the endpoint and the instant: a settlement that runs again after a conflict raises the same alarm, not
        // a second one.
        let cause = Uuid::new_v5(&endpoint.uuid(), at.to_string().as_bytes());
        let disabled = DisabledEndpoint {
            endpoint: endpoint.into(),
            reason: why.to_owned().into(),
            disabled_at: at.into(),
            delivery: about.into(),
            ..DisabledEndpoint::default()
        };
        Self { about, detail: AlarmDetail::Disabled(disabled), cause }
    }
}

/// Whether news may make a body wrong that is on its way: what somebody noted or said makes none wrong.
fn may_outdate(detail: &EventDetail) -> bool {
    let EventDetail::Updated(update) = detail else { return false };
    matches!(update.kind.get(), Some(UpdateKind::Arrival | UpdateKind::Corrected | UpdateKind::Grade))
}

/// Events as the statement takes them.
#[derive(Default)]
pub(crate) struct EventArrays {
    ids: Vec<Uuid>,
    abouts: Vec<Uuid>,
    events: Vec<String>,
    causes: Vec<Uuid>,
    said: Vec<Value>,
    due: Vec<jiff_sqlx::Timestamp>,
    /// Where it does not go where the delivery went that it is about.
    tos: Vec<Option<Uuid>>,
}

impl Transaction {
    /// Owes events to the endpoints that got the leads' last maturations and ask for it; returns to how many. The same news
    /// again is told once. News of what is new is not told to who gave the lead back or could not be given it, and to nobody while the
    /// desk has it back.
    ///
    /// Of the deliveries of the last maturation that were attempted each is asked by itself. What it was decides first:
    ///
    /// | the delivery | that the lead is taken back | anything else |
    /// |---|---|---|
    /// | delivered, under way, or it may have come | told | told |
    /// | refused each time (`never_had`), nobody else has the lead | not told | a mailbox is told, a program is not |
    /// | refused each time, somebody else has the lead (`is_elsewhere`) | not told | not told |
    /// | withdrawn, or with another recipient instead (`has_it_no_more`) | told, unless refused each time | not told |
    ///
    /// Then the endpoint has to ask for the event, unless the lead itself is still under way to it and what it says may be outdated by what is
    /// new (an arrival, another grade), or the lead is somebody else's by now (`unasked`); and a mailbox hears only of what is `mailed`. Of what is new, `lead.updated`, nobody is
    /// told who gave the lead back, or while the desk has it back (`is_out`); that it is no A any more, or is one again, is told to who said
    /// nothing of it or accepted it and was told otherwise last, and the rest only while it is A.
    pub async fn enqueue(&mut self, events: &[Event], now: Timestamp) -> Result<usize, StoreError> {
        let leads: Vec<_> = events.iter().map(|one| one.lead.uuid()).collect();
        // Before the endpoints are read: a first attempt that began in between would freeze a body without this news,
        // and its endpoint would not be found below either.
        self.hold_unsent(&leads, now).await?;
        // Only what was attempted: a body not yet frozen will hold this news anyway. Only the last maturation:
        // earlier ones were handed over and are history.
        let rows = sqlx::query!(
            r#"-- event.to
            select d.id, d.lead_id, e.events, e.kind,
                   (select o.kind from outcome o where o.delivery_id = d.id order by o.number desc limit 1) as said,
                   d.state in ('pending', 'held', 'leased') as "is_under_way!", l.grade = 'A' as is_a, (l.returned_at is null or m.at > l.returned_at) as "is_out!",
                   d.state in ('dead', 'withdrawn') and coalesce((select bool_and(coalesce(case e.kind when 'email' then a.status >= 400 or a.report is not null
                                                                           else a.status between 400 and 499 end, false))
                                                  from attempt a where a.delivery_id = d.id), false) as "never_had!",
                   d.state = 'withdrawn' or delivery_given_on(d.id) as "has_it_no_more!",
                   delivery_is_had(d.id) and not coalesce((select o.kind in ('accepted', 'won') from outcome o where o.delivery_id = d.id order by o.number desc limit 1), false) as "is_elsewhere!",
                   (select case when u.said ->> 'kind' is not distinct from 'grade' then (select x.grade = 'A' from decision x where x.id = u.cause) else true end
                    from delivery u
                    where u.maturation_id = d.maturation_id and u.endpoint_id = d.endpoint_id and u.event in ('lead.matured', 'lead.updated') and u.attempts > 0
                    order by u.event = 'lead.matured', u.created_at desc, u.id desc limit 1) as "was_told_a?"
            from delivery d join endpoint e on e.id = d.endpoint_id join lead l on l.id = d.lead_id
            join maturation m on m.id = d.maturation_id
            where d.lead_id = any($1) and d.event = 'lead.matured' and d.attempts > 0
              and d.maturation_id = (select m.id from maturation m where m.lead_id = d.lead_id order by m.at desc, m.id desc limit 1)"#,
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        let mut to: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        for row in rows {
            to.entry(row.lead_id).or_default().push(row);
        }
        let mut c = EventArrays::default();
        for one in events {
            let event = one.detail.event();
            for row in to.get(&one.lead.uuid()).into_iter().flatten() {
                // The bytes of an attempt that began stay: who did not take them yet, and takes them at the next, would have the number
                // that was corrected meanwhile for good. Whether this one corrects anything is known once its body is written.
                let is_stale = row.is_under_way && may_outdate(&one.detail);
                let asks = is_stale || one.unasked || row.events.iter().any(|asked| asked == event.word());
                // Mail endpoints hear only of what is meant for people: a program's update would be a mail that
                // repeats the first.
                let is_webhook = row.kind == EndpointKind::Webhook.word();
                let asks = asks && (one.mailed || is_webhook);
                // What was refused each time never came: there is nothing to take back. Where an answer is missing it may have come.
                // Anything else is not for whom somebody else has the lead instead of, or two would work on it; nor for a program
                // that does not know the lead.
                let is_strange = if event == EventType::LeadRecalled {
                    row.never_had
                } else {
                    row.has_it_no_more || row.never_had && (row.is_elsewhere || is_webhook)
                };
                let asks = asks && !is_strange;
                let said = row.said.as_deref();
                // A client that returned the lead, or does not have it any more, must not learn what the desk hears
                // of the person since. That it is no A any more is told to who still works on it, and to nobody who said
                // himself what became of it.
                let is_told = match &one.detail {
                    EventDetail::Updated(update) if update.kind.get() == Some(&UpdateKind::Grade) => {
                        // Who was told this grade last hears nothing of what came between: it was taken back before it was sent.
                        let is_known = row.was_told_a == Some(row.is_a == Some(true));
                        !is_known && said.is_none_or(|kind| kind == OutcomeKind::Accepted.word())
                    }
                    EventDetail::Updated(_) => {
                        (one.unasked || row.is_a == Some(true)) && said != Some(OutcomeKind::Returned.word())
                    }
                    _ => true,
                };
                if asks && is_told && (event != EventType::LeadUpdated || row.is_out) {
                    c.push(one, DeliveryId::from_uuid(row.id), now);
                }
            }
        }
        if !c.ids.is_empty() {
            self.events_insert(&c, now).await?;
        }
        Ok(c.ids.len())
    }

    /// Keeps what was never attempted from being attempted before this transaction ends: its body is frozen with what is known
    /// then, and that must be this too. A lease that is faster is waited for, and counts as an attempt. One that is slower
    /// passes over it: what is pending is offered again at once, what is held when its offer's time is up.
    async fn hold_unsent(&mut self, leads: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        // In the order of ids, as the other statements that lock deliveries of several leads.
        sqlx::query!(
            "-- event.hold_unsent
            update delivery set offered_until = case state when 'pending' then $2 else offered_until end
            where id = any(array(
              select id from delivery
              where lead_id = any($1) and event = 'lead.matured' and state in ('pending', 'held') and attempts = 0
              order by id for no key update))",
            leads,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    pub(crate) async fn events_insert(&mut self, c: &EventArrays, now: Timestamp) -> Result<usize, StoreError> {
        // `on conflict do nothing`: a batch that runs again owes the same events under the same ids.
        let done = sqlx::query!(
            "-- event.insert
            insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, event, cause, said, state, due_at,
                                  offered_until, created_at)
            select ($1::uuid[])[i], d.client_id, d.lead_id, d.maturation_id, coalesce(($7::uuid[])[i], d.endpoint_id),
                   case when ($7::uuid[])[i] is null then d.rep_id end,
                   ($3::text[])[i], ($4::uuid[])[i], ($5::json[])[i], 'pending', ($8::timestamptz[])[i], $6, $6
            from generate_subscripts($1::uuid[], 1) i join delivery d on d.id = ($2::uuid[])[i]
            on conflict do nothing",
            &c.ids,
            &c.abouts,
            &c.events,
            &c.causes,
            &c.said,
            now.to_sqlx(),
            &c.tos[..] as &[Option<Uuid>],
            &c.due[..]
        )
        .execute(self.connection())
        .await?;
        Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
    }

    /// Owes alarms to every endpoint of the client that asks and is not disabled, the one they are about included. That an
    /// alarm was given up raises none.
    pub(crate) async fn enqueue_alarms(&mut self, alarms: &[Alarm], now: Timestamp) -> Result<(), StoreError> {
        if alarms.is_empty() {
            return Ok(());
        }
        // Every endpoint of the client and not only the one in question: that one may be what is broken.
        let abouts: Vec<_> = alarms.iter().map(|alarm| alarm.about.uuid()).collect();
        let rows = sqlx::query!(
            "-- event.who_asks
            select d.id, d.lead_id, d.event, d.endpoint_id as about, e.id as endpoint_id, e.events
            from delivery d join endpoint e on e.client_id = d.client_id
            where d.id = any($1) and e.state = 'enabled' and e.events && array['delivery.dead', 'endpoint.disabled']",
            &abouts
        )
        .fetch_all(self.connection())
        .await?;
        let mut columns = EventArrays::default();
        for (alarm, row) in alarms.iter().flat_map(|alarm| rows.iter().map(move |row| (alarm, row))) {
            let event: EventType = word(&row.event)?;
            let asks = row.events.iter().any(|event| event == alarm.detail.event().word());
            // An alarm about an alarm would follow itself for as long as the endpoint fails.
            let of_alarm = alarm.detail.event() == EventType::DeliveryDead && event.is_alarm();
            if row.id == alarm.about.uuid() && asks && !of_alarm {
                let (lead, endpoint) = (LeadId::from_uuid(row.lead_id), row.about.map(EndpointId::from_uuid));
                let detail = alarm.detail.of_delivery(event, endpoint, lead);
                columns.push_alarm(alarm, row.endpoint_id, &detail, now);
            }
        }
        self.events_insert(&columns, now).await.map(|_| ())
    }

    async fn leads_of_persons(&mut self, persons: &[PersonId]) -> Result<Vec<Uuid>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        Ok(sqlx::query_scalar!(
            "-- event.leads_of
            select id from lead where person_id = any($1)",
            &persons
        )
        .fetch_all(self.connection())
        .await?)
    }

    /// Tells whoever has a lead of these persons that what is known of them was put right; where they were told nothing
    /// else, the update tells nothing and goes to nobody. `unasked`: whatever they ask for, because what they were told is of
    /// somebody else.
    pub(crate) async fn enqueue_corrected(
        &mut self,
        persons: &[PersonId],
        (cause, unasked): (Uuid, bool),
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let leads = self.leads_of_persons(persons).await?;
        let update = LeadUpdate { kind: UpdateKind::Corrected.into(), ..LeadUpdate::default() };
        let event = |lead| Event {
            lead: LeadId::from_uuid(lead),
            detail: EventDetail::Updated(update.clone()),
            cause,
            mailed: true,
            unasked,
            due_at: now,
        };
        let events: Vec<_> = leads.into_iter().map(event).collect();
        self.enqueue(&events, now).await
    }

    /// Tells every endpoint that ever had a lead of these persons, by whichever maturation and whatever it asks for, that nobody may
    /// contact them any more, and whoever holds an offer of one that it is none any more; returns how many deliveries that makes. The same again is told
    /// once.
    pub(crate) async fn enqueue_suppressed(
        &mut self,
        persons: &[PersonId],
        why: &str,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let leads = self.leads_of_persons(persons).await?;
        self.hold_unsent(&leads, now).await?;
        let rows = sqlx::query!(
            "-- event.ever_had
            select distinct on (d.lead_id, d.endpoint_id) d.id, d.lead_id
            from delivery d
            where d.lead_id = any($1) and d.endpoint_id is not null and d.event = 'lead.matured' and d.attempts > 0
            order by d.lead_id, d.endpoint_id, d.id desc",
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        let said =
            LeadSuppression { reason: why.to_owned().into(), suppressed_at: now.into(), ..LeadSuppression::default() };
        let mut columns = EventArrays::default();
        // Also who does not name it among its events: who has a lead and does not hear this goes on calling.
        for row in rows {
            let (lead, detail) = (LeadId::from_uuid(row.lead_id), EventDetail::Suppressed(said.clone()));
            let event = Event { lead, detail, cause: Uuid::nil(), mailed: true, unasked: false, due_at: now };
            columns.push(&event, DeliveryId::from_uuid(row.id), now);
        }
        // Who was told before is told nothing, and counts for nobody.
        let told = if columns.ids.is_empty() { 0 } else { self.events_insert(&columns, now).await? };
        let leads: Vec<_> = leads.into_iter().map(LeadId::from_uuid).collect();
        Ok(told + self.offers_over(&leads, now).await?)
    }
}

impl EventArrays {
    pub(crate) fn push(&mut self, one: &Event, about: DeliveryId, now: Timestamp) {
        let event = one.detail.event();
        self.ids.push(event_id(about, event, one.cause, now).uuid());
        self.abouts.push(about.uuid());
        self.events.push(event.word().to_owned());
        self.causes.push(one.cause);
        self.said.push(one.detail.to_value());
        self.due.push(one.due_at.to_sqlx());
        self.tos.push(None);
    }

    fn push_alarm(&mut self, alarm: &Alarm, to: Uuid, detail: &EventDetail, now: Timestamp) {
        let event = detail.event();
        // The same to another endpoint is another delivery.
        self.ids.push(event_id(alarm.about, event, Uuid::new_v5(&alarm.cause, to.as_bytes()), now).uuid());
        self.abouts.push(alarm.about.uuid());
        self.events.push(event.word().to_owned());
        self.causes.push(alarm.cause);
        self.said.push(detail.to_value());
        self.due.push(now.to_sqlx());
        self.tos.push(Some(to));
    }
}

#[cfg(test)]
mod tests;
