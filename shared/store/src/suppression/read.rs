//! Who must not be contacted, and why: for a batch under its locks, and for people who ask.

use jiff::Timestamp;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, LeadId, PersonId},
};
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, delivery::perhaps_same::ReachedPerson, suppression::write::ASKED};

/// An entry that bars an address or a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionRecord {
    /// The client's slug; none for the whole firm.
    pub client: Option<String>,
    /// Why.
    pub why: String,
    /// Who asked for it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// It bars the number, whatever the extension behind it.
    pub of_whole_number: bool,
}

/// A person who must not be contacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarredPerson {
    /// Who.
    pub person: PersonId,
    /// Why, in words.
    pub why: String,
}

impl Transaction {
    /// Which of these persons must not be contacted under anything that leads to them, or is about to. The number that clients
    /// are given of them counts whatever is known of it.
    pub async fn persons_barred(
        &mut self,
        persons: &[PersonId],
        new: &[ReachedPerson],
    ) -> Result<Vec<BarredPerson>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let of: Vec<_> = new.iter().map(|one| one.person.uuid()).collect();
        let clients: Vec<_> = new.iter().map(|one| one.client.uuid()).collect();
        let kinds: Vec<_> = new.iter().map(|one| one.identity.kind().to_owned()).collect();
        let values: Vec<_> = new.iter().map(|one| one.identity.value().to_owned()).collect();
        let pads = self.hash_pads().await?;
        let rows = sqlx::query!(
            r#"-- suppression.of_persons
            select distinct on (i.person_id) i.person_id as "person_id!", s.reason as "reason!"
            from (select person_id, client_id, kind, value from person_identity where person_id = any($1) and void_at is null
                  union all
                  select id, client_id, 'phone', phone || coalesce(';ext=' || phone_extension, '')
                  from person where id = any($1) and phone is not null
                  union all
                  select ($2::uuid[])[n], ($3::uuid[])[n], ($4::text[])[n], ($5::text[])[n]
                  from generate_subscripts($2::uuid[], 1) n) i
            join suppression s on s.hash = any(identity_hashes($6, $7, i.kind, i.value))
              and (s.client_id is null or s.client_id = i.client_id)
            where (select true from suppression limit 1)
            order by i.person_id, s.at"#,
            &persons,
            &of,
            &clients,
            &kinds,
            &values,
            &pads.inner,
            &pads.outer
        )
        .fetch_all(self.connection())
        .await?;
        let barred = rows.into_iter();
        Ok(barred.map(|row| BarredPerson { person: PersonId::from_uuid(row.person_id), why: row.reason }).collect())
    }

    /// Why a person must not be contacted: in the words of an entry, else because they asked for it themselves, which stays with them
    /// though nothing that was suppressed then leads to them any more. None where they may be, and of nobody outside of the scope. Of many
    /// leads [`Store::leads_barred`] answers the same.
    pub async fn person_barred(&mut self, scope: Scope, person: PersonId) -> Result<Option<String>, StoreError> {
        let asked = sqlx::query_scalar!(
            "-- suppression.asked
            select do_not_contact from person where id = $1 and ($2::uuid is null or client_id = $2)",
            person.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(asked) = asked else { return Ok(None) };
        let entry = self.persons_barred(&[person], &[]).await?.pop().map(|barred| barred.why);
        Ok(entry.or_else(|| asked.then(|| ASKED.to_owned())))
    }
}

impl Store {
    /// Whose person of these leads must not be contacted: under anything that leads to them, or because they asked for it themselves. The
    /// same rule as [`Transaction::person_barred`].
    pub async fn leads_barred(&self, scope: Scope, leads: &[LeadId]) -> Result<Vec<LeadId>, StoreError> {
        let leads: Vec<_> = leads.iter().map(|lead| lead.uuid()).collect();
        let pads = self.hash_pads().await?;
        let rows = sqlx::query_scalar!(
            "-- suppression.of_leads
            select l.id from lead l
            where l.id = any($1) and ($2::uuid is null or l.client_id = $2)
              and (exists (select from person p where p.id = l.person_id and p.do_not_contact)
                   or (select true from suppression limit 1) and exists (
                select from (select kind, value from person_identity where person_id = l.person_id and void_at is null
                             union all
                             select 'phone', phone || coalesce(';ext=' || phone_extension, '')
                             from person where id = l.person_id and phone is not null) i
                join suppression s on s.hash = any(identity_hashes($3, $4, i.kind, i.value))
                  and (s.client_id is null or s.client_id = l.client_id)))",
            &leads,
            scope.client_uuid(),
            &pads.inner,
            &pads.outer
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(LeadId::from_uuid).collect())
    }

    /// The entries that bar an address or number, for any client of the scope or for the one named: the firm's first.
    pub async fn suppressions(
        &self,
        scope: Scope,
        client: Option<ClientId>,
        identity: &Identity,
    ) -> Result<Vec<SuppressionRecord>, StoreError> {
        let pads = self.hash_pads().await?;
        let rows = sqlx::query!(
            r#"-- suppression.check
            select c.slug as "slug?", s.reason, s.by, s.at,
                   $1 = 'phone' and s.hash <> identity_hash($5, $6, $1, $2) as "of_whole_number!"
            from suppression s left join client c on c.id = s.client_id
            where s.hash = any(identity_hashes($5, $6, $1, $2))
              and ($3::uuid is null or s.client_id is null or s.client_id = $3)
              and ($4::uuid is null or s.client_id is null or s.client_id = $4)
            order by s.client_id is not null, c.slug, s.at"#,
            identity.kind(),
            identity.value(),
            client.map(ClientId::uuid) as Option<Uuid>,
            scope.client_uuid(),
            &pads.inner,
            &pads.outer
        )
        .fetch_all(&self.pool)
        .await?;
        let found = rows.into_iter().map(|row| SuppressionRecord {
            client: row.slug,
            why: row.reason,
            by: row.by,
            at: row.at.to_jiff(),
            of_whole_number: row.of_whole_number,
        });
        Ok(found.collect())
    }
}

#[cfg(test)]
mod tests;
