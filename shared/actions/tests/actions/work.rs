//! An action whose transaction met another's is done again, a few times.

use std::sync::atomic::{AtomicUsize, Ordering};

use ripen_actions::{Action, Refusal, Work};
use ripen_domain::actor::Permission;
use ripen_store::StoreError;

use crate::harness::{office, operator};

/// Fails until it has run so often.
struct Fails {
    passes: usize,
    error: StoreError,
    runs: AtomicUsize,
}

impl Action for Fails {
    /// At which run it passed.
    type Done = usize;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, _: &mut Work<'_>) -> Result<usize, Refusal> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed) + 1;
        if run >= self.passes { Ok(run) } else { Err(self.error.clone().into()) }
    }
}

fn fails(passes: usize, error: StoreError) -> Fails {
    Fails { passes, error, runs: AtomicUsize::new(0) }
}

#[tokio::test]
async fn a_transaction_that_met_another_runs_again_a_few_times() {
    let office = office().await;
    let conflict = || StoreError::Conflict("40P01".to_owned());
    assert_eq!(office.actions.run(&operator(), &fails(3, conflict())).await.unwrap(), 3);
    let endless = fails(9, conflict());
    let Err(Refusal::Store(error)) = office.actions.run(&operator(), &endless).await else { panic!("it passed") };
    assert!(error.is_conflict());
    assert_eq!(endless.runs.load(Ordering::Relaxed), 3);
    let away = fails(9, StoreError::Unreachable("away".to_owned()));
    office.actions.run(&operator(), &away).await.unwrap_err();
    assert_eq!(away.runs.load(Ordering::Relaxed), 1, "anything else is the caller's");
}
