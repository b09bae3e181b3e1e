//! What a suppression that was added while a batch ran finds afterwards: leads that the batch decided without having seen it.
//!
//! Neither waits for the other, so an A lead may be committed a moment after the suppression. Every such lead is decided again
//! as soon as it is found. It is looked for in rounds over the decisions of some minutes, a bounded piece at a time; the round
//! that begins when no transaction is left that is older than the first look is the last. Something long that runs in the
//! database holds back that round alone, and until it ends the others come ever more seldom.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::id::PersonId;
use uuid::Uuid;

use crate::{Store, StoreError, Transaction};

/// No batch takes longer, by the time limits of its statements and locks, the difference between two clocks included.
const BATCH_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// So many suppressions are followed by one look.
const MOST: i64 = 1_000;
/// So many decisions are looked at by one look.
const PIECE: usize = 2_000;

/// What one look at suppressions did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FollowedSuppressions {
    /// Open leads that are decided again.
    pub leads: u64,
    /// There is more to look at now.
    pub more: bool,
}

/// A suppression that is followed.
struct DueFollow {
    id: i64,
    /// What is looked at lies after this decision,
    after: Uuid,
    /// and not after this one.
    to: Uuid,
    is_last: bool,
}

/// A piece of the decisions, oldest first.
struct DecisionPiece {
    last: Option<Uuid>,
    is_full: bool,
    /// Whose open leads they are about.
    persons: Vec<PersonId>,
}

/// What becomes of the suppressions that were looked at.
#[derive(Default)]
struct FollowSteps {
    settled: Vec<i64>,
    ids: Vec<i64>,
    /// Where the round goes on; none where it ended.
    after: Vec<Option<Uuid>>,
    is_last: Vec<bool>,
}

/// The lowest id of a decision of an instant (UUIDv7: milliseconds first).
fn lowest(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// How far each of those that take part in the look has come. The oldest leads; who is behind it waits for its turn, so that
/// nothing that is added meanwhile begins a round anew.
fn steps(due: &[DueFollow], first: &DueFollow, piece: &DecisionPiece) -> FollowSteps {
    let mut steps = FollowSteps::default();
    for one in due.iter().filter(|one| one.after >= first.after) {
        let came_to = piece.last.filter(|last| piece.is_full && *last < one.to);
        match came_to {
            None if one.is_last => steps.settled.push(one.id),
            _ => {
                steps.ids.push(one.id);
                steps.after.push(came_to.map(|last| last.max(one.after)));
                steps.is_last.push(one.is_last && came_to.is_some());
            }
        }
    }
    steps
}

impl Transaction {
    /// Has leads looked for that are decided meanwhile by somebody who does not see what this transaction adds.
    pub(crate) async fn suppression_look_again(&mut self, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query!(
            "-- suppression_follow.insert
            insert into suppression_follow (at, due_at) values ($1, $1)",
            at.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// What is to be looked at now, locked, the oldest first.
    async fn suppressions_due(&mut self, now: Timestamp) -> Result<Vec<DueFollow>, StoreError> {
        // The horizon is compared by this statement's snapshot: whatever committed before it is seen by the statements
        // that follow, and what had not ended then is younger. A round that has begun keeps what was found at its start.
        let rows = sqlx::query!(
            r#"-- suppression_follow.due
            select id, at, after_id, decided_before,
                   case when after_id is not null then is_last
                        else coalesce(horizon <= pg_snapshot_xmin(pg_current_snapshot()), false) end as "is_last!"
            from suppression_follow where due_at <= $1 order by id limit $2 for update skip locked"#,
            now.to_sqlx(),
            MOST
        )
        .fetch_all(self.connection())
        .await?;
        let later = |at: Timestamp| at.saturating_add(BATCH_WITHIN).unwrap_or(Timestamp::MAX);
        let due = rows.into_iter().map(|row| DueFollow {
            id: row.id,
            after: row
                .after_id
                .unwrap_or_else(|| lowest(row.at.to_jiff().checked_sub(BATCH_WITHIN).unwrap_or(Timestamp::UNIX_EPOCH))),
            to: lowest(row.decided_before.map_or_else(|| later(now), |at| at.to_jiff())),
            is_last: row.is_last,
        });
        Ok(due.collect())
    }

    async fn suppressions_followed(&mut self, steps: &FollowSteps, now: Timestamp) -> Result<(), StoreError> {
        let decided_before = now.saturating_add(BATCH_WITHIN).unwrap_or(now);
        // The first look after the commit draws the line: who began before it has a lower number. The rounds after it
        // are the rarer the longer it takes, because each looks at all of the same decisions.
        sqlx::query!(
            "-- suppression_follow.looked
            with settled as (
              delete from suppression_follow where id = any($1)
            )
            update suppression_follow f set horizon = coalesce(f.horizon, pg_snapshot_xmax(pg_current_snapshot())),
                   decided_before = coalesce(f.decided_before, $5), after_id = n.after_id, is_last = n.is_last,
                   due_at = case when n.after_id is not null then $6::timestamptz
                                 else $6::timestamptz + least(greatest(($6::timestamptz - f.at) / 2, interval '2 seconds'), interval '1 minute') end
            from (select ($2::bigint[])[i] as id, ($3::uuid[])[i] as after_id, ($4::boolean[])[i] as is_last
                  from generate_subscripts($2::bigint[], 1) i) n
            where f.id = n.id",
            &steps.settled,
            &steps.ids,
            &steps.after[..] as &[Option<Uuid>],
            &steps.is_last,
            decided_before.to_sqlx(),
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The next decisions, and whose open leads they are about.
    async fn decisions_followed(&mut self, of: &DueFollow) -> Result<DecisionPiece, StoreError> {
        let rows = sqlx::query!(
            r#"-- suppression.decided_since
            with looked as materialized (
              select id, lead_id from decision where id > $1 and id <= $2 order by id limit $3
            )
            select k.id, l.person_id as "person_id?" from looked k
            left join lead l on l.id = k.lead_id and l.stage in ('lead', 'contact', 'opportunity')
            order by k.id"#,
            of.after,
            of.to,
            i64::try_from(PIECE).unwrap_or(i64::MAX)
        )
        .fetch_all(self.connection())
        .await?;
        let mut persons: Vec<_> = rows.iter().filter_map(|row| row.person_id).map(PersonId::from_uuid).collect();
        persons.sort_unstable();
        persons.dedup();
        Ok(DecisionPiece { last: rows.last().map(|row| row.id), is_full: rows.len() >= PIECE, persons })
    }
}

impl Store {
    /// Finds open leads of persons who must not be contacted and whom a batch decided while the suppression was added: they
    /// are decided again. Looks at a bounded number of decisions.
    ///
    /// # Errors
    /// When the database is away: what was not looked at stays due.
    pub async fn sweep_suppressions(&self, now: Timestamp) -> Result<FollowedSuppressions, StoreError> {
        let mut tx = self.begin().await?;
        let due = tx.suppressions_due(now).await?;
        let Some(first) = due.first() else { return Ok(FollowedSuppressions::default()) };
        let piece = tx.decisions_followed(first).await?;
        // By the words of the entries: each person is barred for a reason of their own.
        let effect = tx.suppression_effects(&piece.persons, now).await?;
        let steps = steps(&due, first, &piece);
        let more = steps.settled.len() + steps.ids.len() < due.len() || steps.after.iter().any(Option::is_some);
        tx.suppressions_followed(&steps, now).await?;
        tx.commit().await?;
        Ok(FollowedSuppressions { leads: effect.leads, more })
    }
}

#[cfg(test)]
mod tests;
