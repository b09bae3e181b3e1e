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

impl Store {
    /// Takes a place for this process; none where the processes at work there leave none.
    pub async fn process_place(&self, company: Company) -> Result<Option<ProcessPlace>, StoreError> {
        let mut connection = self.pool.acquire().await?.detach();
        let row = sqlx::query!(
            r#"-- process.place
            select case when $2 then pg_try_advisory_lock($1) else pg_try_advisory_lock_shared($1) end as "taken!""#,
            LOCK,
            company == Company::Alone
        )
        .fetch_one(&mut connection)
        .await?;
        if row.taken {
            return Ok(Some(ProcessPlace { connection, pool: self.pool.clone() }));
        }
        connection.close().await?;
        Ok(None)
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
