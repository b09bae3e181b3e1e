//! Persons: found by identity or id, written by a batch, changed by a touch.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    id::{ClientId, PersonId},
    person::{Profile, ReadName},
    touch::Disposition,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    StoreError, Transaction,
    person::identity::{NewIdentity, columns, identity_columns},
};

impl Transaction {
    /// What a decision about these leads needs to know of their persons: reachable by e-mail and phone, verified, asked
    /// not to be contacted, postal code, country, time zone.
    pub async fn persons_of(&mut self, persons: &[PersonId]) -> Result<Vec<KnownPerson>, StoreError> {
        let ids: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            "-- person.by_id
            select id, client_id, first_name, last_name, name, email, phone, phone_extension, postal_code, country, time_zone, locale, verified,
                   do_not_contact, known_as
            from person where id = any($1)",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| KnownPerson {
                client: ClientId::from_uuid(row.client_id),
                found_by: None,
                person: PersonId::from_uuid(row.id),
                profile: Profile { known_as: row.known_as.unwrap_or_default(), ..profile_of!(row) },
                verified: row.verified,
                do_not_contact: row.do_not_contact,
                is_void: false,
                is_said: false,
                other_names: Vec::new(),
            })
            .collect())
    }

    /// Who was spoken to is known to be who it says.
    pub(crate) async fn person_touched(
        &mut self,
        person: PersonId,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // `or`: what was once confirmed or asked for stays, whatever later touches say. A touch that says nothing of
        // the person writes no row.
        sqlx::query!(
            "-- person.touched
            update person set verified = verified or $2, do_not_contact = do_not_contact or $3, updated_at = $4
            where id = $1 and ($2 or $3)",
            person.uuid(),
            disposition.is_conversation(),
            disposition == Disposition::DoNotContact,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The persons reached under these identities, and those for whom one of them is void.
    pub async fn persons_by_identity(
        &mut self,
        wanted: &BTreeSet<(ClientId, Identity)>,
    ) -> Result<Vec<KnownPerson>, StoreError> {
        let (clients, kinds, values) = columns(wanted);
        // The oldest first: of a household that shares a phone it is always the same person whom a message without a
        // name finds.
        let rows = sqlx::query!(
            r#"-- person.by_identity
            select pi.client_id, pi.kind, pi.value, p.id, p.first_name, p.last_name, p.name, p.email, p.phone, p.phone_extension, p.postal_code,
                   p.country, p.time_zone, p.locale, p.verified, p.do_not_contact, p.known_as,
                   pi.void_at is not null as "is_void!", pi.said_at is not null as "is_said!",
                   exists (select from person_merge m where m.earlier_id = p.id and m.undone_at is null) as "was_merged!"
            from person_identity pi
            join unnest($1::uuid[], $2::text[], $3::text[]) as w (client_id, kind, value) using (client_id, kind, value)
            join person p on p.id = pi.person_id
            where p.merged_into is null
            order by p.created_at, p.id"#,
            &clients, &kinds, &values
        )
        .fetch_all(self.connection())
        .await?;
        let merged: BTreeSet<_> = rows.iter().filter(|row| row.was_merged).map(|row| row.id).collect();
        let names = self.names_of_merged(&merged.into_iter().collect::<Vec<_>>()).await?;
        Ok(rows
            .into_iter()
            .map(|row| KnownPerson {
                other_names: names.get(&row.id).cloned().unwrap_or_default(),
                client: ClientId::from_uuid(row.client_id),
                found_by: Identity::stored(&row.kind, &row.value),
                person: PersonId::from_uuid(row.id),
                profile: Profile { known_as: row.known_as.unwrap_or_default(), ..profile_of!(row) },
                verified: row.verified,
                do_not_contact: row.do_not_contact,
                is_void: row.is_void,
                is_said: row.is_said,
            })
            .collect())
    }

    /// The names of everybody who was made one with these persons: they are known by them too. Of each the longest form, which fits the
    /// fewest others.
    async fn names_of_merged(&mut self, persons: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<ReadName>>, StoreError> {
        let mut names: BTreeMap<Uuid, Vec<ReadName>> = BTreeMap::new();
        // Most batches meet nobody who was merged.
        if persons.is_empty() {
            return Ok(names);
        }
        let rows = sqlx::query!(
            r#"-- person.names_of_merged
            with recursive merged (id, person_id) as (
              select m.later_id, m.earlier_id from person_merge m where m.earlier_id = any($1) and m.undone_at is null
              union
              select m.later_id, b.person_id from merged b join person_merge m on m.earlier_id = b.id and m.undone_at is null
            )
            select b.person_id as "person_id!", n.name as "name!"
            from merged b join person p on p.id = b.id
            cross join lateral (
              select k.name from unnest(array[coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name)] || p.known_as) k (name)
              where k.name is not null order by length(k.name) desc limit 1) n
            where n.name is not null"#,
            persons
        )
        .fetch_all(self.connection())
        .await?;
        for row in rows {
            names.entry(row.person_id).or_default().push(ReadName::read(&row.name));
        }
        Ok(names)
    }

    /// Writes persons and links identities to them: new persons are inserted, known ones get the profile given. A link that stands is
    /// said from now on, where something else had been put in its place, unless it is known to lead to somebody else.
    pub async fn persons_write(
        &mut self,
        rows: Vec<PersonRow>,
        links: &[NewIdentity],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut ids = Vec::with_capacity(rows.len());
        let mut clients = Vec::with_capacity(rows.len());
        let mut fields: [Vec<Option<String>>; 10] = Default::default();
        let mut known_as = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(row.id.uuid());
            clients.push(row.client.uuid());
            let profile = row.profile;
            // An array of arrays of several lengths is none in PostgreSQL: one text each.
            known_as.push((!profile.known_as.is_empty()).then(|| Value::from(profile.known_as)));
            let values = [
                profile.first_name,
                profile.last_name,
                profile.name,
                profile.email,
                profile.phone,
                profile.phone_extension,
                profile.postal_code,
                profile.country,
                profile.time_zone,
                profile.locale,
            ];
            // The arrays pair up by position, so every person contributes to each of them.
            fields.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        let [first, last, name, email, phone, extension, postal, country, zone, locale] = &fields;
        let (link_clients, kinds, values) =
            identity_columns(links.iter().map(|link| (link.of.client, &link.of.identity)));
        let persons: Vec<_> = links.iter().map(|link| link.person.uuid()).collect();
        // One statement: an identity that leads to a person who is not there yet would break its foreign key at the
        // end of each. Distinct, because a row is updated once at most.
        sqlx::query!(
            "-- person.write
            with linked as (
              insert into person_identity (client_id, kind, value, person_id, said_at)
              select distinct ($14::uuid[])[i], ($15::text[])[i], ($16::text[])[i], ($17::uuid[])[i], $13::timestamptz
              from generate_subscripts($14::uuid[], 1) i
              on conflict (client_id, kind, value, person_id) do update set said_at = excluded.said_at
              where person_identity.said_at is null and person_identity.void_at is null
            )
            insert into person as p (id, client_id, first_name, last_name, name, email, phone, phone_extension, postal_code, country,
                                     time_zone, locale, created_at, updated_at, known_as)
            select ($1::uuid[])[i], ($2::uuid[])[i], ($3::text[])[i], ($4::text[])[i], ($5::text[])[i],
                   ($6::text[])[i], ($7::text[])[i], ($8::text[])[i], ($9::text[])[i], ($10::text[])[i],
                   ($11::text[])[i], ($12::text[])[i], $13::timestamptz, $13,
                   (select array_agg(k.name order by k.at) from json_array_elements_text(($18::json[])[i]) with ordinality k (name, at))
            from generate_subscripts($1::uuid[], 1) i
            on conflict (id) do update set
              first_name = excluded.first_name, last_name = excluded.last_name, name = excluded.name, email = excluded.email,
              phone = excluded.phone, phone_extension = excluded.phone_extension, postal_code = excluded.postal_code, country = excluded.country,
              time_zone = excluded.time_zone, locale = excluded.locale, updated_at = excluded.updated_at, known_as = excluded.known_as",
            &ids, &clients, &first[..] as &[Option<String>], &last[..] as &[Option<String>], &name[..] as &[Option<String>],
            &email[..] as &[Option<String>], &phone[..] as &[Option<String>], &extension[..] as &[Option<String>], &postal[..] as &[Option<String>],
            &country[..] as &[Option<String>], &zone[..] as &[Option<String>], &locale[..] as &[Option<String>], now.to_sqlx(),
            &link_clients, &kinds, &values, &persons, &known_as[..] as &[Option<Value>]
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// What is known of a person but further names, from a row that has its columns. Each statement's row is a type of its own, hence a macro.
macro_rules! profile_of {
    ($row:expr) => {
        ripen_domain::person::Profile {
            first_name: $row.first_name,
            last_name: $row.last_name,
            name: $row.name,
            email: $row.email,
            phone: $row.phone,
            phone_extension: $row.phone_extension,
            postal_code: $row.postal_code,
            country: $row.country,
            time_zone: $row.time_zone,
            locale: $row.locale,
            known_as: Vec::new(),
        }
    };
}
pub(crate) use profile_of;

/// A person found under an identity.
#[derive(Debug, Clone)]
pub struct KnownPerson {
    /// The client.
    pub client: ClientId,
    /// Under which identity, where one was asked for.
    pub found_by: Option<Identity>,
    /// The person, merges followed.
    pub person: PersonId,
    /// What is known of the person.
    pub profile: Profile,
    /// Somebody confirmed who it is.
    pub verified: bool,
    /// Asked not to be contacted.
    pub do_not_contact: bool,
    /// The identity does not lead to the person: somebody else was reached there.
    pub is_void: bool,
    /// An enquiry brought the identity, and nothing was put in its place since.
    pub is_said: bool,
    /// Names that came by merges; read where somebody is looked for by identity.
    pub other_names: Vec<ReadName>,
}

/// A person to write.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// The client.
    pub client: ClientId,
    /// What is known.
    pub profile: Profile,
}

#[cfg(test)]
mod tests;
