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
    assert_eq!(open.iter().map(|one| (one.due_at, one.agreed)).collect::<Vec<_>>(), [(Some(due.due.at), true)]);
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

#[tokio::test]
async fn pages_of_steps_follow_each_other_whatever_comes_or_ends_between() {
    let office = office().await;
    let mut leads = Vec::new();
    for name in ["Acme", "Other", "Third"] {
        office.pass();
        leads.push(office.worked(&office.client(name).await).await);
    }
    // All at one instant: then the order is that of the leads.
    sqlx::query("update promise set state = 'work', due_at = '2026-11-01Z'").execute(&office.pool).await.unwrap();
    let query = |after| PromiseQuery { after, limit: 1, ..PromiseQuery::default() };
    let page = async |after| list(&office.actions, &operator(), &query(after)).await.unwrap().pop();
    let first = page(None).await.unwrap();
    assert_eq!(first.lead, leads[0]);
    let after = first.cursor().unwrap().to_string().parse().unwrap();
    let sql = "update promise set due_at = '2026-10-01Z' where lead_id = any($1)";
    sqlx::query(sql).bind(vec![leads[0].uuid(), leads[2].uuid()]).execute(&office.pool).await.unwrap();
    let second = page(Some(after)).await.unwrap();
    assert_eq!(second.lead, leads[1], "where the page before ended is not forgotten with what stood there");
    assert!(page(second.cursor()).await.is_none(), "what was moved before the page is not on it");
    let all = PromiseQuery { limit: 9, ..PromiseQuery::default() };
    let all = list(&office.actions, &operator(), &all).await.unwrap();
    assert_eq!(all.iter().map(|one| one.lead).collect::<Vec<_>>(), [leads[0], leads[2], leads[1]]);
}
