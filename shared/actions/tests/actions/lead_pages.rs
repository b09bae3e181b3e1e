//! Pages of lists of leads, one behind the other, while what they list changes.

use ripen_actions::lead_list::{LeadQuery, list};
use ripen_domain::actor::UserRole;
use ripen_store::lead::list::{LeadCursor, LeadOrder};

use crate::harness::{fields, office, user};

#[tokio::test]
async fn a_brokers_next_page_begins_where_the_last_lead_stood_whatever_became_of_it() {
    let office = office().await;
    let acme = office.client("Acme").await;
    let broker = user(UserRole::Broker, Some(acme.id));
    let mut leads = Vec::new();
    for day in ["2030-12-01", "2030-12-02", "2030-12-03", "2030-12-04"] {
        let lead = office.worked(&acme).await;
        let due = format!("update promise set due_at = '{day} 18:00Z' where lead_id = '{}'", lead.uuid());
        office.sql(due).await;
        leads.push(lead);
    }
    let query = LeadQuery { order: LeadOrder::Step, limit: 2, ..LeadQuery::default() };
    let first = list(&office.actions, &broker, &query).await.unwrap();
    assert_eq!(first.leads.iter().map(|lead| lead.id).collect::<Vec<_>>(), leads[..2]);
    let next = first.next.unwrap();
    let began: jiff::Timestamp = "2030-12-02T06:00:00Z".parse().unwrap();
    assert_eq!(next.at, began.as_microsecond(), "the day by the client's clock, and not the hour");
    let behind = LeadQuery { after: Some(next), ..query.clone() };
    for meanwhile in [
        "update promise set due_at = '2031-06-01 18:00Z'",
        "update promise set state = 'dropped', ended_at = due_at",
        "delete from promise",
    ] {
        office.sql(format!("{meanwhile} where lead_id = '{}'", leads[1].uuid())).await;
        let second = list(&office.actions, &broker, &behind).await.unwrap().leads;
        let second: Vec<_> = second.iter().map(|lead| lead.id).filter(|lead| *lead != leads[1]).collect();
        assert_eq!(second, leads[2..], "{meanwhile}");
    }
    // By an hour that somebody types they would read behind which the lead is.
    for at in [next.at + 1, next.at - 3_600_000_000, i64::MIN, i64::MAX] {
        let typed = LeadQuery { after: Some(LeadCursor { at, ..next }), ..query.clone() };
        assert_eq!(fields(list(&office.actions, &broker, &typed).await), ["after"], "{at}");
    }
}
