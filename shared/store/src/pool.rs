//! Connections that a silent network cannot hold.
//!
//! PostgreSQL ends what takes too long, but only where its word comes through. Where traffic is dropped and neither end is
//! told, the client library waits for an answer until the operating system gives up the connection, a quarter of an hour
//! later; so would the pool, with the connection's place. Here every answer is waited for up to a limit. A connection that
//! did not answer is not used again, nor is any that was open beside it: the same network carries them all. One whose caller
//! gave up may only be slow, and says nothing of the network: it is closed alone, and its place is free again.

use std::{
    future::ready,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use sqlx::{
    ConnectOptions as _, Connection as _, Describe, Either, Error, Execute, Executor, PgConnection, PgPool,
    PgTransaction, Postgres, SqlStr,
    pool::{PoolConnection, PoolConnectionMetadata},
    postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::{Instant, timeout};

/// How long answers are waited for. Zero is without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AnswerLimits {
    /// The next part of the answer to a statement. Longer than PostgreSQL itself allows the statement: its error says more.
    pub(crate) statement: Duration,
    /// The end of what was broken off, before its connection is used again.
    pub(crate) release: Duration,
}

/// How long an answer is waited for, and when one last did not come.
#[derive(Debug, Clone)]
struct AnswerPatience {
    limit: Duration,
    silent: Arc<RwLock<Option<Instant>>>,
}

impl AnswerPatience {
    /// The same connections, and another limit.
    fn up_to(&self, limit: Duration) -> Self {
        Self { limit: if limit.is_zero() { Duration::MAX } else { limit }, silent: Arc::clone(&self.silent) }
    }

    /// Large work is best given in a box: it is kept twice here.
    async fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        timeout(self.limit, work).await.unwrap_or_else(|_| Err(self.note_silence()))
    }

    /// The same where silence may be that of a statement that runs on.
    async fn wait_quietly<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        timeout(self.limit, work).await.unwrap_or_else(|_| Err(Error::Io(std::io::ErrorKind::TimedOut.into())))
    }

    /// The parts of an answer, each waited for up to the limit.
    fn parts<'e, T: Send + 'e>(self, parts: BoxStream<'e, Result<T, Error>>) -> BoxStream<'e, Result<T, Error>> {
        stream::unfold(Some((self, parts)), |waiting| async move {
            let (patience, mut parts) = waiting?;
            match timeout(patience.limit, parts.next()).await {
                Ok(part) => part.map(|part| (part, Some((patience, parts)))),
                Err(_) => Some((Err(patience.note_silence()), None)),
            }
        })
        .boxed()
    }

    fn note_silence(&self) -> Error {
        *self.silent.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        tracing::warn!(seconds = self.limit.as_secs(), "the database does not answer: connections to it are made anew");
        Error::Io(std::io::ErrorKind::TimedOut.into())
    }

    /// Whether a connection of this age was made since an answer last did not come.
    fn is_trusted(&self, age: Duration) -> bool {
        let silent = *self.silent.read().unwrap_or_else(PoisonError::into_inner);
        silent.is_none_or(|at| age < at.elapsed())
    }
}

/// Has the server look now and then whether anybody still waits for a list, and end it where nobody does. Servers before version
/// 14, and on systems that cannot tell, have no such setting: there a list runs on up to its time limit.
pub(crate) fn end_without_listener(
    connection: &mut PgConnection,
    _: PoolConnectionMetadata,
) -> BoxFuture<'_, Result<(), Error>> {
    async move {
        let watch =
            "-- connection.end_without_listener\nselect set_config('client_connection_check_interval', '2s', false)";
        if let Err(error) = sqlx::raw_sql(watch).execute(connection).await {
            tracing::debug!(%error, "lists whose readers leave run on up to their time limit");
        }
        Ok(())
    }
    .boxed()
}

/// A pool whose statements end.
#[derive(Debug, Clone)]
pub(crate) struct BoundedPool {
    pool: PgPool,
    patience: AnswerPatience,
}

impl BoundedPool {
    /// A connection beside the pool, of whose statements none is logged for being slow.
    pub(crate) async fn connect_quietly(&self) -> Result<PgConnection, Error> {
        let options = PgConnectOptions::clone(&self.pool.connect_options()).disable_statement_logging();
        self.patience.wait(Box::pin(PgConnection::connect_with(&options))).await
    }

    /// A pool whose connections are opened when first needed.
    pub(crate) fn open(options: PgPoolOptions, connect: PgConnectOptions, limits: AnswerLimits) -> Self {
        let patience = AnswerPatience { limit: Duration::MAX, silent: Arc::default() }.up_to(limits.statement);
        let (known, release) = (patience.clone(), patience.up_to(limits.release));
        let options = options
            // A dead connection is found by the statement that meets it; a ping before each use would cost every lookup a
            // round trip.
            .test_before_acquire(false)
            .before_acquire(move |_, meta| ready(Ok(known.is_trusted(meta.age))).boxed())
            // The pool itself asks a connection that comes back whether it is at rest, and waits for that answer without end:
            // a statement whose caller went away would take its connection's place in the pool with it. What does not come to rest
            // in time is closed.
            .after_release(move |connection, _| {
                let release = release.clone();
                async move { release.wait_quietly(connection.ping()).await.map(|()| true) }.boxed()
            });
        Self { pool: options.connect_lazy_with(connect), patience }
    }

    /// How its connections are made, for one that is kept beside it.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        (*self.pool.connect_options()).clone()
    }

    pub(crate) async fn begin(&self) -> Result<BoundedTransaction, Error> {
        let transaction = self.wait(Box::pin(self.pool.begin())).await?;
        Ok(BoundedTransaction { transaction, patience: self.patience.clone() })
    }

    /// The same where one statement may take long, and is waited for up to `limit`.
    pub(crate) async fn begin_within(&self, limit: Duration) -> Result<BoundedTransaction, Error> {
        let transaction = self.wait(Box::pin(self.pool.begin())).await?;
        Ok(BoundedTransaction { transaction, patience: self.patience.up_to(limit) })
    }

    /// A connection for several statements. The pool's own limit bounds the wait for it.
    pub(crate) async fn acquire(&self) -> Result<PooledConnection, Error> {
        Ok(PooledConnection { connection: self.pool.acquire().await?, patience: self.patience.clone() })
    }

    /// Waits no longer than for any answer of this database.
    pub(crate) async fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.patience.wait(work).await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// A connection of the pool.
#[derive(Debug)]
pub(crate) struct PooledConnection {
    connection: PoolConnection<Postgres>,
    patience: AnswerPatience,
}

impl PooledConnection {
    /// For one statement.
    pub(crate) fn bounded(&mut self) -> BoundedConnection<'_> {
        BoundedConnection { connection: &mut self.connection, patience: &self.patience }
    }

    /// Takes the connection out of the pool; nothing bounds it any more.
    pub(crate) fn detach(self) -> PgConnection {
        self.connection.detach()
    }
}

/// An open transaction. Dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct BoundedTransaction {
    transaction: PgTransaction<'static>,
    patience: AnswerPatience,
}

impl BoundedTransaction {
    /// For one statement.
    pub(crate) fn bounded(&mut self) -> BoundedConnection<'_> {
        BoundedConnection { connection: &mut self.transaction, patience: &self.patience }
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.patience.wait(Box::pin(self.transaction.commit())).await
    }

    /// To its end: one that is dropped is rolled back some time later.
    pub(crate) async fn roll_back(self) -> Result<(), Error> {
        self.patience.wait(Box::pin(self.transaction.rollback())).await
    }
}

/// A connection on which no answer is waited for without end.
#[derive(Debug)]
pub(crate) struct BoundedConnection<'c> {
    connection: &'c mut PgConnection,
    patience: &'c AnswerPatience,
}

impl BoundedConnection<'_> {
    /// For one statement of several.
    pub(crate) const fn bounded(&mut self) -> BoundedConnection<'_> {
        BoundedConnection { connection: self.connection, patience: self.patience }
    }
}

impl<'c> Executor<'c> for BoundedConnection<'c> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.patience.clone().parts(self.connection.fetch_many(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.patience.wait(self.connection.fetch_optional(query)).boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        self.patience.wait(self.connection.prepare_with(sql, parameters)).boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'c: 'e,
    {
        self.patience.wait(self.connection.describe(sql)).boxed()
    }
}

impl<'p> Executor<'p> for &'p BoundedPool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.patience.clone().parts(self.pool.fetch_many(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        self.wait(self.pool.fetch_optional(query)).boxed()
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'p: 'e,
    {
        self.wait(self.pool.prepare_with(sql, parameters)).boxed()
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'p: 'e,
    {
        self.wait(self.pool.describe(sql)).boxed()
    }
}

#[cfg(test)]
mod tests;
