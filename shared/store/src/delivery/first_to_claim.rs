//! First to claim: leads offered to several, of whom the first to accept has it. Whoever accepts or passes does so under the
//! lead's lock, so that exactly one wins; then the lead is handed over like any other, and the others are told.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::{EventDetail, EventType, LeadTaken, event_id},
    id::{ClientId, DeliveryId, EndpointId, LeadId, MaturationId, PersonId, RepId},
    outcome::{Consequences, Outcome, OutcomeRefused},
    routing::{InvalidTransition, LeadOffer, Recipient, RecipientId, Tier},
    time::zone,
    time_in_words::near,
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    delivery::event::{Event, EventArrays},
    outcome::record_outcome::{NewOutcome, OutcomeChange, Recorded},
    team::turns::{GivenOn, Turns},
};

/// An offer to be kept.
#[derive(Debug, Clone)]
pub struct NewOffer {
    /// Whose lead.
    pub client: ClientId,
    /// Of which maturation.
    pub maturation: MaturationId,
    /// Whose turn it is.
    pub tier: Tier,
    /// Who may take it.
    pub to: Vec<RecipientId>,
    /// Before this.
    pub until: Timestamp,
}

/// An offer that was made, as it stands now.
#[derive(Debug, Clone)]
pub struct SentOffer {
    /// Where the lead stands.
    pub offer: LeadOffer,
    /// To whom this offer of it was made.
    pub to: RecipientId,
    /// The lead still waits for somebody to take it; otherwise it was routed, taken back or withdrawn since.
    pub waits: bool,
    /// Where it was taken by whom this offer was made to: the delivery that hands it over, once that has a body. Of several one that was
    /// not given up: what is said is judged by it.
    pub handed: Option<DeliveryId>,
}

/// An offer as it is kept.
struct OfferColumns {
    tier: String,
    offered_to: Vec<String>,
    until: jiff_sqlx::Timestamp,
    taken_by: Option<String>,
    taken_at: Option<jiff_sqlx::Timestamp>,
}

impl OfferColumns {
    fn offer(self) -> Result<LeadOffer, StoreError> {
        let read = |text: String| text.parse().map_err(|_| StoreError::Corrupt("who is offered a lead".to_owned()));
        let to = self.offered_to.into_iter().map(read).collect::<Result<_, _>>()?;
        let tier = tier(&self.tier)?;
        Ok(match self.taken_by.zip(self.taken_at) {
            Some((by, at)) => LeadOffer::Taken { by: read(by)?, at: at.to_jiff(), others: to },
            None => LeadOffer::Offered { tier, to, until: self.until.to_jiff() },
        })
    }
}

/// To whom a delivery offered a lead.
pub(super) fn offered_to(endpoint: Uuid, rep: Option<Uuid>) -> RecipientId {
    let of_endpoint = || RecipientId::Endpoint(EndpointId::from_uuid(endpoint));
    rep.map_or_else(of_endpoint, |rep| RecipientId::Rep(RepId::from_uuid(rep)))
}

impl Store {
    /// The offer that a delivery made, as it stands now; none where it made none.
    pub(crate) async fn offer_made(&self, scope: Scope, delivery: DeliveryId) -> Result<Option<SentOffer>, StoreError> {
        let row = sqlx::query!(
            r#"-- offer.made
            select k.tier, k.offered_to, k.until, k.taken_by, k.taken_at, d.endpoint_id as "endpoint_id!", d.rep_id,
                   exists (select 1 from delivery w where w.maturation_id = d.maturation_id and w.endpoint_id is null
                             and w.state = 'held') as "waits!",
                   (select m.id from delivery m join endpoint x on x.id = m.endpoint_id join delivery_body b on b.delivery_id = m.id
                    where m.maturation_id = d.maturation_id and m.event = 'lead.matured'
                      and case when d.rep_id is null then m.endpoint_id = d.endpoint_id else d.rep_id in (m.rep_id, x.rep_id) end
                    order by m.state in ('dead', 'withdrawn'), x.kind = 'email' desc, m.id limit 1) as handed
            from delivery d join claim k on k.maturation_id = d.maturation_id
            where d.id = $1 and d.event = 'lead.offered' and d.endpoint_id is not null and ($2::uuid is null or d.client_id = $2)"#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (to, waits) = (offered_to(row.endpoint_id, row.rep_id), row.waits);
        let kept = OfferColumns {
            tier: row.tier,
            offered_to: row.offered_to,
            until: row.until,
            taken_by: row.taken_by,
            taken_at: row.taken_at,
        };
        let offer = kept.offer()?;
        let is_own = matches!(&offer, LeadOffer::Taken { by, .. } if *by == to);
        let handed = row.handed.filter(|_| is_own).map(DeliveryId::from_uuid);
        Ok(Some(SentOffer { offer, to, waits, handed }))
    }
}

/// The delivery that offered a lead, and to whom.
struct Offer {
    delivery: DeliveryId,
    client: ClientId,
    lead: LeadId,
    maturation: MaturationId,
    to: RecipientId,
    /// The clock of whoever it was offered to.
    clock: TimeZone,
}

impl Offer {
    /// It was answered, and nothing follows for the lead.
    const fn done(&self) -> Recorded {
        let (client, lead) = (self.client, self.lead);
        Recorded::Done(OutcomeChange { client, lead, before: None, follows: Consequences::NOTHING, told: None })
    }
}

impl Transaction {
    /// Keeps offers; a later one for the same maturation takes the place of the one before, and what was not sent of that is not
    /// sent any more.
    ///
    /// A claim that was taken stays as it is while who took it has the lead, or is being sent it. Where they could not be reached, the row
    /// without an endpoint waits again (`dead_follow_up` makes it), and the offer that follows opens the claim for its tier: otherwise
    /// each of its offers would end as taken by somebody who has nothing, and the tier would never be the next one. Nobody else changes
    /// a claim that was taken.
    pub async fn offers_write(&mut self, offers: &[NewOffer], now: Timestamp) -> Result<(), StoreError> {
        // A statement per offer: few leads are on offer, and each replaces the tier before it.
        for offer in offers {
            let to: Vec<_> = offer.to.iter().map(ToString::to_string).collect();
            // `created_at` before now: what this transaction itself offers under the same maturation must stay.
            sqlx::query!(
                "-- offer.offer
                with past as (
                  update delivery set state = 'withdrawn', reason = 'nobody took it in time', reason_code = null, ended_at = $5
                  where maturation_id = $1 and event = 'lead.offered' and state in ('pending', 'held') and created_at < $5
                )
                insert into claim as k (maturation_id, tier, offered_to, until, counted_on)
                select $1, $2, $3, $4, ($5::timestamptz at time zone c.time_zone)::date
                from client c where c.id = $6
                on conflict (maturation_id) do update set tier = excluded.tier, offered_to = excluded.offered_to,
                       until = excluded.until, taken_by = null, taken_at = null,
                       counted_on = case when k.taken_by is null then k.counted_on else excluded.counted_on end
                where k.taken_by is null
                   or exists (select from delivery w where w.maturation_id = k.maturation_id and w.endpoint_id is null and w.state = 'held')",
                offer.maturation.uuid(),
                offer.tier.to_string(),
                &to,
                offer.until.to_sqlx(),
                now.to_sqlx(),
                offer.client.uuid()
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }

    /// Where whoever an offer was made to has taken the lead: the delivery that hands it over, once that has a body.
    pub(crate) async fn offer_handed(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
    ) -> Result<Option<DeliveryId>, StoreError> {
        let Some(offer) = self.offer_of(scope, delivery).await? else { return Ok(None) };
        let handed = sqlx::query_scalar!(
            r#"-- offer.handed
            select m.id from delivery d join claim k on k.maturation_id = d.maturation_id
            join delivery m on m.maturation_id = d.maturation_id join endpoint x on x.id = m.endpoint_id
            join delivery_body b on b.delivery_id = m.id
            where d.id = $1 and k.taken_by = $2 and m.event = 'lead.matured' and d.client_id = $3
              and case when d.rep_id is null then m.endpoint_id = d.endpoint_id else d.rep_id in (m.rep_id, x.rep_id) end
            order by m.state in ('dead', 'withdrawn'), x.kind = 'email' desc, m.id limit 1"#,
            delivery.uuid(),
            offer.to.to_string(),
            offer.client.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(handed.map(DeliveryId::from_uuid))
    }

    /// What is said of an offer; none where the delivery offered nothing.
    pub(crate) async fn offer_said(
        &mut self,
        scope: Scope,
        new: &NewOutcome<'_>,
        now: Timestamp,
    ) -> Result<Option<Recorded>, StoreError> {
        // Without a lock, to learn which lead to lock; nothing read here changes afterwards.
        let Some(offer) = self.offer_of(scope, new.delivery).await? else { return Ok(None) };
        // The lead before the claim and the client's row, as in the qualifier's batches.
        let Some(row) = self.lock_lead(scope, offer.lead).await? else { return Ok(None) };
        // A new statement under the lead's lock: of two that accept at once, the second sees here that the first has
        // it.
        let Some(claim) = self.offer_lock(offer.maturation).await? else { return Ok(None) };
        let before = claim.clone();
        let after = match new.outcome {
            Outcome::Accepted { .. } => claim.accept(offer.to, now),
            // A wish, or that a number is somebody else's, is of a person whom the offer does not name: recorded as a pass it would be lost.
            Outcome::Returned { .. }
                if matches!(claim, LeadOffer::Offered { .. }) && new.outcome.fixed_reason().is_some() =>
            {
                return Ok(Some(refused(
                    "This lead is on offer: accept it first, and say it of the lead, or tell the firm",
                )));
            }
            Outcome::Returned { .. } => claim.decline(offer.to),
            _ => match claim {
                LeadOffer::Taken { at, .. } => Err(InvalidTransition::Taken(at)),
                LeadOffer::Lapsed { .. } => Err(InvalidTransition::Lapsed),
                LeadOffer::Offered { .. } => return Ok(Some(refused("This lead is on offer: accept it first"))),
            },
        };
        let is_own = matches!(&before, LeadOffer::Taken { by, .. } if *by == offer.to);
        match after {
            Err(InvalidTransition::Taken(at)) if is_own => {
                let taken = near(at, now, &offer.clock);
                Ok(Some(refused(&format!("You took this lead {taken}, and it is on its way to you: say it there"))))
            }
            Err(why) => Ok(Some(refused(&not_taken(why, &offer, now)))),
            // The same answer again, from a program's retry or a link clicked twice.
            Ok(after) if after == before => Ok(Some(Recorded::Again)),
            Ok(LeadOffer::Taken { .. }) => match self.offer_barred(&offer, row.person).await? {
                Some(why) => Ok(Some(refused(why))),
                None => self.take_offer(&offer, now).await.map(Some),
            },
            Ok(LeadOffer::Offered { to, .. }) => {
                self.offered_to(&offer, to.into_iter().map(|one| one.to_string()).collect(), now).await.map(Some)
            }
            Ok(LeadOffer::Lapsed { .. }) => self.offered_to(&offer, Vec::new(), now).await.map(Some),
        }
    }

    /// Why nothing would come of it if a lead on offer were taken now, in words; none where it would.
    async fn offer_barred(&mut self, offer: &Offer, person: PersonId) -> Result<Option<&'static str>, StoreError> {
        let standing = sqlx::query!(
            "-- offer.standing
            select p.do_not_contact, c.state = 'paused' as \"is_paused!\" from person p join client c on c.id = p.client_id
            where p.id = $1 and c.id = $2",
            person.uuid(),
            offer.client.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        // By the entries too: offers of whom a list bars end a moment after the list is there.
        if standing.do_not_contact || !self.persons_barred(&[person], &[]).await?.is_empty() {
            return Ok(Some("This person asked not to be contacted: the lead is not on offer any more"));
        }
        Ok(standing.is_paused.then_some(
            "Nothing is delivered to your firm at present, because it is paused: this lead cannot be taken meanwhile",
        ))
    }

    async fn offer_of(&mut self, scope: Scope, delivery: DeliveryId) -> Result<Option<Offer>, StoreError> {
        let row = sqlx::query!(
            r#"-- offer.offer_of
            select d.client_id, d.lead_id, d.maturation_id, d.endpoint_id as "endpoint_id!", d.rep_id,
                   coalesce(r.time_zone, c.time_zone) as "clock!"
            from delivery d join client c on c.id = d.client_id left join rep r on r.id = d.rep_id
            where d.id = $1 and d.event = 'lead.offered' and d.attempts > 0 and ($2::uuid is null or d.client_id = $2)"#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| Offer {
            delivery,
            client: ClientId::from_uuid(row.client_id),
            lead: LeadId::from_uuid(row.lead_id),
            maturation: MaturationId::from_uuid(row.maturation_id),
            to: offered_to(row.endpoint_id, row.rep_id),
            clock: zone(&row.clock).unwrap_or(TimeZone::UTC),
        }))
    }

    async fn offer_lock(&mut self, maturation: MaturationId) -> Result<Option<LeadOffer>, StoreError> {
        // `for update` although the lead is locked: the qualifier's next tier must not replace an offer that is being
        // accepted.
        let row = sqlx::query_as!(
            OfferColumns,
            "-- offer.lock
            select tier, offered_to, until, taken_by, taken_at from claim where maturation_id = $1 for update",
            maturation.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        row.map(OfferColumns::offer).transpose()
    }

    /// Hands the lead over to who accepted, and tells the others.
    async fn take_offer(&mut self, offer: &Offer, now: Timestamp) -> Result<Recorded, StoreError> {
        // The client's row comes after the lead: capacity is counted under it.
        let teams = self.teams_lock(&[offer.client].into(), now).await?;
        let limit = teams.get(&offer.client).map(|team| team.sales.client.clone());
        let recipients = teams.into_values().flat_map(|team| team.sales.recipients);
        let Some(winner) = recipients.into_iter().find(|one| one.id == offer.to && !one.endpoints.is_empty()) else {
            return Ok(refused("There is no enabled endpoint to send it to: enable one first"));
        };
        if let RecipientId::Rep(rep) = winner.id
            && self.rep_has_left(rep).await?
        {
            return Ok(refused(&format!("{} has left: this lead stays on offer to the others", winner.name)));
        }
        // Counted under the client's lock: of ten offers that one rep takes at once, as many go to the rep as the day may bring.
        if let Some(full) = winner.full() {
            return Ok(refused(&format!("{} {full}: this lead stays on offer to the others", winner.name)));
        }
        // It counted against the day on which it was offered; one that is taken on a later day has to find room in that one too.
        let mut counts = None;
        if let Some(limit) = limit {
            let day = limit.date(now);
            if self.offer_counts_again(offer, day).await? {
                if let Some((_, full)) = limit.full(now) {
                    return Ok(refused(&format!("{}: it stays on offer meanwhile", capitalised(&full.to_string()))));
                }
                counts = Some(GivenOn { recipient: offer.client.uuid(), day });
            }
        }
        // The row that waited is the lock on the hand-over: where it is gone, the lead was routed or recalled since.
        if !self.hand_over(offer, &winner, now).await? {
            return Ok(refused("This lead is not on offer any more"));
        }
        // Offers under way are not withdrawn: their receivers hear that it is taken.
        sqlx::query!(
            "-- offer.take
            with taken as (
              update claim set taken_by = $2, taken_at = $3 where maturation_id = $1
            )
            update delivery set state = 'withdrawn', reason = 'somebody else took it', reason_code = null, ended_at = $3
            where maturation_id = $1 and event = 'lead.offered' and state in ('pending', 'held') and id <> $4",
            offer.maturation.uuid(),
            offer.to.to_string(),
            now.to_sqlx(),
            offer.delivery.uuid()
        )
        .execute(self.connection())
        .await?;
        self.maturation_note_taken(offer.maturation, &winner).await?;
        self.enqueue_taken(offer, &winner, now).await?;
        let day = winner.schedule.date(now);
        // The winner's own date: a day's capacity ends at midnight where the rep is.
        let given = [Some(GivenOn { recipient: winner.id.uuid(), day }), counts];
        let given = given.into_iter().flatten().map(|key| (key, 1)).collect();
        self.turns_write(&Turns { given, ..Turns::default() }).await?;
        Ok(offer.done())
    }

    /// Whether a lead that is taken on this date of its client's counted against another one when it was offered.
    async fn offer_counts_again(&mut self, offer: &Offer, today: Date) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!(
            r#"-- offer.counts_again
            select exists (select from claim where maturation_id = $1 and counted_on <> $2) as "counts!""#,
            offer.maturation.uuid(),
            today.to_sqlx() as jiff_sqlx::Date
        )
        .fetch_one(self.connection())
        .await?;
        Ok(found)
    }

    /// The row that waited becomes the first delivery; whether there was one.
    async fn hand_over(&mut self, offer: &Offer, winner: &Recipient, now: Timestamp) -> Result<bool, StoreError> {
        let rep = match winner.id {
            RecipientId::Rep(rep) => Some(rep.uuid()),
            RecipientId::Endpoint(_) => None,
        };
        // A webhook of the team had it beside who took it first and could not be reached: it is told who has it now, and has one
        // delivery of a maturation.
        let had = self.endpoints_that_had(offer.maturation).await?;
        let endpoints = winner.endpoints.iter().map(|endpoint| endpoint.uuid()).filter(|id| !had.contains(id));
        let endpoints: Vec<_> = endpoints.collect();
        // Derived ids: an acceptance that runs again after a conflict hands over the same deliveries.
        let ids =
            endpoints.iter().map(|endpoint| event_id(offer.delivery, EventType::LeadMatured, *endpoint, now).uuid());
        let ids: Vec<_> = ids.collect();
        // Both in one statement: the others are inserted only where the waiting row was still there to be taken.
        let row = sqlx::query!(
            r#"-- offer.hand_over
            with first as (
              update delivery set endpoint_id = ($2::uuid[])[1], rep_id = $4, state = 'pending', reason = null, reason_code = null, due_at = $5,
                                  offered_until = $5
              where maturation_id = $1 and endpoint_id is null and state = 'held' and cardinality($2::uuid[]) > 0 returning client_id, lead_id
            ), more as (
              insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, due_at, offered_until, created_at)
              select ($3::uuid[])[i], f.client_id, f.lead_id, $1, ($2::uuid[])[i], $4, 'pending', $5, $5, $5
              from first f cross join generate_subscripts($2::uuid[], 1) i where i > 1
              on conflict do nothing
            )
            select exists (select 1 from first) as "waited!""#,
            offer.maturation.uuid(),
            &endpoints,
            &ids,
            rep as Option<Uuid>,
            now.to_sqlx()
        )
        .fetch_one(self.connection())
        .await?;
        if row.waited {
            self.deliveries_now_with(&[offer.delivery], now).await?;
        }
        Ok(row.waited)
    }

    async fn endpoints_that_had(&mut self, maturation: MaturationId) -> Result<Vec<Uuid>, StoreError> {
        let had = sqlx::query_scalar!(
            r#"-- offer.had
            select endpoint_id as "endpoint_id!" from delivery
            where maturation_id = $1 and event = 'lead.matured' and endpoint_id is not null"#,
            maturation.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(had)
    }

    async fn enqueue_taken(&mut self, offer: &Offer, winner: &Recipient, now: Timestamp) -> Result<(), StoreError> {
        let winners: Vec<_> = winner.endpoints.iter().map(|endpoint| endpoint.uuid()).collect();
        // Who never saw the offer has nothing to be told.
        let rows = sqlx::query!(
            "-- offer.losers
            select id, rep_id from delivery
            where maturation_id = $1 and event = 'lead.offered' and offer_may_have_come(id) and id <> $2 and endpoint_id <> all($3)",
            offer.maturation.uuid(),
            offer.delivery.uuid(),
            &winners
        )
        .fetch_all(self.connection())
        .await?;
        let detail = EventDetail::Taken(LeadTaken { taken_at: now.into(), ..LeadTaken::default() });
        let mut columns = EventArrays::default();
        for row in rows {
            // The offer's own rep: of two who share a webhook each is told.
            let (detail, cause) = (detail.clone(), row.rep_id.unwrap_or_default());
            let event = Event { lead: offer.lead, detail, cause, mailed: true, unasked: false, due_at: now };
            columns.push(&event, DeliveryId::from_uuid(row.id), now);
        }
        self.events_insert(&columns, now).await.map(|_| ())
    }

    /// Somebody passed. When nobody is left the next are asked at once.
    async fn offered_to(&mut self, offer: &Offer, to: Vec<String>, now: Timestamp) -> Result<Recorded, StoreError> {
        sqlx::query!(
            "-- offer.pass
            update claim set offered_to = $2 where maturation_id = $1",
            offer.maturation.uuid(),
            &to
        )
        .execute(self.connection())
        .await?;
        // Only when nobody is left: an offer that others still hold runs its time.
        self.offers_end_unheld(&[offer.maturation.uuid()], now).await?;
        Ok(offer.done())
    }
}

/// A tier by the word that the database keeps.
pub(crate) fn tier(word: &str) -> Result<Tier, StoreError> {
    let found = Tier::ALL.into_iter().find(|tier| tier.to_string() == word);
    found.ok_or_else(|| StoreError::Corrupt(format!("the tier {word:?}")))
}

/// Why an answer to an offer is not taken, for whoever gave it: by their clock.
fn not_taken(why: InvalidTransition, offer: &Offer, now: Timestamp) -> String {
    match why {
        InvalidTransition::Taken(at) => format!("Somebody else took this lead {}", near(at, now, &offer.clock)),
        InvalidTransition::TooLate(at) => format!("The time to take this lead ended {}", near(at, now, &offer.clock)),
        other => capitalised(&other.to_string()),
    }
}

fn refused(why: &str) -> Recorded {
    Recorded::Refused(OutcomeRefused(format!("{why}.")))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
