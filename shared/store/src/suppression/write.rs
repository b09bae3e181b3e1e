//! Entries are added and lifted here, with what follows for the leads of everybody who is reached there.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, PersonId},
};
use uuid::Uuid;

use crate::{Scope, StoreError, Transaction};

/// With how many entries the persons reached are looked up one by one; of more, all identities are read once.
const FEW: usize = 1_000;

/// What entries that are added together have in common.
#[derive(Debug, Clone, Copy)]
pub struct NewSuppression<'a> {
    /// For which client; for the whole firm where none.
    pub client: Option<ClientId>,
    /// Why, in words.
    pub why: &'a str,
    /// Who asked for it.
    pub by: &'a str,
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
    /// Adds entries; returns how many were not there yet.
    pub async fn suppress(
        &mut self,
        scope: Scope,
        new: &NewSuppression<'_>,
        identities: &[Identity],
    ) -> Result<u64, StoreError> {
        let (kinds, values) = identities_as_columns(identities);
        let done = sqlx::query!(
            "-- suppression.insert
            insert into suppression (hash, client_id, reason, by, at)
            select identity_hash(k.inner_pad, k.outer_pad, w.kind, w.value) as hash, $3::uuid, $4, $5, $6
            from suppression_key k cross join unnest($1::text[], $2::text[]) as w (kind, value)
            where $7::uuid is null or $7 = $3
            order by hash on conflict do nothing",
            &kinds,
            &values,
            new.client.map(ClientId::uuid) as Option<Uuid>,
            new.why,
            new.by,
            new.at.to_sqlx(),
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }

    /// Adds an entry for every address and number of those of these persons who asked for it themselves, for their client.
    pub async fn suppress_persons(&mut self, persons: &[PersonId], new: &NewSuppression<'_>) -> Result<(), StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        sqlx::query!(
            "-- suppression.insert_of_persons
            insert into suppression (hash, client_id, reason, by, at)
            select identity_hash(k.inner_pad, k.outer_pad, i.kind, i.value) as hash, i.client_id, $2, $3, $4
            from suppression_key k cross join person_identity i where i.person_id = any($1)
              and exists (select from lead l join touch t on t.lead_id = l.id
                          where l.person_id = i.person_id and t.disposition = 'do_not_contact')
            order by hash, i.client_id on conflict do nothing",
            &persons,
            new.why,
            new.by,
            new.at.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What follows for everybody who is reached under these: their open leads are decided again, which closes them, and who
    /// had one is told. Comes after the entries were added.
    pub async fn suppression_follow(
        &mut self,
        scope: Scope,
        new: &NewSuppression<'_>,
        identities: &[Identity],
    ) -> Result<SuppressionEffect, StoreError> {
        let scope = new.client.map_or(scope, |client| scope.within(client));
        let persons = match identities.len() {
            0..=FEW => self.persons_reached(scope, identities).await?,
            _ => self.persons_suppressed_at(scope, new.at).await?,
        };
        self.suppression_effect(&persons, new).await
    }

    /// What follows when a person asks not to be contacted: every address and number of theirs is suppressed for the client,
    /// whoever else is reached there.
    pub(crate) async fn person_opt_out(
        &mut self,
        (scope, person): (Scope, PersonId),
        new: &NewSuppression<'_>,
    ) -> Result<SuppressionEffect, StoreError> {
        self.suppress_persons(&[person], new).await?;
        let identities: Vec<_> =
            self.identities_of(&[person]).await?.into_iter().map(|(_, identity)| identity).collect();
        let mut persons = self.persons_reached(scope, &identities).await?;
        if !persons.contains(&person) {
            persons.push(person);
        }
        self.suppression_effect(&persons, new).await
    }

    async fn suppression_effect(
        &mut self,
        persons: &[PersonId],
        new: &NewSuppression<'_>,
    ) -> Result<SuppressionEffect, StoreError> {
        if persons.is_empty() {
            return Ok(SuppressionEffect::default());
        }
        // In the order of a batch, which writes persons before deliveries, and those before regrades.
        self.persons_must_not_be_contacted(persons, new.at).await?;
        let told = self.enqueue_suppressed(persons, new.why, new.at).await?;
        let leads = self.regrade_ask_persons(persons, new.why, new.at).await?;
        Ok(SuppressionEffect { persons: persons.len(), leads, told })
    }

    /// Who is reached under these. A number without an extension is that of everybody behind it.
    async fn persons_reached(&mut self, scope: Scope, identities: &[Identity]) -> Result<Vec<PersonId>, StoreError> {
        let (kinds, values) = identities_as_columns(identities);
        let rows = sqlx::query!(
            r#"-- suppression.reached
            select distinct i.person_id from client c cross join unnest($1::text[], $2::text[]) as w (kind, value)
            join person_identity i on i.client_id = c.id and i.kind = w.kind and (i.value = w.value
              or i.kind = 'phone' and i.value like w.value || ';ext=%')
            where $3::uuid is null or c.id = $3"#,
            &kinds,
            &values,
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| PersonId::from_uuid(row.person_id)).collect())
    }

    /// Who is reached under what was added at this instant.
    async fn persons_suppressed_at(&mut self, scope: Scope, at: Timestamp) -> Result<Vec<PersonId>, StoreError> {
        let rows = sqlx::query!(
            r#"-- suppression.reached_since
            select distinct i.person_id from suppression_key k cross join person_identity i
            join suppression s on s.hash = any(identity_hashes(k.inner_pad, k.outer_pad, i.kind, i.value))
              and (s.client_id is null or s.client_id = i.client_id) and s.at = $1
            where $2::uuid is null or i.client_id = $2"#,
            at.to_sqlx(),
            scope.client_uuid()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| PersonId::from_uuid(row.person_id)).collect())
    }

    /// Takes an entry away. Whoever is reached there may be contacted again, also where that was their own wish, unless they
    /// are suppressed under something else.
    pub async fn suppression_lift(
        &mut self,
        scope: Scope,
        (client, identity): (Option<ClientId>, &Identity),
        now: Timestamp,
    ) -> Result<LiftedSuppression, StoreError> {
        if !self.suppression_delete(scope, client, identity).await? {
            return Ok(LiftedSuppression::default());
        }
        let scope = client.map_or(scope, |client| scope.within(client));
        let reached = self.persons_reached(scope, std::slice::from_ref(identity)).await?;
        let barred: Vec<_> = self.persons_barred(&reached, &[]).await?.into_iter().map(|one| one.person).collect();
        let free: Vec<_> = reached.into_iter().filter(|person| !barred.contains(person)).collect();
        self.persons_may_be_contacted(&free, now).await?;
        Ok(LiftedSuppression { was_there: true, free: free.len(), still_barred: barred.len() })
    }

    async fn suppression_delete(
        &mut self,
        scope: Scope,
        client: Option<ClientId>,
        identity: &Identity,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- suppression.delete
            delete from suppression s using suppression_key k
            where s.hash = identity_hash(k.inner_pad, k.outer_pad, $1, $2) and s.client_id is not distinct from $3::uuid
              and ($4::uuid is null or $4 = s.client_id)",
            identity.kind(),
            identity.value(),
            client.map(ClientId::uuid) as Option<Uuid>,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected() > 0)
    }
}
