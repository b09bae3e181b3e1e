//! What was said of persons, and by whom: whoever takes back what they said of somebody takes back nothing of what others said.

use std::collections::BTreeMap;

use ripen_domain::id::{LeadId, PersonId, SourceId};

use crate::{StoreError, Transaction};

/// What came under one id of one sender on a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// On which lead.
    pub lead: LeadId,
    /// Who sent it.
    pub source: SourceId,
    /// The sender's own id for it.
    pub external_id: Option<String>,
}

/// All that was said of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SaidOfPerson {
    /// By senders.
    pub statements: Vec<Statement>,
    /// Somebody of the firm or of the client said something of them, or they did.
    pub is_worked: bool,
}

impl Transaction {
    /// What was said of these persons.
    pub async fn persons_said_of(
        &mut self,
        persons: &[PersonId],
    ) -> Result<BTreeMap<PersonId, SaidOfPerson>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query!(
            r#"-- person.said_of
            select p.id, a.lead_id as "lead_id?", a.source_id as "source_id?", a.external_id as "external_id?",
                   (p.verified or p.do_not_contact
                    or exists (select from person_identity i where i.person_id = p.id and (i.void_at is not null or i.merge_id is not null))
                    or exists (select from lead l join touch t on t.lead_id = l.id where l.person_id = p.id)
                    or exists (select from lead l join outcome o on o.lead_id = l.id where l.person_id = p.id)
                    or exists (select from lead l join appointment b on b.lead_id = l.id where l.person_id = p.id)
                    or exists (select from lead l join answer n on n.lead_id = l.id
                               where l.person_id = p.id and n.origin not like 'arrival:%')) as "is_worked!"
            from person p left join (
              select distinct person_id, lead_id, source_id, external_id from arrival where person_id = any($1) and state = 'graded'
            ) a on a.person_id = p.id
            where p.id = any($1)"#,
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        let mut said: BTreeMap<_, SaidOfPerson> = BTreeMap::new();
        for row in rows {
            let of = said.entry(PersonId::from_uuid(row.id)).or_default();
            of.is_worked |= row.is_worked;
            of.statements.extend(row.lead_id.zip(row.source_id).map(|(lead, source)| Statement {
                lead: LeadId::from_uuid(lead),
                source: SourceId::from_uuid(source),
                external_id: row.external_id,
            }));
        }
        Ok(said)
    }

    /// Nothing leads to these persons any more: under what they were reached is somebody else's, and nobody but who says so ever
    /// said that it was theirs.
    pub async fn persons_unlink(&mut self, persons: &[PersonId]) -> Result<(), StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        sqlx::query!(
            "-- person.unlink
            delete from person_identity where person_id = any($1)",
            &persons
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
