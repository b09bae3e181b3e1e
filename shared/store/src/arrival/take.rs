//! Arrivals of persons and leads that go on as others: what corrects them later finds the ones that go on.

use ripen_domain::{
    criteria::Origin,
    id::{ArrivalId, LeadId, PersonId},
};
use uuid::Uuid;

use crate::{StoreError, Transaction, lead::statement::StatementMove, person::pair::PersonPair};

impl Transaction {
    /// A lead's arrivals are another's.
    pub(crate) async fn arrivals_of_lead_take(
        &mut self,
        (goes_on, ends): (LeadId, LeadId),
        person: PersonId,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- arrival.of_lead_take
            update arrival set lead_id = $1, person_id = $3 where lead_id = $2",
            goes_on.uuid(),
            ends.uuid(),
            person.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The arrivals of a statement are on another lead; returns the origins of what they said.
    pub(crate) async fn arrivals_of_statement_take(
        &mut self,
        statement: &StatementMove,
    ) -> Result<Vec<String>, StoreError> {
        let StatementMove { source, external_id, from, to } = statement;
        let moved = sqlx::query_scalar!(
            "-- arrival.of_statement_take
            update arrival set lead_id = $4, person_id = $5
            where source_id = $1 and external_id = $2 and lead_id = $3 and state = 'graded' returning id",
            source.uuid(),
            external_id,
            from.lead.uuid(),
            to.lead.uuid(),
            to.person.uuid()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(moved.into_iter().map(|id| Origin::Arrival(ArrivalId::from_uuid(id)).to_string()).collect())
    }

    /// The later person's arrivals are the earlier one's.
    pub(crate) async fn arrivals_of_person_take(&mut self, pair: PersonPair) -> Result<(), StoreError> {
        sqlx::query!(
            "-- arrival.of_person_take
            update arrival set person_id = $1 where person_id = $2",
            pair.earlier.uuid(),
            pair.later.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Arrivals that a merge took over are again where they were.
    pub(crate) async fn arrivals_of_merge_give_back(&mut self, merge: Uuid) -> Result<(), StoreError> {
        sqlx::query!(
            "-- arrival.of_merge_give_back
            update arrival a set person_id = s.person_id, lead_id = s.lead_id
            from person_merge_row r cross join lateral jsonb_populate_record(null::arrival, r.row) s
            where r.merge_id = $1 and r.of = 'arrival' and a.id = s.id and (a.person_id, a.lead_id) <> (s.person_id, s.lead_id)",
            merge
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
