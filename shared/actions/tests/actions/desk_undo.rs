//! What a disposition that can be taken back brings to clients: nothing before that time is over.

use jiff::SignedDuration;
use ripen_actions::{
    desk::{Dispose, UndoDisposition},
    lead::TouchLead,
};
use ripen_domain::touch::Disposition;

use crate::{desk::one_lead_open, harness::operator};

#[tokio::test]
async fn what_was_matured_by_a_disposition_that_is_taken_back_goes_to_nobody_before_the_lead_is_decided() {
    let (office, lee, opened) = one_lead_open().await;
    let touch = office.dispose(&lee, &opened, Disposition::Answered).await;
    // As the qualifier leaves it a moment later; it decides nothing more for a while.
    let matured = "with d as (delete from regrade)
        insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, due_at, offered_until, created_at, undo_until)
        select id, client_id, id, id, id, 'pending', $at, $at, $at, $at from lead";
    let until = office.actions.clock.now() + SignedDuration::from_secs(20);
    office.sql(matured.replace("$at", &format!("timestamptz '{until}'"))).await;
    assert!(office.actions.clock.advance(SignedDuration::from_secs(15)));
    office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap();
    let waits = "select count(*) from delivery d join regrade g on g.lead_id = d.lead_id
                 where d.state = 'held' and d.due_at > d.undo_until and g.taken_back";
    assert_eq!(office.count(waits).await, 1);
}

#[tokio::test]
async fn a_client_is_told_of_a_conversation_when_it_can_be_taken_back_no_more() {
    let (office, lee, opened) = one_lead_open().await;
    for made in [
        "insert into endpoint (id, client_id, kind, url, events, created_at)
         select id, client_id, 'webhook', 'https://x.example/', '{lead.matured,lead.updated}', created_at from lead",
        "insert into maturation (id, lead_id, client_id, decision_id, at) select id, id, client_id, id, created_at from lead",
        "insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, attempts, due_at, offered_until, created_at, ended_at)
         select id, client_id, id, id, id, 'delivered', 1, created_at, created_at, created_at, created_at from lead",
        "update lead set grade = 'A', score = 80, criteria_id = id, decision_id = id, matured_at = created_at",
    ] {
        office.sql(made.to_owned()).await;
    }
    let dispose = Dispose {
        note: Some("her husband listens in".to_owned()),
        ..Dispose::of(opened.lead, opened.lease, Disposition::Answered)
    };
    let touch = office.actions.run(&lee, &dispose).await.unwrap().touched.touch;
    let told = "select count(*) from delivery d join desk_undo u on u.touch_id = d.cause
                where d.event = 'lead.updated' and d.state = 'pending' and d.due_at >= u.until";
    assert_eq!(office.count(told).await, 1);
    office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap();
    assert_eq!(
        office.count("select count(*) from delivery where event = 'lead.updated' and state <> 'withdrawn'").await,
        0
    );
    // What cannot be taken back is told once the lead was decided.
    let other = TouchLead {
        touch: None,
        lead: opened.lead,
        disposition: Disposition::Answered,
        answer: Vec::new(),
        note: Some("prefers mornings".to_owned()),
        next: None,
    };
    assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
    office.actions.run(&operator(), &other).await.unwrap();
    let soon = "select count(*) from delivery where event = 'lead.updated' and state = 'pending' and due_at = created_at + interval '5 seconds'";
    assert_eq!(office.count(soon).await, 1);
}
