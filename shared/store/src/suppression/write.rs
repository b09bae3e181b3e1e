//! Entries are added and lifted here, with what follows for the leads of everybody who is reached there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, PersonId},
    said_by::SaidBy,
};
use uuid::Uuid;

use super::left_beside::LeftBeside;
use crate::{Scope, StoreError, Transaction, person::pair::PersonPair};

/// Why somebody must not be contacted who said so.
pub const ASKED: &str = "the person asked not to be contacted";

/// Why somebody must not be contacted of whom a sender says so.
pub const SENDER_SAID: &str = "its sender says that the person must not be contacted";

/// So many entries, and the persons of so many, are one statement's: a list of any length keeps within its limit.
const PIECE: usize = 5_000;

/// What entries that are added together have in common.
#[derive(Debug, Clone, Copy)]
pub struct NewSuppression<'a> {
    /// For which client; for the whole firm where none.
    pub client: Option<ClientId>,
    /// Why, in words.
    pub why: &'a str,
    /// Who asked for it.
    pub by: SaidBy<'a>,
    /// When.
    pub at: Timestamp,
}

/// What follows from entries that were added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SuppressionEffect {
    /// Persons who are reached there.
    pub persons: usize,
    /// Their open leads: the next decision closes them.
    pub leads: u64,
    /// Endpoints that had a lead of theirs and are told, counted per lead.
    pub told: usize,
}

/// What became of an entry that was to be lifted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiftedSuppression {
    /// There was such an entry.
    pub was_there: bool,
    /// Known persons who may be contacted again.
    pub free: usize,
    /// Known persons who are suppressed under something else, or for the firm.
    pub still_barred: usize,
}

/// Kinds and values, each as a column.
fn identities_as_columns(identities: &[Identity]) -> (Vec<String>, Vec<String>) {
    identities.iter().map(|identity| (identity.kind().to_owned(), identity.value().to_owned())).unzip()
}

impl Transaction {
    /// Adds entries; returns how many were not there yet. Whoever adds many in several statements sorts them first. What is decided
    /// meanwhile without them is found afterwards.
    pub async fn suppress(
        &mut self,
        scope: Scope,
        new: &NewSuppression<'_>,
        identities: &[Identity],
    ) -> Result<u64, StoreError> {
        let (kinds, values) = identities_as_columns(identities);
        let pads = self.hash_pads().await?;
        // In the order of what was written and not of its hashes: a list of many statements keeps it over all of them, so that two
        // lists at once wait for each other at one place and not crosswise.
        let done = sqlx::query!(
            r#"-- suppression.insert
            insert into suppression (hash, client_id, reason, by, at)
            select identity_hash($8, $9, w.kind, suppressed_as(w.kind, w.value)) as hash, $3::uuid, $4, $5, $6
            from unnest($1::text[], $2::text[]) as w (kind, value)
            where $7::uuid is null or $7 = $3
            order by w.kind collate "C", suppressed_as(w.kind, w.value) collate "C" on conflict do nothing"#,
            &kinds,
            &values,
            new.client.map(ClientId::uuid) as Option<Uuid>,
            new.why,
            new.by.to_string(),
            new.at.to_sqlx(),
            scope.client_uuid(),
            &pads.inner,
            &pads.outer
        )
        .execute(self.connection())
        .await?;
        self.suppression_look_again(new.at).await?;
        Ok(done.rows_affected())
    }

    /// Adds an entry for every address and number of those of these persons who asked for it themselves and whose wish was not lifted
    /// since, for their client.
    pub async fn suppress_persons(&mut self, persons: &[PersonId], new: &NewSuppression<'_>) -> Result<(), StoreError> {
        let uuids: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query_scalar!(
            "-- suppression.who_asked
            select distinct l.person_id from lead l join touch t on t.lead_id = l.id
            where l.person_id = any($1) and t.disposition = 'do_not_contact' and t.wish_lifted_at is null",
            &uuids
        )
        .fetch_all(self.connection())
        .await?;
        let asked: Vec<_> = rows.into_iter().map(PersonId::from_uuid).collect();
        if asked.is_empty() { Ok(()) } else { self.suppress_all_of(&asked, new).await }
    }

    /// Adds an entry for every address and number under which these persons are reached, by which they are known or left beside, for
    /// their client.
    async fn suppress_all_of(&mut self, persons: &[PersonId], new: &NewSuppression<'_>) -> Result<(), StoreError> {
        let (mut kinds, mut values, mut clients) = (Vec::new(), Vec::new(), Vec::new());
        for LeftBeside { client, identity, .. } in self.left_beside(persons).await? {
            kinds.push(identity.kind().to_owned());
            values.push(identity.value().to_owned());
            clients.push(client.uuid());
        }
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let pads = self.hash_pads().await?;
        sqlx::query!(
            r#"-- suppression.insert_of_persons
            insert into suppression (hash, client_id, reason, by, at)
            select identity_hash($5, $6, w.kind, suppressed_as(w.kind, w.value)) as hash, w.client_id, $2, $3, $4
            from (select kind, value, client_id from person_identity where person_id = any($1) and void_at is null
                  union all
                  select * from unnest($7::text[], $8::text[], $9::uuid[])) w (kind, value, client_id)
            order by w.kind collate "C", suppressed_as(w.kind, w.value) collate "C", w.client_id on conflict do nothing"#,
            &persons,
            new.why,
            new.by.to_string(),
            new.at.to_sqlx(),
            &pads.inner,
            &pads.outer,
            &kinds,
            &values,
            &clients
        )
        .execute(self.connection())
        .await?;
        self.suppression_look_again(new.at).await
    }

    /// What follows for everybody who is reached under these: their open leads are decided again, which closes them, and who
    /// had one is told, once. Comes after the entries were added, and once more where they were there before: whatever is open
    /// nevertheless is closed.
    pub async fn suppression_follow(
        &mut self,
        scope: Scope,
        new: &NewSuppression<'_>,
        identities: &[Identity],
    ) -> Result<SuppressionEffect, StoreError> {
        let scope = new.client.map_or(scope, |client| scope.within(client));
        let mut persons = BTreeSet::new();
        for piece in identities.chunks(PIECE) {
            persons.extend(self.persons_reached(scope, piece).await?);
        }
        // Last, so that persons and leads are locked as shortly as possible.
        self.suppression_effects(&persons.into_iter().collect::<Vec<_>>(), new.at).await
    }

    /// The same, and for a person who is meant: one who is reached there under a number that is a stranger's is not.
    pub async fn suppression_follow_person(
        &mut self,
        (scope, person): (Scope, PersonId),
        new: &NewSuppression<'_>,
        identities: &[Identity],
    ) -> Result<SuppressionEffect, StoreError> {
        let scope = new.client.map_or(scope, |client| scope.within(client));
        let mut persons = self.persons_reached(scope, identities).await?;
        if !persons.contains(&person) {
            persons.push(person);
        }
        self.suppression_effect(&persons, new.why, new.at).await
    }

    /// What follows for persons who are barred already or since now, each for the reason of the entry that bars them.
    pub(super) async fn suppression_effects(
        &mut self,
        persons: &[PersonId],
        now: Timestamp,
    ) -> Result<SuppressionEffect, StoreError> {
        let mut all = SuppressionEffect::default();
        for piece in persons.chunks(PIECE) {
            let mut by_reason: BTreeMap<String, Vec<PersonId>> = BTreeMap::new();
            for barred in self.persons_barred(piece, &[]).await? {
                by_reason.entry(barred.why).or_default().push(barred.person);
            }
            for (why, persons) in by_reason {
                let effect = self.suppression_effect(&persons, &why, now).await?;
                all.persons += effect.persons;
                all.leads += effect.leads;
                all.told += effect.told;
            }
        }
        Ok(all)
    }

    /// What follows when a person asks not to be contacted: every address and number of theirs is suppressed for the client,
    /// whoever else is reached there. A number that is void for them is a stranger's, who asked for nothing.
    pub(crate) async fn person_opt_out(
        &mut self,
        (scope, person): (Scope, PersonId),
        new: &NewSuppression<'_>,
    ) -> Result<SuppressionEffect, StoreError> {
        self.suppress_persons(&[person], new).await?;
        self.person_opt_out_follow((scope, person), new).await
    }

    /// The wish of two persons who are about to be one: why nobody may contact them, where either asked for that or is
    /// suppressed. Of a person whose wish was lifted since none is left.
    pub(crate) async fn wish_of_both(&mut self, pair: PersonPair) -> Result<Option<String>, StoreError> {
        let both = [pair.earlier, pair.later];
        if let Some(barred) = self.persons_barred(&both, &[]).await?.into_iter().next() {
            return Ok(Some(barred.why));
        }
        let flagged = self.persons_of(&both).await?.iter().any(|known| known.do_not_contact);
        Ok(flagged.then(|| ASKED.to_owned()))
    }

    /// What follows where a person must not be contacted, whoever says so, such as where the wish of one person is that of another, who is
    /// the same: everything that they are reached under by now is suppressed for the client, and who ever had a lead of theirs is told.
    pub async fn person_suppress(
        &mut self,
        (scope, person): (Scope, PersonId),
        new: &NewSuppression<'_>,
    ) -> Result<SuppressionEffect, StoreError> {
        self.suppress_all_of(&[person], new).await?;
        self.person_opt_out_follow((scope, person), new).await
    }

    /// Whoever is reached where this person is, and the person, must not be contacted.
    async fn person_opt_out_follow(
        &mut self,
        (scope, person): (Scope, PersonId),
        new: &NewSuppression<'_>,
    ) -> Result<SuppressionEffect, StoreError> {
        let identities = self.ways_of(person).await?;
        let mut persons = self.persons_reached(scope, &identities).await?;
        if !persons.contains(&person) {
            persons.push(person);
        }
        self.suppression_effect(&persons, new.why, new.at).await
    }

    /// Every address and number under which a person is reached: known by, or left beside.
    pub(crate) async fn ways_of(&mut self, person: PersonId) -> Result<Vec<Identity>, StoreError> {
        let known = self.reached_under(&[person]).await?.into_iter().map(|one| one.identity);
        let mut ways: BTreeSet<_> = known.collect();
        ways.extend(self.left_beside(&[person]).await?.into_iter().map(|one| one.identity));
        Ok(ways.into_iter().collect())
    }

    async fn suppression_effect(
        &mut self,
        persons: &[PersonId],
        why: &str,
        now: Timestamp,
    ) -> Result<SuppressionEffect, StoreError> {
        if persons.is_empty() {
            return Ok(SuppressionEffect::default());
        }
        // In the order of a batch, which writes persons before deliveries, and those before regrades.
        self.persons_must_not_be_contacted(persons, now).await?;
        let told = self.enqueue_suppressed(persons, why, now).await?;
        let leads = self.regrade_ask_persons(persons, why, now).await?;
        Ok(SuppressionEffect { persons: persons.len(), leads, told })
    }

    /// Who is reached under these, an address in any spelling of its mailbox. A number without an extension is that of everybody behind it.
    pub(crate) async fn persons_reached(
        &mut self,
        scope: Scope,
        identities: &[Identity],
    ) -> Result<Vec<PersonId>, StoreError> {
        let (kinds, values) = identities_as_columns(identities);
        let rows = sqlx::query!(
            r#"-- suppression.reached
            select distinct i.person_id as "person_id!" from unnest($1::text[], $2::text[]) as w (kind, value)
            cross join lateral (
              select client_id, person_id, void_at from person_identity where kind = w.kind and value = w.value
              union all
              select client_id, person_id, void_at from person_identity
              where kind = 'email' and w.kind = 'email' and email_mailbox(value) = email_mailbox(w.value)
              union all
              select client_id, person_id, void_at from person_identity
              where kind = 'phone' and w.kind = 'phone' and value like '%;ext=%' and split_part(value, ';ext=', 1) = w.value) i
            where i.void_at is null and ($3::uuid is null or i.client_id = $3)"#,
            &kinds,
            &values,
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| PersonId::from_uuid(row.person_id)).collect())
    }

    /// For whom this is known to lead to somebody else.
    async fn persons_not_reached(&mut self, scope: Scope, identity: &Identity) -> Result<Vec<PersonId>, StoreError> {
        let rows = sqlx::query_scalar!(
            "-- suppression.not_reached
            select distinct person_id from person_identity
            where kind = $1 and value = $2 and void_at is not null and ($3::uuid is null or client_id = $3)",
            identity.kind(),
            identity.value(),
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(PersonId::from_uuid).collect())
    }

    /// Takes entries away; those that were not there are none. Whoever is reached there may be contacted again, also where that was
    /// their own wish, unless they are suppressed under something else. Counted when all are gone: each person once.
    pub async fn suppressions_lift(
        &mut self,
        scope: Scope,
        (client, identities): (Option<ClientId>, &[Identity]),
        now: Timestamp,
    ) -> Result<LiftedSuppression, StoreError> {
        let mut lifted = Vec::new();
        for identity in identities {
            // Entries of versions before may be of the mailbox's other name: they bar it all the same.
            let mut was_there = self.suppression_delete(scope, client, identity).await?;
            if let Some(twin) = identity.twin() {
                was_there |= self.suppression_delete(scope, client, &twin).await?;
            }
            if was_there {
                lifted.push(identity.clone());
            }
        }
        if lifted.is_empty() {
            return Ok(LiftedSuppression::default());
        }
        let scope = client.map_or(scope, |client| scope.within(client));
        let reached = self.persons_reached(scope, &lifted).await?;
        let barred: Vec<_> = self.persons_barred(&reached, &[]).await?.into_iter().map(|one| one.person).collect();
        let free: Vec<_> = reached.iter().copied().filter(|person| !barred.contains(person)).collect();
        // A wish is said to a client: with an entry of that client's it ends also for who is barred by another one, of which nothing
        // more is to follow. The firm's entry is not theirs.
        self.wishes_lift(if client.is_some() { &reached } else { &free }, now).await?;
        self.persons_may_be_contacted(&free, now).await?;
        // Barred while it still led to them; their own wish is about other addresses and stays.
        for identity in &lifted {
            let not_reached = self.persons_not_reached(scope, identity).await?;
            self.persons_free_unless_barred(&not_reached, now).await?;
        }
        Ok(LiftedSuppression { was_there: true, free: free.len(), still_barred: barred.len() })
    }

    async fn suppression_delete(
        &mut self,
        scope: Scope,
        client: Option<ClientId>,
        identity: &Identity,
    ) -> Result<bool, StoreError> {
        let pads = self.hash_pads().await?;
        let done = sqlx::query!(
            "-- suppression.delete
            delete from suppression s
            where s.hash in (identity_hash($5, $6, $1, $2), identity_hash($5, $6, $1, suppressed_as($1, $2)))
              and s.client_id is not distinct from $3::uuid
              and ($4::uuid is null or $4 = s.client_id)",
            identity.kind(),
            identity.value(),
            client.map(ClientId::uuid) as Option<Uuid>,
            scope.client_uuid(),
            &pads.inner,
            &pads.outer
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() > 0)
    }
}
