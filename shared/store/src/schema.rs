//! The schema: migrations are part of the binary, and a service refuses to run on another schema than its own.

use jiff::Timestamp;
use sqlx::{Connection as _, migrate::Migrator};

use crate::{Store, StoreError};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// How the database's schema stands to this binary's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// The same.
    Current,
    /// Some migrations are missing.
    Older {
        /// How many.
        missing: usize,
    },
    /// A newer binary migrated it: an expanded schema, which this binary still understands.
    Newer,
    /// An applied migration differs from this binary's.
    Differs,
}

impl Store {
    /// Applies the migrations that are missing and makes the months ahead; returns how many migrations. Two processes at
    /// once wait for each other.
    ///
    /// # Errors
    /// When one fails: it is rolled back whole.
    pub async fn migrate(&self, now: Timestamp) -> Result<usize, StoreError> {
        // Counted before and after instead of by the migrator: it waits for another process that may have applied
        // some.
        let before = self.applied().await?.len();
        self.apply().await?;
        // Decisions find a place without them, and the qualifier tries again.
        if let Err(error) = self.partitions_make(now).await {
            tracing::warn!(%error, "the partitions of the months ahead could not be made");
        }
        Ok(self.applied().await?.len().saturating_sub(before))
    }

    /// On a connection of its own, without limits: a large table is changed for as long as it takes, and a second process
    /// waits for the first.
    async fn apply(&self) -> Result<(), StoreError> {
        // sqlx makes its table at each run "if not exists", and PostgreSQL's notice that it does would be in the log at each start.
        // A migration is slow once and known to be: its whole text in the log helps nobody.
        let mut connection = self.pool.connect_quietly().await?;
        sqlx::query!(
            r#"-- schema.unlimited
            select set_config('statement_timeout', '0', false) as "statement!", set_config('lock_timeout', '0', false) as "lock!",
                   set_config('idle_in_transaction_session_timeout', '0', false) as "idle!",
                   set_config('client_min_messages', 'warning', false) as "messages!""#
        )
        .fetch_one(&mut connection)
        .await?;
        MIGRATOR.run(&mut connection).await.map_err(|error| StoreError::Failed(error.to_string()))?;
        connection.close().await?;
        Ok(())
    }

    /// Compares the database's schema with this binary's.
    pub async fn schema(&self) -> Result<SchemaState, StoreError> {
        let applied = self.applied().await?;
        // By checksum: a migration that was edited after it landed means that nobody knows what this schema is.
        let mine: Vec<_> = MIGRATOR.iter().map(|migration| (migration.version, migration.checksum.to_vec())).collect();
        if mine.iter().any(|(version, sum)| applied.iter().any(|(v, s)| v == version && s != sum)) {
            return Ok(SchemaState::Differs);
        }
        let missing = mine.iter().filter(|(version, _)| applied.iter().all(|(v, _)| v != version)).count();
        Ok(match missing {
            0 if applied.len() > mine.len() => SchemaState::Newer,
            0 => SchemaState::Current,
            missing => SchemaState::Older { missing },
        })
    }

    /// Up to which month a migration that was broken off lets attempts and bodies be written, as `2026_11`; none where none was. Its
    /// bound stands from its third step to its fifth.
    pub async fn bound_of_broken_migration(&self) -> Result<Option<String>, StoreError> {
        let row = sqlx::query!(
            r#"-- schema.broken_off
            select min(obj_description(c.oid, 'pg_constraint')) as "month?" from pg_constraint c
            where c.conname in ('attempt_ends', 'delivery_body_ends')
              and c.conrelid in (to_regclass('attempt'), to_regclass('delivery_body'))"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.month)
    }

    /// Version and checksum of each applied migration. The table is sqlx's own and is not there before the first.
    async fn applied(&self) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        // The table is asked for by name first: selecting from it before the first migration would fail.
        let there = sqlx::query!(
            r#"-- schema.there
            select to_regclass('_sqlx_migrations') is not null as "there!""#
        )
        .fetch_one(&self.pool)
        .await?;
        if !there.there {
            return Ok(Vec::new());
        }
        let rows = sqlx::query!(
            "-- schema.applied
            select version, checksum from _sqlx_migrations where success order by version"
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.version, row.checksum)).collect())
    }
}

#[cfg(test)]
mod tests {
    use ripen_testkit::postgres::database;

    use crate::{Store, StoreOptions};

    #[tokio::test(flavor = "multi_thread")]
    async fn the_bound_of_a_migration_that_was_broken_off_is_seen() {
        let database = database().await;
        let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
        assert_eq!(store.bound_of_broken_migration().await.unwrap(), None);
        let bound = "alter table attempt add constraint attempt_ends check (delivery_id < 'ffffffff-ffff-ffff-ffff-ffffffffffff');
                     comment on constraint attempt_ends on attempt is '2026_11'";
        sqlx::raw_sql(bound).execute(&store.pool).await.unwrap();
        assert_eq!(store.bound_of_broken_migration().await.unwrap().as_deref(), Some("2026_11"));
    }
}
