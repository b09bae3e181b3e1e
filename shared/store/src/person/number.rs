//! Numbers that turned out to be somebody else's: void for the person until somebody says that they are right after all. The
//! number stays noted, so that an arrival that brings it again neither sets it nor is recognised by it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::{Identity, Phone},
    id::{ClientId, LeadId, PersonId},
    said_by::SaidBy,
};

use crate::{Scope, Store, StoreError, Transaction};

/// What somebody says of a number of a person.
#[derive(Debug, Clone, Copy)]
pub struct NumberWord<'a> {
    /// The number; without an extension it is meant with each.
    pub phone: &'a Phone,
    /// It leads to the person.
    pub is_right: bool,
    /// Who says so.
    pub by: SaidBy<'a>,
    /// When.
    pub at: Timestamp,
}

/// What became of a word about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberJudged {
    /// It is kept, and the person's open leads are decided again.
    Done {
        /// Whose person it is.
        client: ClientId,
        /// Whose number.
        person: PersonId,
        /// Open leads.
        leads: u64,
    },
    /// No such person in the scope.
    Unknown,
    /// The person was never known by that number.
    NotTheirs,
    /// It was known already.
    Again,
}

/// A number that a person is or was known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonNumber {
    /// Whose person.
    pub client: ClientId,
    /// Whose number.
    pub person: PersonId,
    /// The number.
    pub phone: Phone,
    /// It does not lead to the person.
    pub is_void: bool,
}

/// A number that leads to somebody else than the person who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidNumber {
    /// The number.
    pub phone: String,
    /// Since when that is known.
    pub at: Timestamp,
    /// Who said so.
    pub by: String,
}

/// Those of a person's numbers that are meant by one: without an extension it stands for itself with each.
fn meant(identities: &BTreeSet<(ClientId, Identity)>, phone: &Phone) -> Vec<String> {
    let is_meant = |identity: &Identity| match identity {
        Identity::Phone(known) => known == phone || known.number() == phone.as_str(),
        Identity::Email(_) => false,
    };
    let meant = identities.iter().map(|(_, identity)| identity).filter(|identity| is_meant(identity));
    meant.map(|identity| identity.value().to_owned()).collect()
}

impl Transaction {
    /// The number under which a person is phoned.
    pub(crate) async fn number_of(&mut self, person: PersonId) -> Result<Option<Phone>, StoreError> {
        let value = sqlx::query_scalar!(
            "-- person.number
            select phone || coalesce(';ext=' || phone_extension, '') from person where id = $1",
            person.uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(value.flatten().and_then(|value| stored_phone(&value)))
    }

    /// The number that the person was phoned by is somebody else's. Under the locks of the person.
    pub(crate) async fn number_void(
        &mut self,
        person: PersonId,
        phone: &Phone,
        (by, at): (SaidBy<'_>, Timestamp),
    ) -> Result<(), StoreError> {
        let identities: BTreeSet<_> = self.identities_of(&[person]).await?.into_iter().collect();
        let word = NumberWord { phone, is_right: false, by, at };
        let mut values = meant(&identities, phone);
        if values.is_empty() {
            // Noted by a version that knew no extensions: the number alone is all there is to mark.
            values = meant(&identities, &phone.with_extension(""));
        }
        values.push(phone.as_str().to_owned());
        self.number_mark_void(person, &values, &word).await?;
        Ok(())
    }

    /// Every number that a person of the scope is or was known by.
    pub async fn person_numbers(&mut self, scope: Scope, person: PersonId) -> Result<Vec<PersonNumber>, StoreError> {
        let known = self.numbers_of(&[person]).await?;
        Ok(known.into_iter().filter(|number| scope.covers(number.client)).collect())
    }

    /// Every number that these persons are or were known by.
    pub async fn numbers_of(&mut self, persons: &[PersonId]) -> Result<Vec<PersonNumber>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- person.numbers
            select client_id, person_id, value, void_at is not null as "is_void!" from person_identity
            where person_id = any($1) and kind = 'phone'"#,
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        let numbers = rows.into_iter().map(|row| {
            Ok(PersonNumber {
                client: ClientId::from_uuid(row.client_id),
                person: PersonId::from_uuid(row.person_id),
                phone: stored_phone(&row.value).ok_or_else(|| StoreError::Corrupt("a number".to_owned()))?,
                is_void: row.is_void,
            })
        });
        numbers.collect()
    }

    /// In which country a person's numbers without a country code are meant: the person's, else the client's.
    pub async fn country_of_person(&mut self, scope: Scope, person: PersonId) -> Result<Option<String>, StoreError> {
        let country = sqlx::query_scalar!(
            r#"-- person.country
            select coalesce(p.country, c.country) as "country!" from person p join client c on c.id = p.client_id
            where p.id = $1 and ($2::uuid is null or p.client_id = $2)"#,
            person.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(country)
    }

    /// Keeps what somebody says of a number: void, it is no way to the person; right, it is one again.
    pub async fn number_judge(
        &mut self,
        scope: Scope,
        person: PersonId,
        word: &NumberWord<'_>,
    ) -> Result<NumberJudged, StoreError> {
        let identities: BTreeSet<_> = self.identities_of(&[person]).await?.into_iter().collect();
        self.identities_wait_lock(&identities).await?;
        // A batch that has read the person holds the lead: it writes back what it read.
        self.leads_lock_of(&[person]).await?;
        let Some(client) = self.person_to_judge(scope, person).await? else { return Ok(NumberJudged::Unknown) };
        let meant = meant(&identities, word.phone);
        if meant.is_empty() {
            return Ok(NumberJudged::NotTheirs);
        }
        let changed = match word.is_right {
            true => self.number_restore(person, &meant, (None, word.at)).await?,
            false => self.number_mark_void(person, &meant, word).await?,
        };
        if changed == 0 {
            return Ok(NumberJudged::Again);
        }
        let why = if word.is_right { "a number is right after all" } else { "a number is somebody else's" };
        let leads = self.regrade_ask_persons(&[person], why, word.at).await?;
        Ok(NumberJudged::Done { client, person, leads })
    }

    async fn person_to_judge(&mut self, scope: Scope, person: PersonId) -> Result<Option<ClientId>, StoreError> {
        let client = sqlx::query_scalar!(
            "-- person.to_judge
            select client_id from person where id = $1 and merged_into is null and ($2::uuid is null or client_id = $2)
            for update",
            person.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(client.map(ClientId::from_uuid))
    }

    async fn number_mark_void(
        &mut self,
        person: PersonId,
        values: &[String],
        word: &NumberWord<'_>,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- person.number_mark_void
            with gone as (
              update person set phone = null, phone_extension = null, updated_at = $3
              where id = $1 and (phone = any($2) or phone || ';ext=' || phone_extension = any($2))
            )
            update person_identity set void_at = $3, void_by = $4
            where person_id = $1 and kind = 'phone' and value = any($2) and void_at is null",
            person.uuid(),
            values,
            word.at.to_sqlx(),
            word.by.to_string()
        )
        .execute(self.connection())
        .await?;
        // Whoever really has the number may have asked not to be contacted: that was no wish of this person.
        self.persons_free_unless_barred(&[person], word.at).await?;
        Ok(done.rows_affected())
    }

    /// What a touch said of the person's number at `voided_at` is unsaid; what was void before it stays void. Under the locks of
    /// the person.
    pub(crate) async fn number_bring_back(
        &mut self,
        person: PersonId,
        voided_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = self.identities_of(&[person]).await?;
        let values: Vec<_> = known.iter().map(|(_, identity)| identity.value().to_owned()).collect();
        if self.number_restore(person, &values, (Some(voided_at), now)).await? > 0 {
            self.regrade_ask_persons(&[person], "a number is right after all", now).await?;
        }
        Ok(())
    }

    /// The person is phoned by it where there is no other number. Only what became void at `voided_at`, where that is given.
    async fn number_restore(
        &mut self,
        person: PersonId,
        values: &[String],
        (voided_at, now): (Option<Timestamp>, Timestamp),
    ) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- person.number_restore
            with known as (
              update person set phone = split_part(r.value, ';ext=', 1), phone_extension = nullif(split_part(r.value, ';ext=', 2), ''),
                                updated_at = $3
              from (select min(value) as value from person_identity
                    where person_id = $1 and kind = 'phone' and value = any($2) and void_at is not null
                      and ($4::timestamptz is null or void_at = $4)) r
              where id = $1 and phone is null and r.value is not null
            )
            update person_identity set void_at = null, void_by = null
            where person_id = $1 and kind = 'phone' and value = any($2) and void_at is not null
              and ($4::timestamptz is null or void_at = $4)",
            person.uuid(),
            values,
            now.to_sqlx(),
            voided_at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>
        )
        .execute(self.connection())
        .await?;
        Ok(done.rows_affected())
    }
}

impl Store {
    /// The numbers of a lead's person that lead to somebody else, the one known longest first.
    pub async fn void_numbers_of_lead(&self, scope: Scope, lead: LeadId) -> Result<Vec<VoidNumber>, StoreError> {
        let rows = sqlx::query!(
            r#"-- person.void_numbers
            select i.value, i.void_at as "void_at!", i.void_by as "void_by!"
            from lead l join person_identity i on i.person_id = l.person_id
            where l.id = $1 and i.kind = 'phone' and i.void_at is not null and ($2::uuid is null or l.client_id = $2)
            order by i.void_at, i.value"#,
            lead.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let numbers =
            rows.into_iter().map(|row| VoidNumber { phone: row.value, at: row.void_at.to_jiff(), by: row.void_by });
        Ok(numbers.collect())
    }
}

/// A number as it is stored.
pub(crate) fn stored_phone(value: &str) -> Option<Phone> {
    match Identity::stored("phone", value)? {
        Identity::Phone(phone) => Some(phone),
        Identity::Email(_) => None,
    }
}

#[cfg(test)]
mod tests;
