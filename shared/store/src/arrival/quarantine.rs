//! What was received, is kept and not worked, until a person lets it go or gives it up.
//!
//! Letting go is a mark on the row. The qualifier's sweeper offers marked rows as messages, and the batch that takes one in
//! turns the row into a graded one: until then the row is the truth, whatever becomes of the message.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    arrival::{Arrival, QuarantineReason, RawBody, Sameness},
    hash::ContentHash,
    id::{ArrivalId, ClientId, SourceId},
    submission::Submission,
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Scope, Store, StoreError, Transaction, error::word};

/// Which quarantined arrivals are meant.
#[derive(Debug, Clone, Default)]
pub struct QuarantineFilter {
    /// Of this client.
    pub client: Option<ClientId>,
    /// Of this source.
    pub source: Option<SourceId>,
    /// Kept for this reason.
    pub reason: Option<QuarantineReason>,
    /// Received after this one: where the page before ended.
    pub after: Option<ArrivalId>,
    /// Only what says a usable address or number: the rest cannot be let go.
    pub is_usable: bool,
    /// At most so many.
    pub limit: i64,
}

/// An arrival that is kept and not worked.
#[derive(Debug, Clone)]
pub struct QuarantinedArrival {
    /// Why it is kept.
    pub reason: QuarantineReason,
    /// The source's name.
    pub source_name: String,
    /// What arrived.
    pub arrival: Arrival,
}

/// What became of an arrival that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineStanding {
    /// Why it was kept.
    pub reason: QuarantineReason,
    /// A person let it go: it is worked soon.
    pub is_released: bool,
    /// A person gave it up.
    pub is_dropped: bool,
}

/// One that was let go or given up, for the audit.
#[derive(Debug, Clone, Copy)]
pub struct EndedQuarantine {
    /// The arrival.
    pub id: ArrivalId,
    /// Whose it is.
    pub client: ClientId,
    /// Why it was kept.
    pub reason: QuarantineReason,
}

struct QuarantineColumns {
    id: Uuid,
    client_id: Uuid,
    source_id: Uuid,
    source_name: String,
    sameness: String,
    reason: String,
    content: Vec<u8>,
    received_at: jiff_sqlx::Timestamp,
    media_type: String,
    raw: String,
    submission: String,
    form_id: Option<Uuid>,
    key_id: Option<Uuid>,
    by_visitor: bool,
    in_bulk: bool,
}

impl QuarantineColumns {
    fn record(self) -> Result<QuarantinedArrival, StoreError> {
        let reason = word(&self.reason)?;
        let content: [u8; 16] =
            self.content.try_into().map_err(|_| StoreError::Corrupt("a content hash".to_owned()))?;
        let submission: Submission = serde_json::from_str(&self.submission)
            .map_err(|_| StoreError::Corrupt(format!("the submission of {}", ArrivalId::from_uuid(self.id))))?;
        let arrival = Arrival {
            id: ArrivalId::from_uuid(self.id),
            sameness: word::<Sameness>(&self.sameness)?,
            key: self.key_id.map(ArrivalId::from_uuid),
            // What it was for was done when it first came: its id stays.
            formerly: None,
            form: self.form_id.map(ArrivalId::from_uuid),
            source: SourceId::from_uuid(self.source_id),
            client: ClientId::from_uuid(self.client_id),
            received_at: self.received_at.to_jiff(),
            content: ContentHash::from_bytes(content),
            quarantine: Some(reason),
            is_released: false,
            by_visitor: self.by_visitor,
            in_bulk: self.in_bulk,
            submission,
            raw: RawBody { media_type: self.media_type, text: self.raw },
        };
        Ok(QuarantinedArrival { reason, source_name: self.source_name, arrival })
    }
}

impl Store {
    /// What waits for a person, oldest first.
    pub async fn quarantine_list(
        &self,
        scope: Scope,
        filter: &QuarantineFilter,
    ) -> Result<Vec<QuarantinedArrival>, StoreError> {
        list_over(&self.lists, scope, filter).await
    }

    /// One that waits for a person.
    pub async fn quarantined(&self, scope: Scope, id: ArrivalId) -> Result<Option<QuarantinedArrival>, StoreError> {
        one_over(&self.pool, scope, id).await
    }

    /// What became of one that was kept, whether it waits still or not; none where it never was.
    pub async fn quarantine_standing(
        &self,
        scope: Scope,
        id: ArrivalId,
    ) -> Result<Option<QuarantineStanding>, StoreError> {
        let row = sqlx::query!(
            r#"-- quarantine.standing
            select reason as "reason!", released_at is not null as "is_released!", dropped_at is not null as "is_dropped!"
            from arrival where id = $2 and state = 'quarantined' and ($1::uuid is null or client_id = $1)"#,
            scope.client_uuid(),
            id.uuid()
        )
        .fetch_optional(&self.pool)
        .await?;
        let read = row.map(|row| {
            let reason = word(&row.reason)?;
            Ok(QuarantineStanding { reason, is_released: row.is_released, is_dropped: row.is_dropped })
        });
        read.transpose()
    }

    /// Lets go what the pause of a source kept, where the source works again; returns how many.
    ///
    /// It looks at what is, not at what somebody did: a form that intake took in for a source that it still knew as paused
    /// is found too. What is marked as a test stays: versions before kept it as they kept the others of a pause.
    pub async fn sweep_resumed_sources(&self, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "-- quarantine.release_resumed
            with recursive kept (source_id) as (
              -- One look by index for each source of which something is kept, however many there are.
              select min_id.source_id from (
                select a.source_id from arrival a
                where a.state = 'quarantined' and a.reason = 'source_paused' and a.released_at is null and a.dropped_at is null
                order by a.source_id limit 1) min_id
              union all
              select (select a.source_id from arrival a
                      where a.state = 'quarantined' and a.reason = 'source_paused' and a.released_at is null and a.dropped_at is null
                        and a.source_id > k.source_id order by a.source_id limit 1)
              from kept k where k.source_id is not null
            )
            update arrival set released_at = $1
            where id in (select w.id from kept k join source s on s.id = k.source_id and s.state = 'active'
                         cross join lateral (
                           select a.id from arrival a
                           where a.source_id = s.id and a.reason = 'source_paused' and a.state = 'quarantined'
                             and a.released_at is null and a.dropped_at is null
                             and (a.submission ->> 'email' is not null or a.submission ->> 'phone' is not null)
                             and a.submission ->> 'test' is distinct from 'true'
                           order by a.received_at, a.id limit $2 for update skip locked) w
                         limit $2)",
            now.to_sqlx(),
            limit
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    /// Takes up to `limit` released arrivals that nobody was offered lately, and marks them offered until `until`.
    pub async fn sweep_released(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Arrival>, StoreError> {
        let rows = sqlx::query_as!(
            QuarantineColumns,
            r#"-- quarantine.sweep_released
            update arrival a set offered_until = $2
            where a.id in (select r.id from arrival r
                           where r.state = 'quarantined' and r.released_at is not null and r.dropped_at is null
                             and r.offered_until <= $1
                           order by r.offered_until limit $3 for update skip locked)
            returning a.id, a.client_id, a.source_id, '' as "source_name!", a.sameness, a.reason as "reason!", a.content,
                      a.received_at, a.media_type,
                   coalesce((select b.raw from arrival_body b where b.arrival_id = a.id and b.received_at = a.received_at), a.raw) as "raw!",
                   a.submission::text as "submission!", a.form_id, a.key_id, a.by_visitor, a.in_bulk"#,
            now.to_sqlx(),
            until.to_sqlx(),
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let mut released = Vec::with_capacity(rows.len());
        for row in rows {
            match row.record() {
                Ok(kept) => released.push(Arrival { quarantine: None, is_released: true, ..kept.arrival }),
                // One that cannot be read must not hold up the others.
                Err(error) => tracing::error!(%error, "a released arrival cannot be worked"),
            }
        }
        released.sort_by_key(|arrival| arrival.received_at);
        Ok(released)
    }

    /// Released arrivals whose offer found no room are offered as soon as there is some.
    pub async fn released_offer_again(&self, arrivals: &[ArrivalId], now: Timestamp) -> Result<(), StoreError> {
        let ids: Vec<_> = arrivals.iter().map(|id| id.uuid()).collect();
        sqlx::query!(
            "-- quarantine.offer_again
            update arrival set offered_until = $2 where id = any($1) and released_at is not null and state = 'quarantined'",
            &ids,
            now.to_sqlx()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// How arrivals leave the quarantine: let go, or given up.
#[derive(Clone, Copy)]
struct QuarantineEnd {
    at: Timestamp,
    is_released: bool,
}

impl Transaction {
    /// What waits for a person, oldest first, as this transaction sees it.
    pub async fn quarantine_list(
        &mut self,
        scope: Scope,
        filter: &QuarantineFilter,
    ) -> Result<Vec<QuarantinedArrival>, StoreError> {
        list_over(self.connection(), scope, filter).await
    }

    /// One that waits for a person, as this transaction sees it.
    pub async fn quarantined(&mut self, scope: Scope, id: ArrivalId) -> Result<Option<QuarantinedArrival>, StoreError> {
        one_over(self.connection(), scope, id).await
    }

    /// Lets go those of these arrivals that wait; the others are not returned.
    pub async fn quarantine_release(
        &mut self,
        scope: Scope,
        ids: &[ArrivalId],
        now: Timestamp,
    ) -> Result<Vec<EndedQuarantine>, StoreError> {
        self.quarantine_end(scope, ids, QuarantineEnd { at: now, is_released: true }).await
    }

    /// Gives up those of these arrivals that wait; the others are not returned.
    pub async fn quarantine_drop(
        &mut self,
        scope: Scope,
        ids: &[ArrivalId],
        now: Timestamp,
    ) -> Result<Vec<EndedQuarantine>, StoreError> {
        self.quarantine_end(scope, ids, QuarantineEnd { at: now, is_released: false }).await
    }

    async fn quarantine_end(
        &mut self,
        scope: Scope,
        ids: &[ArrivalId],
        end: QuarantineEnd,
    ) -> Result<Vec<EndedQuarantine>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        // Neither date is there yet of one that waits.
        let rows = sqlx::query_as!(
            EndedColumns,
            r#"-- quarantine.end
            update arrival set released_at = case when $4 then $3::timestamptz end, dropped_at = case when not $4 then $3 end
            where id = any($2) and state = 'quarantined' and released_at is null and dropped_at is null
              and ($1::uuid is null or client_id = $1)
            returning id, client_id, reason as "reason!""#,
            scope.client_uuid(),
            &ids,
            end.at.to_sqlx(),
            end.is_released
        )
        .fetch_all(self.connection())
        .await?;
        rows.into_iter().map(EndedColumns::record).collect()
    }

    /// How many arrivals the pause of a source keeps that are worked when it ends.
    pub async fn quarantine_kept_by_pause(&mut self, scope: Scope, source: SourceId) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- quarantine.kept_by_pause
            select count(*) as "n!" from arrival
            where source_id = $2 and reason = 'source_paused' and state = 'quarantined' and released_at is null
              and dropped_at is null and ($1::uuid is null or client_id = $1)
              and (submission ->> 'email' is not null or submission ->> 'phone' is not null)
              and submission ->> 'test' is distinct from 'true'"#,
            scope.client_uuid(),
            source.uuid()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(row.n)
    }

    /// Notes released arrivals as taken in, and returns those for which nobody did so before. Those whose row somebody holds, or
    /// which are released no more, are not among them: of the first the row stays, and is offered again.
    pub async fn arrivals_note_released(
        &mut self,
        ids: &[ArrivalId],
        now: Timestamp,
    ) -> Result<Vec<ArrivalId>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            "-- arrival.note_released
            with released as (
              select a.id from arrival a
              where a.id = any($1) and a.state = 'quarantined' and a.released_at is not null and a.dropped_at is null
              order by a.id for no key update skip locked
            )
            update arrival_seen s set ended = 'lead', seen_at = $2 from released r
            where s.id = r.id and s.ended = 'quarantined' returning s.id",
            &ids,
            now.to_sqlx()
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(|row| ArrivalId::from_uuid(row.id)).collect())
    }

    /// Released arrivals that this transaction noted and leaves for another are to be taken in as before.
    pub async fn arrivals_unnote_released(&mut self, ids: &[ArrivalId]) -> Result<(), StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
        sqlx::query!(
            "-- arrival.unnote_released
            update arrival_seen set ended = 'quarantined' where id = any($1) and ended = 'lead'",
            &ids
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

struct EndedColumns {
    id: Uuid,
    client_id: Uuid,
    reason: String,
}

impl EndedColumns {
    fn record(self) -> Result<EndedQuarantine, StoreError> {
        Ok(EndedQuarantine {
            id: ArrivalId::from_uuid(self.id),
            client: ClientId::from_uuid(self.client_id),
            reason: word(&self.reason)?,
        })
    }
}

async fn list_over(
    executor: impl PgExecutor<'_>,
    scope: Scope,
    filter: &QuarantineFilter,
) -> Result<Vec<QuarantinedArrival>, StoreError> {
    let rows = sqlx::query_as!(
            QuarantineColumns,
            r#"-- quarantine.list
            select a.id, a.client_id, a.source_id, s.name as source_name, a.sameness, a.reason as "reason!", a.content,
                   a.received_at, a.media_type,
                   coalesce((select b.raw from arrival_body b where b.arrival_id = a.id and b.received_at = a.received_at), a.raw) as "raw!",
                   a.submission::text as "submission!", a.form_id, a.key_id, a.by_visitor, a.in_bulk
            from arrival a join source s on s.id = a.source_id
            where a.state = 'quarantined' and a.released_at is null and a.dropped_at is null
              and ($1::uuid is null or a.client_id = $1) and ($2::uuid is null or a.client_id = $2)
              and ($3::uuid is null or a.source_id = $3) and ($4::text is null or a.reason = $4)
              and ($5::uuid is null or (a.received_at, a.id) > (select l.received_at, l.id from arrival l where l.id = $5))
              and (not $7 or a.submission ->> 'email' is not null or a.submission ->> 'phone' is not null)
            order by a.received_at, a.id limit $6"#,
            scope.client_uuid(),
            filter.client.map(ClientId::uuid),
            filter.source.map(SourceId::uuid),
            filter.reason.map(QuarantineReason::word),
            filter.after.map(ArrivalId::uuid),
            filter.limit,
            filter.is_usable
        )
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(QuarantineColumns::record).collect()
}

async fn one_over(
    executor: impl PgExecutor<'_>,
    scope: Scope,
    id: ArrivalId,
) -> Result<Option<QuarantinedArrival>, StoreError> {
    let row = sqlx::query_as!(
            QuarantineColumns,
            r#"-- quarantine.show
            select a.id, a.client_id, a.source_id, s.name as source_name, a.sameness, a.reason as "reason!", a.content,
                   a.received_at, a.media_type,
                   coalesce((select b.raw from arrival_body b where b.arrival_id = a.id and b.received_at = a.received_at), a.raw) as "raw!",
                   a.submission::text as "submission!", a.form_id, a.key_id, a.by_visitor, a.in_bulk
            from arrival a join source s on s.id = a.source_id
            where a.id = $2 and a.state = 'quarantined' and a.released_at is null and a.dropped_at is null
              and ($1::uuid is null or a.client_id = $1)"#,
            scope.client_uuid(),
            id.uuid()
        )
        .fetch_optional(executor)
        .await?;
    row.map(QuarantineColumns::record).transpose()
}
