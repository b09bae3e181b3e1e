//! Two persons who are one: the one known first stays, with everything that led to either.
//!
//! Of two open leads one goes on: the one that a client was given, else the older one. The other is closed and names it; what
//! was said on it, its arrivals and its appointments go over, and what was still owed of it is not sent. What was there before
//! is kept, so that a mistake can be undone ([`super::unmerge`]).

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{ClientId, DeliveryId, LeadId, PersonId};
use uuid::Uuid;

use crate::{
    Scope, StoreError, Transaction,
    lead::{join::LeadJoin, lead_row::LeadRow},
    person::pair::{PairVerdict, PairWord, PersonPair},
    suppression::write::NewSuppression,
};

/// What became of a word about two persons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairDecided {
    /// It is kept, and this follows.
    Done(PairEffect),
    /// No such person in the scope.
    Unknown(PersonId),
    /// They are persons of two clients, or one and the same.
    NotAPair,
}

/// What follows from a word about two persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairEffect {
    /// The persons.
    pub pair: PersonPair,
    /// The open lead that goes on, where one was closed for it.
    pub goes_on: Option<LeadId>,
    /// Leads that were held for this and go out now.
    pub let_go: u64,
}

struct PairMember {
    id: PersonId,
    client: ClientId,
    created_at: Timestamp,
}

impl Transaction {
    /// Makes one of two persons.
    pub async fn persons_merge(
        &mut self,
        scope: Scope,
        (one, other): (PersonId, PersonId),
        word: &PairWord<'_>,
    ) -> Result<PairDecided, StoreError> {
        let pair = match self.pair_lock(scope, one, other).await? {
            Ok(pair) => pair,
            Err(refused) => return Ok(refused),
        };
        let leads = self.leads_of_both(pair).await?;
        let held = self.held_for_each_other(&leads.iter().map(|lead| lead.id).collect::<Vec<_>>()).await?;
        // Before the two are one: what is void for the earlier one may bar the later one.
        let wish = self.wish_of_both(pair).await?;
        // Before anything changes: that is what a merge that was a mistake gives back.
        let merge = self.merge_keep(pair, word).await?;
        let goes_on = self.leads_join(pair, (&leads, &held), word).await?;
        self.merge_goes_on(merge, goes_on).await?;
        self.person_join(pair, merge, word.at).await?;
        self.leads_of_person_take(pair).await?;
        self.arrivals_of_person_take(pair).await?;
        self.pair_decide(pair, PairVerdict::Same, word).await?;
        // What still waits for a lead of this same person, which is over, is an A lead of theirs like any other.
        self.same_person_end(&held, Some(word), word.at).await?;
        let let_go = if let Some(why) = wish {
            let new = NewSuppression { client: Some(pair.client), why: &why, by: word.by.into(), at: word.at };
            self.person_suppress((scope.within(pair.client), pair.earlier), &new).await?;
            // Nothing more goes out: the next decision closes what is open.
            0
        } else {
            self.same_let_go(&held, word.at).await?
        };
        self.regrade_ask_persons(&[pair.earlier], "two persons are one", word.at).await?;
        Ok(PairDecided::Done(PairEffect { pair, goes_on, let_go }))
    }

    /// Keeps that two persons are two; what was held for the question goes out.
    pub async fn persons_part(
        &mut self,
        scope: Scope,
        (one, other): (PersonId, PersonId),
        word: &PairWord<'_>,
    ) -> Result<PairDecided, StoreError> {
        let pair = match self.pair_lock(scope, one, other).await? {
            Ok(pair) => pair,
            Err(refused) => return Ok(refused),
        };
        self.pair_decide(pair, PairVerdict::Different, word).await?;
        let leads = self.leads_of_both(pair).await?;
        let held = self.held_for_each_other(&leads.iter().map(|lead| lead.id).collect::<Vec<_>>()).await?;
        self.same_person_end(&held, Some(word), word.at).await?;
        let let_go = self.same_let_go(&held, word.at).await?;
        Ok(PairDecided::Done(PairEffect { pair, goes_on: None, let_go }))
    }

    /// Has a delivery go out that waited for somebody to say that it is somebody else's; none where it does not wait for that.
    pub async fn delivery_release_as_other(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
        word: &PairWord<'_>,
    ) -> Result<Option<LeadId>, StoreError> {
        let Some((lead, pair)) = self.held_as_same(scope, delivery).await? else { return Ok(None) };
        self.lock_lead(scope, lead).await?;
        self.pair_decide(pair, PairVerdict::Different, word).await?;
        self.same_person_end(&[lead], Some(word), word.at).await?;
        let let_go = self.same_let_go(&[lead], word.at).await?;
        Ok((let_go > 0).then_some(lead))
    }

    /// The two persons, the earlier first, under the locks of everything that leads to them.
    async fn pair_lock(
        &mut self,
        scope: Scope,
        one: PersonId,
        other: PersonId,
    ) -> Result<Result<PersonPair, PairDecided>, StoreError> {
        let identities: BTreeSet<_> = self.identities_of(&[one, other]).await?.into_iter().collect();
        self.identities_wait_lock(&identities).await?;
        let known = self.persons_to_join(scope, one, other).await?;
        for person in [one, other] {
            if !known.iter().any(|known| known.id == person) {
                return Ok(Err(PairDecided::Unknown(person)));
            }
        }
        let [a, b] = &known[..] else { return Ok(Err(PairDecided::NotAPair)) };
        if a.client != b.client {
            return Ok(Err(PairDecided::NotAPair));
        }
        let (earlier, later) = if (a.created_at, a.id) <= (b.created_at, b.id) { (a, b) } else { (b, a) };
        Ok(Ok(PersonPair { earlier: earlier.id, later: later.id, client: a.client }))
    }

    async fn persons_to_join(
        &mut self,
        scope: Scope,
        one: PersonId,
        other: PersonId,
    ) -> Result<Vec<PairMember>, StoreError> {
        let rows = sqlx::query!(
            "-- person.to_join
            select id, client_id, created_at from person
            where id in ($1, $2) and merged_into is null and ($3::uuid is null or client_id = $3) order by id for update",
            one.uuid(),
            other.uuid(),
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        let known = rows.into_iter().map(|row| PairMember {
            id: PersonId::from_uuid(row.id),
            client: ClientId::from_uuid(row.client_id),
            created_at: row.created_at.to_jiff(),
        });
        Ok(known.collect())
    }

    /// Every lead of both, locked.
    pub(super) async fn leads_of_both(&mut self, pair: PersonPair) -> Result<Vec<LeadRow>, StoreError> {
        let ids = sqlx::query_scalar!(
            "-- person.leads_of_both
            select id from lead where person_id in ($1, $2)",
            pair.earlier.uuid(),
            pair.later.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        let ids: Vec<_> = ids.into_iter().map(LeadId::from_uuid).collect();
        self.leads_lock(&ids).await
    }

    /// Of these leads those that are held as perhaps the same as another one of them.
    async fn held_for_each_other(&mut self, leads: &[LeadId]) -> Result<Vec<LeadId>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let held = sqlx::query_scalar!(
            "-- person.held_for_each_other
            select lead_id from delivery where lead_id = any($1) and same_as = any($1) and state = 'held'",
            &leads
        )
        .fetch_all(self.connection())
        .await?;
        Ok(held.into_iter().map(LeadId::from_uuid).collect())
    }

    /// Of open leads of two persons one goes on; which, where another was closed for it.
    async fn leads_join(
        &mut self,
        pair: PersonPair,
        (leads, held): (&[LeadRow], &[LeadId]),
        word: &PairWord<'_>,
    ) -> Result<Option<LeadId>, StoreError> {
        let mut open: Vec<_> = leads.iter().filter(|lead| lead.stage.is_open()).collect();
        // What a client was given goes on: another lead would be given a second time.
        let given = |lead: &LeadRow| lead.matured_at.is_some() && !held.contains(&lead.id);
        open.sort_by_key(|lead| (!given(lead), lead.first_arrived_at, lead.id));
        let Some((goes_on, others)) = open.split_first().filter(|(_, others)| !others.is_empty()) else {
            return Ok(None);
        };
        for other in others {
            let join = LeadJoin { goes_on: goes_on.id, ends: other.id, person: pair.earlier };
            self.lead_join(join, word.by, word.at).await?;
        }
        Ok(Some(goes_on.id))
    }

    /// The earlier person is reached under everything, and knows what the later one alone did. A name is taken whole, and
    /// an extension with its number. A number that is void for the earlier one is not filled in: nobody could be phoned by it. What the
    /// later one says to be reached under is said of both from the merge on, also where the earlier one had corrected it.
    async fn person_join(&mut self, pair: PersonPair, merge: Uuid, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- person.join
            with reached as (
              insert into person_identity (client_id, kind, value, person_id, void_at, void_by, merge_id, said_at)
              select client_id, kind, value, $1, void_at, void_by, $4, said_at from person_identity where person_id = $2
              on conflict (client_id, kind, value, person_id) do update set said_at = $3
              where person_identity.said_at is null and excluded.said_at is not null
                and person_identity.void_at is null and excluded.void_at is null
            ), gone as (
              update person set merged_into = $1, updated_at = $3 where id = $2
            )
            update person a set
                   (first_name, last_name, name) = (
                     select w.first_name, w.last_name, w.name from person w
                     where w.id = case when coalesce(a.first_name, a.last_name, a.name) is null then b.id else a.id end),
                   email = coalesce(a.email, b.email),
                   phone = coalesce(a.phone, case when not number_is_void($1, b.phone, b.phone_extension) then b.phone end),
                   phone_extension = case when (a.phone is null or a.phone = b.phone and a.phone_extension is null)
                                               and not number_is_void($1, b.phone, b.phone_extension)
                                          then b.phone_extension else a.phone_extension end,
                   postal_code = coalesce(a.postal_code, b.postal_code), country = coalesce(a.country, b.country),
                   time_zone = coalesce(a.time_zone, b.time_zone), locale = coalesce(a.locale, b.locale),
                   verified = a.verified or b.verified, do_not_contact = a.do_not_contact or b.do_not_contact, updated_at = $3
            from person b where a.id = $1 and b.id = $2",
            pair.earlier.uuid(),
            pair.later.uuid(),
            now.to_sqlx(),
            merge
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
