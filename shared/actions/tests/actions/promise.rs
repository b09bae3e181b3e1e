//! Next steps that are moved by hand.

use ripen_actions::{
    Refusal,
    promise::{MovePromise, PromiseQuery, list},
};
use ripen_domain::id::LeadId;

use crate::{
    delivered::outsiders,
    harness::{office, operator},
};

fn step(lead: LeadId, to: &str, why: &str) -> MovePromise {
    MovePromise { lead, to: to.parse().unwrap(), why: why.to_owned(), agreed: true }
}

#[tokio::test]
async fn a_step_is_moved_with_its_audit_or_not_at_all() {
    let office = office().await;
    let lead = office.worked(&office.client("Acme").await).await;
    let wrong = step(lead, "2020-01", "");
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &wrong).await else { panic!("it was done") };
    assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["to", "why"]);

    let request = step(lead, "2027-04", "the lease ends");
    let due = office.actions.rehearse(&operator(), &request).await.unwrap();
    assert!(office.audited().await.is_empty());
    assert_eq!(office.actions.run(&operator(), &request).await.unwrap(), due);
    let ahead = PromiseQuery { before: Some("2028-01-01".parse().unwrap()), limit: 9, ..PromiseQuery::default() };
    let open = list(&office.actions, &operator(), &ahead).await.unwrap();
    assert_eq!(open.iter().map(|one| (one.due_at, one.agreed)).collect::<Vec<_>>(), [(Some(due.at), true)]);
    let entry = &office.changes().await[0];
    assert_eq!(entry.action, "promise.move");
    assert!(entry.before.is_some() && !format!("{entry:?}").contains("lease"));
}

#[tokio::test]
async fn who_may_not_move_steps_sees_none_either() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let lead = office.worked(&acme).await;
    for actor in outsiders(acme.id) {
        let refused = office.actions.run(&actor, &step(lead, "30d", "later")).await;
        assert!(matches!(refused, Err(Refusal::Forbidden { .. })), "{actor}");
        let listed = list(&office.actions, &actor, &PromiseQuery::default()).await;
        assert!(matches!(listed, Err(Refusal::Forbidden { .. })), "{actor}");
    }
    let nowhere = PromiseQuery { client: Some("nobody".to_owned()), ..PromiseQuery::default() };
    let Err(Refusal::Invalid(errors)) = list(&office.actions, &operator(), &nowhere).await else { panic!("found") };
    assert_eq!((errors[0].field.as_str(), errors[0].code), ("client", "unknown"));
}
