//! The oracle of the fault tests: nothing lost, nothing doubled, and every invariant holds.

use std::collections::{BTreeMap, BTreeSet};

use ripen_testkit::{receiver::Receiver, wait::until};

use super::{Installation, LIMIT};

/// Waits until every accepted arrival is stored and every delivery has ended, then checks that nothing is lost or doubled.
/// `in_flight` is how many deliveries may have been repeated, under the same id, by what was done to the process.
pub async fn audit(
    installation: &Installation,
    accepted: &BTreeMap<String, String>,
    receiver: &Receiver,
    in_flight: usize,
) {
    stored(installation, accepted.len()).await;
    let wanted = i64::try_from(accepted.len()).unwrap();
    assert_eq!(installation.count("select count(*) from arrival").await, wanted, "each arrival is stored once");
    assert_eq!(installation.count("select count(*) from lead").await, wanted, "each person has one lead");
    assert_eq!(
        installation.count("select count(distinct person_id) from lead").await,
        wanted,
        "each lead is another person's"
    );
    assert_eq!(installation.count("select count(*) from person").await, wanted);
    delivered(installation).await;
    let matured = installation.count("select count(*) from lead where grade = 'A'").await;
    assert_eq!(installation.count("select count(*) from maturation").await, matured, "each A lead matured once");
    assert_eq!(installation.count("select count(*) from delivery where state = 'delivered'").await, matured);
    let matured = usize::try_from(matured).unwrap();
    assert_eq!(receiver.distinct_ids(), matured, "each A lead came out");
    once_each(receiver, matured, in_flight);
    // What was broken off is made good within moments: months that were not made, for one.
    until("the invariants hold: see ripen doctor", LIMIT, || async {
        installation.run(&["doctor"]).await.status.success().then_some(())
    })
    .await;
}

async fn stored(installation: &Installation, wanted: usize) {
    until("every accepted arrival is stored", LIMIT, || async {
        let stored = installation.count("select count(*) from arrival_seen").await;
        (usize::try_from(stored).unwrap() >= wanted).then_some(())
    })
    .await;
}

/// Waits until no delivery is under way.
pub async fn delivered(installation: &Installation) {
    until("every delivery has ended", LIMIT * 2, || async {
        let open = installation.count("select count(*) from delivery where state in ('pending', 'leased')").await;
        (open == 0).then_some(())
    })
    .await;
}

/// Every delivery came once, but for those that were in flight; and a repeated one is the same to the byte.
pub fn once_each(receiver: &Receiver, matured: usize, in_flight: usize) {
    let received = receiver.received();
    assert!(received.len() <= matured + in_flight, "{} posts for {matured} deliveries", received.len());
    let mut bodies: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for post in &received {
        bodies.entry(post.header("webhook-id").to_owned()).or_default().insert(post.body.to_vec());
    }
    assert!(bodies.values().all(|bodies| bodies.len() == 1), "one webhook-id always has one body");
}
