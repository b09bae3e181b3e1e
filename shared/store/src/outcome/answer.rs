//! Answers of webhooks that wait to become an outcome.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{id::DeliveryId, outcome::OutcomeFields};

use crate::{Scope, Store, StoreError, Transaction, outcome::record::Recorded};

impl Store {
    /// Answers that wait to be recorded since before `before`, oldest first, at most `limit`.
    pub async fn answers_waiting(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<(DeliveryId, OutcomeFields)>, StoreError> {
        // Not those written a moment ago: whoever settled the delivery records the answer itself, and this is for
        // what a crash left.
        let rows = sqlx::query!(
            "-- outcome_answer.waiting
            select delivery_id, said from outcome_answer where refused is null and at <= $1 order by at limit $2",
            before.to_sqlx(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        // An answer that cannot be read says nothing; it is refused with that reason instead of stopping the others.
        let said = |value| serde_json::from_value(value).unwrap_or_default();
        Ok(rows.into_iter().map(|row| (DeliveryId::from_uuid(row.delivery_id), said(row.said))).collect())
    }
}

impl Transaction {
    /// Ends the wait of a webhook's answer: it is an outcome now, was one before, or cannot be one.
    pub(crate) async fn answer_end(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
        verdict: &Recorded,
    ) -> Result<(), StoreError> {
        // Kept with its reason: the client's program was told nothing, so people must be able to see why its answer
        // does not count.
        if let Recorded::Refused(why) = verdict {
            return self.answer_refuse(scope, delivery, &why.0).await;
        }
        sqlx::query!(
            "-- outcome_answer.done
            delete from outcome_answer where delivery_id = $1",
            delivery.uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends the wait of an answer that says nothing that can be recorded; why stays beside it for people.
    pub async fn answer_refuse(&mut self, scope: Scope, delivery: DeliveryId, why: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "-- outcome_answer.refuse
            update outcome_answer set refused = $2
            where delivery_id = $1
              and ($3::uuid is null or exists (select 1 from delivery d where d.id = $1 and d.client_id = $3))",
            delivery.uuid(),
            why,
            scope.client_uuid()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
