//! A leads that wait because the client has one that is perhaps the same person's: another person's, reached under the same
//! address or number, that matured within 90 days and was not given back or lost. A number with an extension and without is the
//! same where the names do not contradict each other: two extensions are two desks, and the switchboard is anybody's.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, DeliveryId, LeadId, PersonId},
    person::{NameMatch, ReadName},
};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction, delivery::withdraw::CAN_BE_TAKEN_BACK, person::pair::PersonPair,
    sweep::SweepParts,
};

/// So long after an A lead another one of the same address or number is perhaps the same.
pub const PERHAPS_SAME_WITHIN: SignedDuration = SignedDuration::from_hours(90 * 24);
/// So many that are no question any more are let go by one sweep.
const LAPSED: i64 = 500;
/// So many of them by one transaction.
const AT_ONCE: usize = 20;
/// Whoever is about to send an A lead of an address or number holds its lock of this class (two numbers: the locks of
/// identities are of one).
const LOCK_CLASS: i32 = 9;

/// A person who is reached under an identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReachedPerson {
    /// The client.
    pub client: ClientId,
    /// Under what.
    pub identity: Identity,
    /// Who.
    pub person: PersonId,
}

/// Another person's A lead that the client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstLead {
    /// Whose lead is perhaps the same.
    pub of: PersonId,
    /// The lead that the client has.
    pub lead: LeadId,
    /// When it became A.
    pub matured_at: Timestamp,
    /// Whose it is, where one of the two is behind the other's number: nobody has proposed the two yet.
    pub behind: Option<PersonId>,
}

/// Whether two who share a number, one of them with an extension, may be one by their names. Somebody unnamed at a switchboard is
/// anybody.
#[must_use]
pub fn may_be_behind(one: &ReadName, other: &ReadName) -> bool {
    matches!(one.against(other), NameMatch::Alike | NameMatch::MayBe | NameMatch::Same)
}

/// A delivery that waits for somebody to say whether it is the same person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAsSame {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Its lead.
    pub lead: LeadId,
    /// The lead that the client has.
    pub first: LeadId,
    /// Whose.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// The name of the lead's person, as far as it is known.
    pub person: Option<String>,
    /// That of the one whom the client has.
    pub first_person: Option<String>,
    /// Its reps who have that one, where it has reps.
    pub first_reps: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

struct ReachedColumns {
    clients: Vec<Uuid>,
    kinds: Vec<String>,
    values: Vec<String>,
    persons: Vec<Uuid>,
}

impl From<&[ReachedPerson]> for ReachedColumns {
    fn from(reached: &[ReachedPerson]) -> Self {
        Self {
            clients: reached.iter().map(|one| one.client.uuid()).collect(),
            kinds: reached.iter().map(|one| one.identity.kind().to_owned()).collect(),
            values: reached.iter().map(|one| one.identity.value().to_owned()).collect(),
            persons: reached.iter().map(|one| one.person.uuid()).collect(),
        }
    }
}

impl Transaction {
    /// Under what a person of the scope is reached.
    pub async fn person_reached_under(
        &mut self,
        scope: Scope,
        person: PersonId,
    ) -> Result<Vec<ReachedPerson>, StoreError> {
        let reached = self.reached_under(&[person]).await?;
        Ok(reached.into_iter().filter(|one| scope.covers(one.client)).collect())
    }

    /// Under what these persons are reached.
    pub async fn reached_under(&mut self, persons: &[PersonId]) -> Result<Vec<ReachedPerson>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            "-- perhaps_same.reached
            select client_id, kind, value, person_id from person_identity where person_id = any($1) and void_at is null",
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        let reached = rows.into_iter().map(|row| {
            let identity = Identity::stored(&row.kind, &row.value);
            Ok(ReachedPerson {
                client: ClientId::from_uuid(row.client_id),
                identity: identity.ok_or_else(|| StoreError::Corrupt("an identity".to_owned()))?,
                person: PersonId::from_uuid(row.person_id),
            })
        });
        reached.collect()
    }

    /// Locks what persons are reached under whose leads are about to go out, after the leads and before their client: of two batches
    /// with an A lead each of one number, the second sees the first one's. What is read under them is read in a statement of its own.
    /// Returns the persons whose next A lead nobody else is about to send. Nobody is waited for: a holder that was stopped has them until
    /// PostgreSQL ends its transaction.
    pub async fn maturing_try_lock(&mut self, reached: &[ReachedPerson]) -> Result<Vec<PersonId>, StoreError> {
        let columns = ReachedColumns::from(reached);
        let rows = sqlx::query_scalar!(
            r#"-- perhaps_same.try_lock
            select ($4::uuid[])[i] as "person_id!" from generate_subscripts($1::uuid[], 1) i group by 1
            having bool_and(pg_try_advisory_xact_lock($5, hashtext(($1::uuid[])[i]::text || ($2::text[])[i] || split_part(($3::text[])[i], ';ext=', 1))))"#,
            &columns.clients,
            &columns.kinds,
            &columns.values,
            &columns.persons,
            LOCK_CLASS
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(PersonId::from_uuid).collect())
    }

    /// Of each person the earliest A lead of somebody else that the client has from the same address or number; of a number with
    /// an extension and without, where the name that is given of the person allows it.
    pub async fn first_leads(
        &mut self,
        reached: &[ReachedPerson],
        names: &BTreeMap<PersonId, ReadName>,
        now: Timestamp,
    ) -> Result<Vec<FirstLead>, StoreError> {
        let columns = ReachedColumns::from(reached);
        let since = now.checked_sub(PERHAPS_SAME_WITHIN).unwrap_or(Timestamp::MIN);
        let rows = sqlx::query!(
            r#"-- perhaps_same.first
            select distinct on (mine.person_id, m.at, m.id) mine.person_id as "person_id!", o.id, m.at, p.id as whose,
                   coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as name, theirs.is_behind as "is_behind!"
            from (select ($1::uuid[])[i] as client_id, ($2::text[])[i] as kind, ($3::text[])[i] as value, ($4::uuid[])[i] as person_id
                  from generate_subscripts($1::uuid[], 1) i) mine
            cross join lateral (
              select i.person_id, false as is_behind from person_identity i
              where i.client_id = mine.client_id and i.kind = mine.kind and i.value = mine.value and i.void_at is null
              union all
              select i.person_id, true from person_identity i
              where mine.kind = 'phone' and mine.value like '%;ext=%' and i.client_id = mine.client_id and i.kind = 'phone'
                and i.value = split_part(mine.value, ';ext=', 1) and i.void_at is null
              union all
              select i.person_id, true from person_identity i
              where mine.kind = 'phone' and i.client_id = mine.client_id and i.kind = 'phone' and i.value like '%;ext=%'
                and split_part(i.value, ';ext=', 1) = mine.value and i.void_at is null) theirs
            join person p on p.id = theirs.person_id and p.merged_into is null
            join lead o on o.person_id = p.id join maturation m on m.lead_id = o.id
            where p.id <> mine.person_id and m.at > $5 and (o.returned_at is null or m.at > o.returned_at)
              and exists (select from delivery d where d.lead_id = o.id and d.maturation_id = m.id and d.event = 'lead.matured'
                            and d.state <> 'withdrawn')
              and not exists (select from delivery d join outcome x on x.delivery_id = d.id
                              where d.lead_id = o.id and d.maturation_id = m.id and x.kind in ('lost', 'returned')
                                and x.number = (select max(y.number) from outcome y where y.delivery_id = d.id))
              and not exists (select from person_pair k where k.verdict = 'different'
                                and k.earlier_id = least(mine.person_id, p.id) and k.later_id = greatest(mine.person_id, p.id))
            order by mine.person_id, m.at, m.id, theirs.is_behind"#,
            &columns.clients,
            &columns.kinds,
            &columns.values,
            &columns.persons,
            since.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        let mut first: BTreeMap<PersonId, FirstLead> = BTreeMap::new();
        // In the order in which they matured.
        for row in rows {
            let (of, whose) = (PersonId::from_uuid(row.person_id), PersonId::from_uuid(row.whose));
            let theirs = ReadName::read(row.name.as_deref().unwrap_or_default());
            let agrees = names.get(&of).is_some_and(|mine| may_be_behind(mine, &theirs));
            if row.is_behind && !agrees {
                continue;
            }
            let behind = row.is_behind.then_some(whose);
            let lead = LeadId::from_uuid(row.id);
            first.entry(of).or_insert(FirstLead { of, lead, matured_at: row.at.to_jiff(), behind });
        }
        Ok(first.into_values().collect())
    }

    /// Keeps these held deliveries from being routed until somebody says whether they are the same person's.
    pub async fn deliveries_hold_as_same(&mut self, held: &[(DeliveryId, LeadId)]) -> Result<(), StoreError> {
        let ids: Vec<_> = held.iter().map(|(id, _)| id.uuid()).collect();
        let firsts: Vec<_> = held.iter().map(|(_, first)| first.uuid()).collect();
        sqlx::query!(
            "-- perhaps_same.hold
            update delivery d set same_as = n.first from unnest($1::uuid[], $2::uuid[]) as n (id, first)
            where d.id = n.id and d.state = 'held'",
            &ids,
            &firsts
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What waits with this delivery, and the two persons; none where it does not wait for that.
    pub(crate) async fn held_as_same(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
    ) -> Result<Option<(LeadId, PersonPair)>, StoreError> {
        let row = sqlx::query!(
            r#"-- perhaps_same.of
            select d.lead_id, d.client_id, l.person_id as mine, o.person_id as theirs
            from delivery d join lead l on l.id = d.lead_id join lead o on o.id = d.same_as
            where d.id = $1 and d.state = 'held' and ($2::uuid is null or d.client_id = $2)"#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(row.map(|row| {
            let pair = PersonPair {
                earlier: PersonId::from_uuid(row.mine.min(row.theirs)),
                later: PersonId::from_uuid(row.mine.max(row.theirs)),
                client: ClientId::from_uuid(row.client_id),
            };
            (LeadId::from_uuid(row.lead_id), pair)
        }))
    }

    /// Has what waits of a lead routed at once: it is somebody else's.
    pub(crate) async fn same_let_go(&mut self, leads: &[LeadId], now: Timestamp) -> Result<u64, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let done = sqlx::query!(
            "-- perhaps_same.let_go
            update delivery set same_as = null, reason = case when undo_until > $2 then $3::text end, reason_code = null, due_at = greatest($2, undo_until), offered_until = $2
            where lead_id = any($1) and same_as is not null and state = 'held'",
            &leads,
            now.to_sqlx(),
            CAN_BE_TAKEN_BACK
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Has those wait for another lead whose first is no question any more, and returns those for whom there is none: they are
    /// to be let go. What somebody else holds is left for the next time.
    async fn same_move_on(&mut self, lapsed: &[LeadId], now: Timestamp) -> Result<Vec<LeadId>, StoreError> {
        let held: Vec<_> = self.leads_try_lock(&[], lapsed).await?.into_iter().map(|held| held.lead).collect();
        let lapsed: Vec<_> = lapsed.iter().copied().filter(|lead| !held.contains(lead)).collect();
        let rows = self.leads_lock(&lapsed).await?;
        let persons: Vec<_> = rows.iter().map(|row| row.person).collect();
        let reached = self.reached_under(&persons).await?;
        let locked = self.maturing_try_lock(&reached).await?;
        let known = self.persons_of(&persons).await?;
        let names = known.into_iter().map(|known| (known.person, known.profile.read_name())).collect();
        let others = self.first_leads(&reached, &names, now).await?;
        let mut free = Vec::new();
        for row in &rows {
            // Reached under nothing any more: nobody can be the same.
            let is_reached = reached.iter().any(|one| one.person == row.person);
            if is_reached && !locked.contains(&row.person) {
                continue;
            }
            // Only for what came before: two that waited for each other would wait for ever.
            let came_before = |other: &&FirstLead| {
                other.of == row.person && (Some(other.matured_at), other.lead) < (row.matured_at, row.id)
            };
            match others.iter().find(came_before) {
                None => free.push(row.id),
                Some(other) => self.same_now(row.id, other.lead).await?,
            }
        }
        Ok(free)
    }

    async fn same_now(&mut self, lead: LeadId, first: LeadId) -> Result<(), StoreError> {
        sqlx::query!(
            "-- perhaps_same.another
            update delivery set same_as = $2, reason = $3, reason_code = 'undated' where lead_id = $1 and same_as is not null and state = 'held'",
            lead.uuid(),
            first.uuid(),
            held_because(first)
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// Why a delivery waits, as the client reads it too: no names.
#[must_use]
pub fn held_because(first: LeadId) -> String {
    format!("perhaps the same person's as {first}")
}

impl Store {
    /// Lets go what waits for a lead that was returned, recalled or lost, or matured too long ago; returns how many leads.
    ///
    /// # Errors
    /// When the database is away: then it waits on.
    pub async fn sweep_perhaps_same(&self, now: Timestamp) -> Result<usize, StoreError> {
        let since = now.checked_sub(PERHAPS_SAME_WITHIN).unwrap_or(Timestamp::MIN);
        let lapsed = sqlx::query_scalar!(
            r#"-- perhaps_same.lapsed
            select d.lead_id from delivery d
            where d.same_as is not null and d.state = 'held' and not exists (
              select from lead o join maturation m on m.lead_id = o.id
              where o.id = d.same_as and m.at > $1 and (o.returned_at is null or m.at > o.returned_at)
                and exists (select from delivery e where e.lead_id = o.id and e.maturation_id = m.id and e.event = 'lead.matured'
                              and e.state <> 'withdrawn')
                and not exists (select from delivery e join outcome x on x.delivery_id = e.id
                                where e.lead_id = o.id and e.maturation_id = m.id and x.kind in ('lost', 'returned')
                                  and x.number = (select max(y.number) from outcome y where y.delivery_id = e.id)))
            order by d.created_at limit $2"#,
            since.to_sqlx(),
            LAPSED
        )
        .fetch_all(&self.pool)
        .await?;
        let (mut let_go, mut parts) = (0, SweepParts::default());
        // Few at a time: whoever writes a lead waits for no more than those.
        for some in lapsed.into_iter().map(LeadId::from_uuid).collect::<Vec<_>>().chunks(AT_ONCE) {
            match self.same_lapse(some, now).await {
                // Somebody was in the way of these; the others are nobody's business of theirs.
                Err(error) if error.is_conflict() => tracing::debug!(%error, "held leads are looked at again later"),
                done => let_go += parts.part(done)?,
            }
        }
        parts.end(let_go)
    }

    async fn same_lapse(&self, lapsed: &[LeadId], now: Timestamp) -> Result<usize, StoreError> {
        let mut tx = self.begin().await?;
        let free = tx.same_move_on(lapsed, now).await?;
        tx.same_let_go(&free, now).await?;
        tx.same_person_end(&free, None, now).await?;
        tx.commit().await?;
        Ok(free.len())
    }

    /// What has waited since then or longer, oldest first; `only` this delivery, where one is asked for. Of each client at most
    /// a thousand: one that has more hides nobody else's.
    pub async fn held_as_same_since(
        &self,
        scope: Scope,
        since: Timestamp,
        only: Option<DeliveryId>,
    ) -> Result<Vec<HeldAsSame>, StoreError> {
        let rows = sqlx::query!(
            r#"-- perhaps_same.waiting
            select w.id, w.lead_id, w.same_as as "same_as!", w.client_id, w.name, w.created_at, w.person as "person?", w.first_person as "first_person?",
                   (select string_agg(distinct r.name, ', ') from delivery e join endpoint x on x.id = e.endpoint_id
                    join rep r on r.id = coalesce(e.rep_id, x.rep_id)
                    where e.lead_id = w.same_as and e.event = 'lead.matured' and e.state <> 'withdrawn') as first_reps
            from (
              select d.id, d.lead_id, d.same_as, d.client_id, c.name, d.created_at,
                     coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person,
                     coalesce(nullif(concat_ws(' ', o.first_name, o.last_name), ''), o.name) as first_person,
                     row_number() over (partition by d.client_id order by d.created_at, d.id) as place
              from delivery d join client c on c.id = d.client_id
              -- Whoever waits is told of, named or not.
              left join lead l on l.id = d.lead_id left join person p on p.id = l.person_id
              left join lead f on f.id = d.same_as left join person o on o.id = f.person_id
              where d.same_as is not null and d.state = 'held' and d.created_at <= $1 and ($2::uuid is null or d.client_id = $2)
                and ($3::uuid is null or d.id = $3)
            ) w where w.place <= 1000 order by w.created_at, w.id"#,
            since.to_sqlx(),
            scope.client_uuid(),
            only.map(DeliveryId::uuid) as Option<Uuid>
        )
        .fetch_all(&self.lists)
        .await?;
        let held = rows.into_iter().map(|row| HeldAsSame {
            delivery: DeliveryId::from_uuid(row.id),
            lead: LeadId::from_uuid(row.lead_id),
            first: LeadId::from_uuid(row.same_as),
            client: ClientId::from_uuid(row.client_id),
            client_name: row.name,
            person: row.person,
            first_person: row.first_person,
            first_reps: row.first_reps,
            since: row.created_at.to_jiff(),
        });
        Ok(held.collect())
    }
}

#[cfg(test)]
mod tests;
