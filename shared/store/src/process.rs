//! Which processes work on one database: one alone, with its queues in itself, or any number that share a RabbitMQ. Kept by
//! an advisory lock on a connection of its own, which ends with the process, however that ends.

use sqlx::{Connection as _, PgConnection};

use crate::{Store, StoreError, pool::BoundedPool};

/// Any number that nothing else locks.
const LOCK: i64 = 0x0072_6970_656e_7072;

/// How a process works on its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Its queues are in itself: a second process would end what this one has under way.
    Alone,
    /// Beside others, over queues that all of them share.
    Others,
}

/// The place of a process on its database, for as long as this lives.
#[derive(Debug)]
pub struct ProcessPlace {
    connection: PgConnection,
    pool: BoundedPool,
}

/// What became of the wish for a place.
#[derive(Debug)]
pub enum PlaceTaken {
    /// This process has it.
    Held(ProcessPlace),
    /// An earlier session of this very process has it still, which is told to end. The process has given it up, and whoever has
    /// to end it has not noticed yet.
    ByFormerSession,
    /// Other processes leave none.
    ByOthers,
}

impl Store {
    /// Takes a place for this process, whose sessions go by `mark`.
    pub async fn process_place(&self, company: Company, mark: &str) -> Result<PlaceTaken, StoreError> {
        let mut connection = self.pool.acquire().await?.detach();
        // The mark first: an answer that never comes may be that of a session which got the lock.
        let taken = sqlx::query!(
            r#"-- process.place
            select set_config('application_name', $3, false) as "mark!",
                   case when $2 then pg_try_advisory_lock($1) else pg_try_advisory_lock_shared($1) end as "taken!""#,
            LOCK,
            company == Company::Alone,
            mark
        )
        .fetch_one(&mut connection);
        if self.pool.wait(taken).await?.taken {
            return Ok(PlaceTaken::Held(ProcessPlace { connection, pool: self.pool.clone() }));
        }
        let by_others = self.place_is_others(&mut connection, mark).await?;
        connection.close().await?;
        Ok(if by_others { PlaceTaken::ByOthers } else { PlaceTaken::ByFormerSession })
    }

    /// Whether any session has the lock that is not of this process. Those of this process are told to end.
    async fn place_is_others(&self, connection: &mut PgConnection, mark: &str) -> Result<bool, StoreError> {
        let holders = sqlx::query!(
            r#"-- process.holders
            select coalesce(a.application_name = $2, false) as "is_own!",
                   case when a.application_name = $2 then pg_terminate_backend(a.pid) end as "ends?"
            from pg_locks l join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and (l.classid::bigint << 32 | l.objid::bigint) = $1
              and l.database = (select oid from pg_database where datname = current_database())"#,
            LOCK,
            mark
        )
        .fetch_all(connection);
        // With none it was let go this moment.
        Ok(self.pool.wait(holders).await?.iter().any(|holder| !holder.is_own))
    }
}

impl ProcessPlace {
    /// Whether the place is still held.
    ///
    /// # Errors
    /// When the connection is gone, and the place with it.
    pub async fn check(&mut self) -> Result<(), StoreError> {
        self.pool.wait(Box::pin(self.connection.ping())).await?;
        Ok(())
    }
}
