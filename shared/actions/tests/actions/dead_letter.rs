//! Dead letters: handled again or given up.

use ripen_actions::{
    Refusal,
    dead_letter::{DeadLetterQuery, DropDeadLetter, ReplayDeadLetters, ReplayedLetters, find, list},
};
use ripen_domain::actor::UserRole;
use ripen_store::arrival::dead_letter::NewDeadLetter;
use uuid::Uuid;

use crate::harness::{Office, office, operator, user};

const ALL: DeadLetterQuery = DeadLetterQuery { after: None, limit: 100 };

async fn given_up(office: &Office) -> [Uuid; 2] {
    let ids = [1, 2].map(Uuid::from_u128);
    let letters = [("ripen.arrivals", ids[0]), ("ripen.requalify", ids[1])].map(|(queue, id)| NewDeadLetter {
        source: None,
        content: None,
        received_at: None,
        id,
        queue: queue.to_owned(),
        message: Uuid::from_u128(id.as_u128() + 100),
        body: b"{}".to_vec(),
        reason: "it makes no sense".to_owned(),
    });
    office.actions.store.dead_letters_keep(&letters, office.actions.clock.now()).await.unwrap();
    ids
}

#[tokio::test]
async fn arrivals_wait_in_the_spool_again_and_offers_end() {
    let office = office().await;
    let ids = given_up(&office).await;
    let unknown = ReplayDeadLetters { letters: Some(vec![ids[0], Uuid::from_u128(9)]) };
    let missing = office.actions.run(&operator(), &unknown).await;
    assert!(matches!(missing, Err(Refusal::Missing { what: "dead letter", .. })), "{missing:?}");
    let all = ReplayDeadLetters { letters: None };
    let expected = ReplayedLetters { replayed: 1, offers_dropped: 1 };
    assert_eq!(office.actions.rehearse(&operator(), &all).await.unwrap(), expected);
    assert_eq!(list(&office.actions, &operator(), &ALL).await.unwrap().len(), 2, "nothing was kept so far");
    assert!(office.audited().await.is_empty());

    assert_eq!(office.actions.run(&operator(), &all).await.unwrap(), expected);
    assert!(list(&office.actions, &operator(), &ALL).await.unwrap().is_empty());
    assert_eq!(office.count("select count(*) from spool").await, 1);
    assert_eq!(office.count("select count(*) from arrival_seen").await, 0, "its id is free again");
    assert_eq!(office.audited().await, ["dead_letter.replay"; 2]);
}

#[tokio::test]
async fn one_is_dropped_once_and_by_managers_alone() {
    let office = office().await;
    let [letter, _] = given_up(&office).await;
    let refused = office.actions.run(&user(UserRole::Agent, None), &DropDeadLetter { letter }).await;
    assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{refused:?}");
    assert_eq!(find(&office.actions, &operator(), letter).await.unwrap().letter.body, b"{}");
    office.actions.run(&operator(), &DropDeadLetter { letter }).await.unwrap();
    let again = office.actions.run(&operator(), &DropDeadLetter { letter }).await;
    assert!(matches!(again, Err(Refusal::Missing { .. })), "{again:?}");
    assert!(matches!(find(&office.actions, &operator(), letter).await, Err(Refusal::Missing { .. })));
    assert_eq!(office.audited().await, ["dead_letter.drop"]);
}

#[tokio::test]
async fn pages_follow_each_other_whatever_ends_or_comes_between() {
    let office = office().await;
    let [first, second] = given_up(&office).await;
    let page = async |after| {
        let found = list(&office.actions, &operator(), &DeadLetterQuery { after, limit: 1 }).await.unwrap();
        found.into_iter().map(|found| found.letter.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, [first]);
    office.actions.run(&operator(), &DropDeadLetter { letter: first }).await.unwrap();
    assert_eq!(page(Some(first)).await, [second], "where the page before ended need not wait any more");
    assert!(page(Some(second)).await.is_empty());
}
