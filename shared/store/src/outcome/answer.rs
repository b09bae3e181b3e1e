//! Answers of webhooks that wait to become an outcome.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{id::DeliveryId, outcome::OutcomeFields};
use uuid::Uuid;

use crate::{
    Scope, Store, StoreError, Transaction,
    outcome::{record_outcome::Recorded, said::NewOutcome},
};

/// What a webhook answered, which waits to be recorded.
#[derive(Debug, Clone)]
pub struct WaitingAnswer {
    /// To which delivery.
    pub delivery: DeliveryId,
    /// When it came.
    pub at: Timestamp,
    /// What it says.
    pub said: OutcomeFields,
}

/// Where an answer stands among those that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerPlace {
    /// When it came.
    pub at: Timestamp,
    /// To which delivery.
    pub delivery: DeliveryId,
}

impl Store {
    /// Answers that wait to be recorded since before `before`, oldest first, at most `limit`; those behind one alone, where it is
    /// named.
    pub async fn answers_waiting(
        &self,
        before: Timestamp,
        after: Option<AnswerPlace>,
        limit: i64,
    ) -> Result<Vec<WaitingAnswer>, StoreError> {
        // Not those written a moment ago: whoever settled the delivery records the answer itself, and this is for
        // what a crash left.
        let rows = sqlx::query!(
            "-- outcome_answer.waiting
            select delivery_id, at, said from outcome_answer where refused is null and at <= $1
              and ($3::timestamptz is null or (at, delivery_id) > ($3, $4::uuid))
            order by at, delivery_id limit $2",
            before.to_sqlx(),
            limit,
            after.map(|after| after.at.to_sqlx()) as Option<jiff_sqlx::Timestamp>,
            after.map(|after| after.delivery.uuid()) as Option<Uuid>
        )
        .fetch_all(&self.pool)
        .await?;
        // An answer that cannot be read says nothing; it is refused with that reason instead of stopping the others.
        let waiting = rows.into_iter().map(|row| WaitingAnswer {
            delivery: DeliveryId::from_uuid(row.delivery_id),
            at: row.at.to_jiff(),
            said: serde_json::from_value(row.said).unwrap_or_default(),
        });
        Ok(waiting.collect())
    }

    /// Deletes answers that came before `before` and could not be recorded, at most `limit`; how many.
    pub async fn answers_forget(&self, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- outcome_answer.forget
            delete from outcome_answer where delivery_id in (
              select delivery_id from outcome_answer where refused is not null and at < $1 order by at limit $2)
              and refused is not null",
            before.to_sqlx(),
            limit
        )
        .execute(&self.lists)
        .await?;
        Ok(done.rows_affected())
    }
}

impl Transaction {
    /// Ends the wait of a webhook's answer: it is an outcome now, was one before, or cannot be one.
    pub(crate) async fn answer_end(
        &mut self,
        scope: Scope,
        new: &NewOutcome<'_>,
        verdict: &Recorded,
    ) -> Result<(), StoreError> {
        let (delivery, at) = (new.delivery, new.answered_at);
        // Kept with its reason: the client's program was told nothing, so people must be able to see why its answer
        // does not count.
        match verdict {
            Recorded::Refused(why) => return self.answer_refuse(scope, delivery, at, &why.0).await,
            // Nobody can be asked who is a program's answer.
            Recorded::Asked(asked) => {
                let why = format!("{asked} Say it over the API with confirm, or on the lead's page, if it is meant.");
                return self.answer_refuse(scope, delivery, at, &why).await;
            }
            _ => {}
        }
        // Only the one that was read: what was sent again meanwhile was answered again, and that says something of its own.
        sqlx::query!(
            "-- outcome_answer.done
            delete from outcome_answer where delivery_id = $1 and ($2::timestamptz is null or at = $2)",
            delivery.uuid(),
            at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ends the wait of an answer that says nothing that can be recorded; why stays beside it for people.
    pub async fn answer_refuse(
        &mut self,
        scope: Scope,
        delivery: DeliveryId,
        at: Option<Timestamp>,
        why: &str,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- outcome_answer.refuse
            update outcome_answer set refused = $2
            where delivery_id = $1 and ($4::timestamptz is null or at = $4)
              and ($3::uuid is null or exists (select 1 from delivery d where d.id = $1 and d.client_id = $3))",
            delivery.uuid(),
            why,
            scope.client_uuid(),
            at.map(ToSqlx::to_sqlx) as Option<jiff_sqlx::Timestamp>
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::scene::{Scene, at, delivery};

    #[tokio::test]
    async fn answers_that_cannot_be_recorded_hide_none_behind_them() {
        let mut scene = Scene::new().await;
        // Two of one instant: neither is passed over.
        let answers = "insert into outcome_answer (delivery_id, at, said)
            select id, case id when pg_temp.i(1) then at else at + interval '1 second' end, '{}' from n;";
        scene.run(answers).await;
        let mut found = Vec::new();
        let mut after = None;
        while let [answer] = &*scene.store.answers_waiting(at("2026-11-24T12:00:00Z"), after, 1).await.unwrap() {
            found.push(answer.delivery);
            after = Some(AnswerPlace { at: answer.at, delivery: answer.delivery });
        }
        assert_eq!(found, [delivery(1), delivery(2), delivery(3)]);
        scene.end().await;
    }
}
