//! When the next work comes due, and what somebody did today.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    id::{ClientId, UserId},
    touch::Disposition,
};

use crate::{Scope, Store, StoreError, error::word};

/// Dates further ahead than this are nothing to wait for.
const AHEAD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What comes due next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NextDue {
    /// The next call that was agreed.
    pub promised_at: Option<Timestamp>,
    /// The next computed date.
    pub computed_at: Option<Timestamp>,
    /// When a lead that was found and may not be called now may be.
    pub opens_at: Option<Timestamp>,
}

/// How often something was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DispositionCount {
    /// How it went.
    pub disposition: Disposition,
    /// How often.
    pub touches: i64,
}

impl Store {
    /// What comes due next for these clients; for all where none is named.
    pub async fn desk_next_due(
        &self,
        scope: Scope,
        clients: &[ClientId],
        now: Timestamp,
    ) -> Result<NextDue, StoreError> {
        let clients: Vec<_> = clients.iter().map(|client| client.uuid()).collect();
        let until = now.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        let row = sqlx::query!(
            r#"-- desk.next_due
            select
              (select p.due_at from promise p where p.kind = 'requalify' and p.agreed and p.worked_at is null
                 and p.state in ('scheduled', 'work') and p.due_at > $1 and p.due_at <= $2
                 and (cardinality($3::uuid[]) = 0 or p.client_id = any($3)) and ($4::uuid is null or p.client_id = $4)
               order by p.due_at limit 1) as promised_at,
              (select p.due_at from promise p where p.state = 'scheduled' and p.kind = 'requalify' and not p.agreed
                 and p.due_at > $1 and p.due_at <= $2
                 and (cardinality($3::uuid[]) = 0 or p.client_id = any($3)) and ($4::uuid is null or p.client_id = $4)
               order by p.due_at limit 1) as computed_at,
              (select w.opens_at from desk_wait w join lead l on l.id = w.lead_id and l.stage in ('lead', 'contact', 'opportunity')
               where w.opens_at > $1 and w.opens_at <= $2
                 and (cardinality($3::uuid[]) = 0 or w.client_id = any($3)) and ($4::uuid is null or w.client_id = $4)
               order by w.opens_at limit 1) as opens_at"#,
            now.to_sqlx(),
            until.to_sqlx(),
            &clients,
            scope.client_uuid()
        )
        .fetch_one(&self.pool)
        .await?;
        let instant = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
        Ok(NextDue {
            promised_at: instant(row.promised_at),
            computed_at: instant(row.computed_at),
            opens_at: instant(row.opens_at),
        })
    }

    /// How many calls a user promised for a time.
    pub async fn desk_promised_by(&self, user: UserId, (from, to): (Timestamp, Timestamp)) -> Result<i64, StoreError> {
        let row = sqlx::query!(
            r#"-- desk.promised_by
            select count(*) as "calls!" from promise
            where user_id = $1 and state in ('scheduled', 'work') and kind = 'requalify' and worked_at is null
              and due_at >= $2 and due_at < $3"#,
            user.uuid(),
            from.to_sqlx(),
            to.to_sqlx()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.calls)
    }

    /// What a user did since an instant, by how it went; what was done most first.
    pub async fn desk_done_by(&self, user: UserId, since: Timestamp) -> Result<Vec<DispositionCount>, StoreError> {
        let rows = sqlx::query!(
            r#"-- touch.done_by
            select disposition, count(*) as "touches!" from touch where user_id = $1 and at >= $2
            group by disposition order by 2 desc, 1"#,
            user.uuid(),
            since.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        let count = |disposition: &str, touches| Ok(DispositionCount { disposition: word(disposition)?, touches });
        rows.into_iter().map(|row| count(&row.disposition, row.touches)).collect()
    }
}
