//! Keeps a lease while what it is for takes longer than it lasts: a mail, whose server may take its time.

use std::{convert::Infallible, time::Duration};

use ripen_store::StoreError;

/// Does what may take longer than a lease lasts, and makes the lease longer meanwhile: a process that dies leaves it to run out as
/// ever. Where that fails it goes on: what the mail server takes is recorded whoever has the lease by then.
pub async fn while_leased<T, F: Future<Output = Result<bool, StoreError>>>(
    lasts: Duration,
    keep: impl Fn() -> F,
    work: impl Future<Output = T>,
) -> T {
    tokio::select! {
        biased;
        done = work => done,
        never = keep_lease(lasts, keep) => match never {},
    }
}

async fn keep_lease<F: Future<Output = Result<bool, StoreError>>>(lasts: Duration, keep: impl Fn() -> F) -> Infallible {
    loop {
        tokio::time::sleep(lasts / 3).await;
        if let Err(error) = keep().await {
            tracing::debug!(%error, "a lease could not be made longer and is tried again");
        }
    }
}
