//! What stands against calling a lead's person, as it is stored: the facts of gates, for a few leads at once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    calling::Whereabouts,
    desk::{FullDay, GateFacts, HeldBy, StepFacts, WayState, WayToClient},
    id::{ClientId, LeadId, PersonId, UserId},
    lead::{Grade, Stage},
    person::Profile,
    routing::{Capacity, ClientLimit},
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction, error::word};

/// A lead with everything that its gates and its rank depend on.
#[derive(Debug, Clone)]
pub struct DeskStanding {
    /// The lead.
    pub lead: LeadId,
    /// Whose.
    pub client: ClientId,
    /// Its person.
    pub person: PersonId,
    /// What gates depend on.
    pub facts: GateFacts,
    /// It came on a list, or with others in one request.
    pub is_bulk: bool,
    /// The last enquiry.
    pub enquired_at: Timestamp,
    /// The last grade.
    pub grade: Option<Grade>,
    /// The last points.
    pub score: i32,
    /// Who promised the call that is due.
    pub promised_by: Option<UserId>,
    /// Its client's clock.
    pub client_zone: TimeZone,
    /// The number that is called.
    phone: Option<String>,
}

struct StandingRow {
    id: Uuid,
    client_id: Uuid,
    person_id: Uuid,
    stage: String,
    in_bulk: bool,
    grade: Option<String>,
    score: Option<i32>,
    untouched: bool,
    closed_reason: Option<String>,
    came_back: bool,
    handed_over: bool,
    reached: bool,
    last_enquiry_at: jiff_sqlx::Timestamp,
    client_name: String,
    client_state: String,
    client_country: String,
    client_time_zone: String,
    client_capacity: Option<i32>,
    client_given: Option<i32>,
    country: Option<String>,
    postal_code: Option<String>,
    time_zone: Option<String>,
    locale: Option<String>,
    phone: Option<String>,
    do_not_contact: bool,
    has_void_number: bool,
    review_since: Option<jiff_sqlx::Timestamp>,
    held_by: Option<Uuid>,
    held_name: Option<String>,
    held_until: Option<jiff_sqlx::Timestamp>,
    due_at: Option<jiff_sqlx::Timestamp>,
    agreed: Option<bool>,
    by_hand: Option<bool>,
    worked: Option<bool>,
    promised_by: Option<Uuid>,
    put_back: Option<String>,
    is_taken_back: bool,
    attempts: i64,
    last_attempt_at: Option<jiff_sqlx::Timestamp>,
    way_state: Option<String>,
    way_tried: Option<i32>,
    way_due_at: Option<jiff_sqlx::Timestamp>,
    way_reason: Option<String>,
    way_is_undated: bool,
}

impl StandingRow {
    fn standing(self, now: Timestamp) -> Result<DeskStanding, StoreError> {
        let client_full = self.client_full(now);
        let client_zone = self.client_zone();
        let way = self.way(now)?;
        let instant = jiff_sqlx::Timestamp::to_jiff;
        let grade: Option<Grade> = self.grade.as_deref().map(word).transpose()?;
        let stage: Stage = word(&self.stage)?;
        let profile = Profile {
            country: self.country,
            postal_code: self.postal_code,
            time_zone: self.time_zone,
            phone: self.phone.clone(),
            ..Profile::default()
        };
        let places = Whereabouts::of(&profile, &self.client_country, &self.client_time_zone).places();
        let held = self.held_by.zip(self.held_name).zip(self.held_until);
        let facts = GateFacts {
            stage: Some(stage),
            closed: self.closed_reason,
            client: Some(ClientId::from_uuid(self.client_id)),
            client_name: self.client_name,
            client_is_paused: self.client_state == "paused",
            client_full,
            // Who has it is read from its deliveries: what was handed over stays with its rep when its grade falls. A grade that a
            // disposition gave which was taken back counts no more: it is decided again in a moment.
            is_with_client: self.handed_over || grade == Some(Grade::A) && !self.came_back && !self.is_taken_back,
            is_handed_over: self.handed_over,
            way,
            put_back: self.put_back,
            barred: self.do_not_contact.then(|| "the person asked not to be contacted".to_owned()),
            review_since: self.review_since.map(instant),
            has_number: self.phone.is_some(),
            has_void_number: self.has_void_number,
            locale: self.locale,
            places,
            held_by: held.map(|((user, name), until)| HeldBy {
                user: UserId::from_uuid(user),
                name,
                until: instant(until),
            }),
            step: self.due_at.map(|due_at| StepFacts {
                due_at: instant(due_at),
                is_agreed: self.agreed.unwrap_or(false),
                is_by_hand: self.by_hand.unwrap_or(false),
                is_worked: self.worked.unwrap_or(false),
            }),
            attempts: u32::try_from(self.attempts).unwrap_or(0),
            last_attempt_at: self.last_attempt_at.map(instant),
            is_untouched: self.untouched,
            is_reached: self.reached,
            ..GateFacts::default()
        };
        Ok(DeskStanding {
            lead: LeadId::from_uuid(self.id),
            client: ClientId::from_uuid(self.client_id),
            person: PersonId::from_uuid(self.person_id),
            facts,
            is_bulk: self.in_bulk,
            enquired_at: instant(self.last_enquiry_at),
            grade,
            score: self.score.unwrap_or(0),
            promised_by: self.promised_by.map(UserId::from_uuid),
            client_zone,
            phone: self.phone,
        })
    }
}

impl StandingRow {
    fn client_zone(&self) -> TimeZone {
        TimeZone::get(&self.client_time_zone).unwrap_or(TimeZone::UTC)
    }

    /// How far it is on its way to its client.
    fn way(&self, now: Timestamp) -> Result<Option<WayToClient>, StoreError> {
        let Some(state) = self.way_state.as_deref().map(word::<WayState>).transpose()? else { return Ok(None) };
        let why = self.way_reason.clone().filter(|_| !matches!(state, WayState::Had | WayState::Filed));
        let goes_on =
            matches!(state, WayState::TriedAgain | WayState::UnderWay | WayState::Held) && !self.way_is_undated;
        let due_at = self.way_due_at.map(jiff_sqlx::Timestamp::to_jiff);
        Ok(Some(WayToClient {
            state,
            tried: self.way_tried.and_then(|tried| u32::try_from(tried).ok()).unwrap_or(0),
            // What is due already goes out in this moment, which is no date.
            next_at: due_at.filter(|at| goes_on && *at > now),
            why,
        }))
    }

    /// A client's day begins at midnight where it is, as routing counts it.
    fn client_full(&self, now: Timestamp) -> Option<FullDay> {
        let count = |leads: Option<i32>| leads.and_then(|leads| u32::try_from(leads).ok());
        let capacity =
            Capacity { per_day: count(self.client_capacity), given_today: count(self.client_given).unwrap_or(0) };
        let zone = self.client_zone();
        let (until, _) = ClientLimit { zone, capacity }.full(now)?;
        capacity.per_day.zip(until).map(|(most, until)| FullDay { most, until })
    }
}

impl Transaction {
    /// How leads stand, in no order.
    pub async fn desk_standings(
        &mut self,
        scope: Scope,
        leads: &[LeadId],
        now: Timestamp,
    ) -> Result<Vec<DeskStanding>, StoreError> {
        let since = now.saturating_sub(CALLS_WITHIN).unwrap_or(Timestamp::MIN);
        let rows = self.desk_standing_rows(scope, leads, now).await?;
        let mut standings = rows.into_iter().map(|row| row.standing(now)).collect::<Result<Vec<_>, _>>()?;
        let persons: Vec<_> = standings.iter().map(|one| one.person).collect();
        let barred: BTreeMap<_, _> =
            self.persons_barred(&persons, &[]).await?.into_iter().map(|one| (one.person, one.why)).collect();
        let elsewhere = self.spoken_elsewhere(scope, &persons).await?;
        let numbers: Vec<_> = standings.iter().filter_map(|one| one.phone.clone()).collect();
        let calls = self.calls_since(&numbers, since).await?;
        for one in &mut standings {
            let facts = &mut one.facts;
            // In the words of who asked for it, where somebody else did than the person.
            facts.barred = barred.get(&one.person).cloned().or_else(|| facts.barred.take());
            facts.elsewhere_at = elsewhere.get(&one.person).copied();
            let own = calls.iter().filter(|call| Some(&call.phone) == one.phone.as_ref());
            facts.calls = own.map(|call| call.at).collect();
            // Two persons of one household, or one of two clients: a call to both is one call to the number.
            facts.calls.sort_unstable();
            facts.calls.dedup();
        }
        Ok(standings)
    }

    async fn desk_standing_rows(
        &mut self,
        scope: Scope,
        leads: &[LeadId],
        now: Timestamp,
    ) -> Result<Vec<StandingRow>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let rows = sqlx::query_as!(
            StandingRow,
            r#"-- desk.standings
            select l.id, l.client_id, l.person_id, l.stage, l.grade, l.score, l.closed_reason, l.last_enquiry_at,
                   coalesce(l.in_bulk, l.channel = 'list') as "in_bulk!", (l.touches <= l.touches_before) as "untouched!",
                   (l.returned_at is not null and (l.matured_at is null or l.returned_at > l.matured_at)) as "came_back!",
                   lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at) as "handed_over!",
                   coalesce(l.last_conversation_at >= l.last_enquiry_at, false) as "reached!",
                   c.name as client_name, c.state as client_state, c.country as client_country, c.time_zone as client_time_zone,
                   c.capacity as client_capacity,
                   (select g.leads from given g where g.recipient_id = c.id and g.day = ($3::timestamptz at time zone c.time_zone)::date) as client_given,
                   h.country, h.postal_code, h.time_zone, h.locale, h.phone, h.do_not_contact,
                   exists (select from person_identity i where i.person_id = h.id and i.kind = 'phone' and i.void_at is not null offset 0)
                     as "has_void_number!",
                   r.opened_at as "review_since?", d.user_id as "held_by?", u.name as "held_name?", d.leased_until as "held_until?",
                   p.due_at as "due_at?", (p.agreed and p.due_at > p.created_at) as "agreed?", (p.from_whom <> 'criteria') as "by_hand?", (p.worked_at is not null) as "worked?", p.user_id as "promised_by?",
                   case when p.agreed and p.due_at = p.created_at and p.worked_at is null then
                     case when p.from_whom in (c.name, c.slug) then p.why
                          when l.returned_at = p.created_at then 'taken back from the client: ' || p.why
                          else 'opened again: ' || p.why end end as put_back,
                   exists (select from regrade g where g.lead_id = l.id and g.taken_back) as "is_taken_back!",
                   t.attempts as "attempts!", t.last_at as "last_attempt_at?",
                   o.state as "way_state?", o.tried as "way_tried?", o.due_at as "way_due_at?", o.reason as "way_reason?",
                   coalesce(o.is_undated, false) as "way_is_undated!"
            from lead l
            join client c on c.id = l.client_id
            join person h on h.id = l.person_id
            left join consent_review r on r.lead_id = l.id and r.closed_at is null
            left join desk_lease d on d.lead_id = l.id and d.leased_until > clock_timestamp()
            left join user_account u on u.id = d.user_id
            left join promise p on p.lead_id = l.id and p.kind = 'requalify' and p.state in ('scheduled', 'work')
            cross join lateral (
              select count(*) as attempts, max(t.at) as last_at from touch t
              where t.lead_id = l.id and t.delivery_id is null and t.at >= l.last_enquiry_at
                and (l.last_conversation_at is null or t.at > l.last_conversation_at)
                and t.disposition in ('no_answer', 'voicemail', 'wrong_number', 'reached_other', 'number_dead')) t
            left join lateral (
              select w.state, w.tried, w.due_at, w.reason, w.is_undated
              from (select d.id, case when d.state = 'delivered' or d.state = 'dead' and coalesce((select s.kind in ('accepted', 'won') from outcome s where s.delivery_id = d.id order by s.number desc limit 1), false) then 'had'
                                      when d.state = 'pending' and d.attempts > 0 or d.state = 'leased' and d.attempts > 1 then 'tried_again'
                                      when d.state in ('pending', 'leased') then 'under_way'
                                      else d.state end as state,
                           d.attempts - (d.state = 'leased')::integer as tried, d.due_at, d.reason,
                           d.state = 'held' and d.reason_code is not distinct from 'undated' as is_undated
                    from delivery d
                    where d.lead_id = l.id and d.event = 'lead.matured' and d.state <> 'withdrawn'
                      and l.matured_at is not null and (l.returned_at is null or l.matured_at > l.returned_at)
                      and not coalesce(l.recalled_at >= d.created_at, false)
                      and d.maturation_id = (select m.id from maturation m where m.lead_id = l.id order by m.at desc, m.id desc limit 1)
                      -- That a webhook of the team has the lead beside a mail that came back reaches nobody, who did not say so.
                      and (d.state <> 'delivered'
                           or not exists (select from delivery u where u.maturation_id = d.maturation_id and u.event = 'lead.matured'
                                            and u.state = 'dead' and not delivery_is_had(u.id))
                           or exists (select from delivery u join outcome s on s.delivery_id = u.id where u.maturation_id = d.maturation_id))) w
              order by array_position(array['had', 'filed', 'tried_again', 'under_way', 'held', 'dead'], w.state), w.due_at, w.id limit 1) o on true
            where l.id = any($1) and ($2::uuid is null or l.client_id = $2)"#,
            &leads,
            scope.client_uuid(),
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows)
    }
}

/// Over how long calls to a number are counted: no limit is longer.
const CALLS_WITHIN: SignedDuration = SignedDuration::from_hours(366 * 24);
