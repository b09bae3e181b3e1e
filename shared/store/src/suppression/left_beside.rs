//! Where else a person is reached than under what they are known by: the second number of a form, another address in a field of the
//! sender's own. It stands in the flags of their arrivals and is shown to whoever calls, so a wish not to be contacted is about it too.

use std::collections::BTreeSet;

use ripen_domain::{
    contact::Identity,
    id::{ClientId, PersonId},
    submission::Submission,
};

use crate::{StoreError, Transaction};

/// An address or a number that somebody left beside, for their client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LeftBeside {
    pub(super) person: PersonId,
    pub(super) client: ClientId,
    pub(super) identity: Identity,
}

impl Transaction {
    /// What these persons left beside with any arrival, but for numbers that are void for them: those are a stranger's.
    pub(super) async fn left_beside(&mut self, persons: &[PersonId]) -> Result<BTreeSet<LeftBeside>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- suppression.left_beside
            select l.person_id, l.client_id, a.submission::text as "submission!",
                   array(select value from person_identity v where v.person_id = l.person_id and v.kind = 'phone' and v.void_at is not null)
                     as "void!: Vec<String>"
            from lead l join arrival a on a.lead_id = l.id
            where l.person_id = any($1) and a.flags && array['second_phone', 'unknown_field', 'field_unusable']"#,
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        let mut beside = BTreeSet::new();
        for row in rows {
            let submission: Submission = serde_json::from_str(&row.submission)
                .map_err(|error| StoreError::Corrupt(format!("a submission: {error}")))?;
            let (person, client) = (PersonId::from_uuid(row.person_id), ClientId::from_uuid(row.client_id));
            let is_void = |identity: &Identity| match identity {
                Identity::Phone(phone) => {
                    row.void.iter().any(|void| *void == phone.as_str() || *void == phone.number())
                }
                Identity::Email(_) => false,
            };
            let left = submission.identities_beside().into_iter().filter(|identity| !is_void(identity));
            beside.extend(left.map(|identity| LeftBeside { person, client, identity }));
        }
        Ok(beside)
    }
}
