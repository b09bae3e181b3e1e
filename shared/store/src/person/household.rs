//! Other persons who are reached under an address or a number of a person: people of one household, or of one office.

use ripen_domain::id::{LeadId, PersonId};

use crate::{Scope, Store, StoreError};

/// Somebody who is reached under the same address or number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdMember {
    /// Who.
    pub person: PersonId,
    /// The name, as far as it is known.
    pub name: Option<String>,
    /// What both are reached under.
    pub shared: Vec<String>,
    /// The number to phone them by.
    pub phone: Option<String>,
    /// Their newest lead.
    pub lead: Option<LeadId>,
}

impl Store {
    /// Who else is reached where this person is, the one known longest first.
    pub async fn household_of(&self, scope: Scope, person: PersonId) -> Result<Vec<HouseholdMember>, StoreError> {
        let rows = sqlx::query!(
            r#"-- person.household
            select p.id, coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as name, p.phone,
                   array_agg(theirs.value order by theirs.kind, theirs.value) as "shared!",
                   (select l.id from lead l where l.person_id = p.id order by l.id desc limit 1) as lead_id
            from person_identity mine
            join person_identity theirs on theirs.client_id = mine.client_id and theirs.kind = mine.kind
              and theirs.value = mine.value and theirs.person_id <> mine.person_id
              and theirs.void_at is null
            join person p on p.id = theirs.person_id and p.merged_into is null
            where mine.person_id = $1 and mine.void_at is null and ($2::uuid is null or mine.client_id = $2)
            group by p.id order by p.created_at, p.id"#,
            person.uuid(),
            scope.client_uuid()
        )
        .fetch_all(&self.pool)
        .await?;
        let members = rows.into_iter().map(|row| HouseholdMember {
            person: PersonId::from_uuid(row.id),
            name: row.name,
            shared: row.shared,
            phone: row.phone,
            lead: row.lead_id.map(LeadId::from_uuid),
        });
        Ok(members.collect())
    }
}
