//! Who must not be contacted, as the person's row says it. Why it does, and what follows, is suppression's: see
//! [`crate::suppression`]. A person who asks for it in a call is noted with the touch that says so.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::PersonId;

use crate::{StoreError, Transaction};

impl Transaction {
    /// Nobody may contact these persons any more.
    pub async fn persons_must_not_be_contacted(
        &mut self,
        persons: &[PersonId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        sqlx::query!(
            "-- person.must_not_be_contacted
            update person set do_not_contact = true, updated_at = $2
            where id = any(array(select id from person where id = any($1) and not do_not_contact order by id for no key update))",
            &persons,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// These persons may be contacted again.
    pub(crate) async fn persons_may_be_contacted(
        &mut self,
        persons: &[PersonId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        sqlx::query!(
            "-- person.may_be_contacted
            update person set do_not_contact = false, updated_at = $2 where id = any($1) and do_not_contact",
            &persons,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Of these persons those may be contacted again who are reached under nothing that is suppressed and did not ask for it
    /// themselves.
    pub(crate) async fn persons_free_unless_barred(
        &mut self,
        persons: &[PersonId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let flagged = self.persons_bound(persons).await?;
        if flagged.is_empty() {
            return Ok(());
        }
        let barred: Vec<_> = self.persons_barred(&flagged, &[]).await?.into_iter().map(|one| one.person).collect();
        let free: Vec<_> = flagged.into_iter().filter(|person| !barred.contains(person)).collect();
        self.persons_may_be_contacted(&free, now).await
    }

    /// Of these persons those who must not be contacted and did not say so themselves.
    async fn persons_bound(&mut self, persons: &[PersonId]) -> Result<Vec<PersonId>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        let rows = sqlx::query_scalar!(
            "-- person.bound
            select id from person p where id = any($1) and do_not_contact
              and not exists (select from lead l join touch t on t.lead_id = l.id
                              where l.person_id = p.id and t.disposition = 'do_not_contact' and t.wish_lifted_at is null)",
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(PersonId::from_uuid).collect())
    }
}
