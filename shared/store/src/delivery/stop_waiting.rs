//! Ends what waits to be given to somebody else because a lead could not be delivered, where whom it did not reach is to have it after
//! all: it is sent again, they accepted it, or somebody gave it to another endpoint by hand. Otherwise two would call the same person.
//! Whoever was asked meanwhile to take the lead is told that it is on offer no more.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::id::{DeliveryId, LeadId};

use crate::{StoreError, Transaction};

/// Why nobody else is to have a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StopsWaiting {
    /// The delivery that was given up is sent again.
    SentAgain,
    /// It was accepted, although it was given up.
    Accepted,
    /// Another endpoint was given the lead instead.
    GivenByHand,
}

impl StopsWaiting {
    /// In words.
    const fn reason(self) -> &'static str {
        match self {
            Self::SentAgain => "it is sent again to who could not be reached",
            Self::Accepted => "it was accepted, although it could not be delivered",
            Self::GivenByHand => "somebody gave it to another endpoint",
        }
    }
}

impl Transaction {
    /// Ends what waits because this delivery was given up, or because a mail came back beside which a webhook accepted it. What others are
    /// to have beside it stays: what waits may wait for those. Comes under the lead's lock, as whoever accepts an offer or routes what
    /// waits.
    ///
    /// What is or was on offer is for one alone, and waits only because nobody has it: that a webhook of the team has the lead beside a
    /// mail that came back changes nothing. Where such a webhook is sent the lead again, or another one in its place, nobody is reached,
    /// and what waits goes on.
    pub(super) async fn stop_waiting(
        &mut self,
        delivery: DeliveryId,
        why: StopsWaiting,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = sqlx::query!(
            r#"-- waiting.to_stop
            select w.id, w.lead_id, w.maturation_id
            from delivery d join endpoint e on e.id = d.endpoint_id
            join delivery w on w.maturation_id = d.maturation_id and w.endpoint_id is null and w.state = 'held' and w.same_as is null
            where d.id = $1 and d.event = 'lead.matured'
              -- What waited before anything was given up waits for somebody who is to have the lead beside it; routing ends it where
              -- that is nobody.
              and (exists (select from claim k where k.maturation_id = d.maturation_id)
                   or d.state = 'dead' and w.because_of is not null and not exists (select from delivery_had_by(d.id) h (id) where h.id <> d.id))
              and ($2::boolean
                   or d.state in ('dead', 'withdrawn')
                      and (e.kind = 'email' or e.rep_id is not null
                           or not exists (select from delivery u join endpoint m on m.id = u.endpoint_id
                                          where u.maturation_id = d.maturation_id and u.event = 'lead.matured' and u.state = 'dead'
                                            and m.kind = 'email' and u.ended_at > d.created_at)))"#,
            delivery.uuid(),
            why == StopsWaiting::Accepted
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row else { return Ok(()) };
        // Before the row is ended: by that it is known that nobody took the lead.
        self.offers_over(&[LeadId::from_uuid(row.lead_id)], now).await?;
        // The claim's end too: where the lead waits again later, the next ones are asked, and not those who were told that it is over.
        sqlx::query!(
            "-- waiting.stop
            with ended as (
              update claim set until = $3 where maturation_id = $2 and taken_by is null and until > $3
            ), unsent as (
              update delivery set state = 'withdrawn', reason = $4, reason_code = null, ended_at = $3
              where maturation_id = $2 and event = 'lead.offered' and state in ('pending', 'held')
            )
            update delivery set state = 'withdrawn', reason = $4, reason_code = null, ended_at = $3
            where id = $1 and endpoint_id is null and state = 'held'",
            row.id,
            row.maturation_id,
            now.to_sqlx(),
            why.reason()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
