//! What every body that was worked says of its person: whoever corrects one of them corrects none of the others.

use std::collections::BTreeMap;

use ripen_domain::{
    arrival::BodyTime,
    id::{ArrivalId, PersonId},
    person::{Absorb, Profile},
    submission::Submission,
};

use crate::{StoreError, Transaction};

/// Of one person the newest so many are read: a test address may have come with every lead of a year.
const READ_AT_MOST: i64 = 200;

/// What one body says of its person.
#[derive(Debug, Clone)]
pub struct BodyOfPerson {
    /// The arrival.
    pub id: ArrivalId,
    /// The arrival it corrects, else itself.
    pub root: ArrivalId,
    /// When it came.
    pub time: BodyTime,
    /// Whom it says it is of.
    pub said: Profile,
}

impl Transaction {
    /// The bodies of these persons that were worked.
    pub async fn arrivals_of_persons(
        &mut self,
        persons: &[PersonId],
    ) -> Result<BTreeMap<PersonId, Vec<BodyOfPerson>>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- arrival.of_persons
            select w.id as "person_id!", a.id as "id!", a.amends as "amends?", a.received_at as "received_at!",
                   a.submitted_at as "submitted_at?", a.submission as "submission!"
            from unnest($1::uuid[]) as w (id)
            cross join lateral (
              select n.id, n.amends, n.received_at, n.submitted_at, n.submission::text as submission from arrival n
              where n.person_id = w.id and n.state = 'graded'
              order by n.received_at desc, n.id limit $2) a"#,
            &persons,
            READ_AT_MOST
        )
        .fetch_all(self.connection())
        .await?;
        let mut bodies: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows {
            // What an erased person had submitted says nothing any more.
            let submission: Submission = serde_json::from_str(&row.submission).unwrap_or_default();
            let mut said = Profile::default();
            said.absorb(&submission, Absorb::Fill);
            let submitted_at = row.submitted_at.map(jiff_sqlx::Timestamp::to_jiff);
            let dated =
                Submission { submitted_at, submitted_until: submission.submitted_until, ..Submission::default() };
            let id = ArrivalId::from_uuid(row.id);
            bodies.entry(PersonId::from_uuid(row.person_id)).or_default().push(BodyOfPerson {
                id,
                root: row.amends.map_or(id, ArrivalId::from_uuid),
                time: BodyTime::said(row.received_at.to_jiff(), &dated),
                said,
            });
        }
        Ok(bodies)
    }
}

#[cfg(test)]
mod tests;
