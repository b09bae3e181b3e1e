//! What is said of a lead that goes to several: late answers of whose delivery died while somebody else has the lead, and what becomes
//! of those that were not handed it yet.

use ripen_actions::{
    Refusal,
    delivery::{ReplayDelivery, RetryDelivery},
    outcome::{OutcomeResult, RecordAnswer, RecordOutcome},
    outcome_import::{OutcomeImport, OutcomeRow},
};
use ripen_domain::{
    actor::{Actor, System},
    id::DeliveryId,
    outcome::{How, OutcomeFields},
};
use ripen_store::delivery::dead::DeadFollowUp;
use sqlx::Executor as _;

use crate::harness::{Office, office, operator, program};

/// Dana's mail died, and Lee has the lead.
const GIVEN_ON: &str = "
    insert into rep (id, client_id, name, email, created_at)
      select gen_random_uuid(), client_id, r.name, lower(r.name) || '@client.example', created_at from delivery, (values ('Dana'), ('Lee')) r (name);
    insert into endpoint (id, client_id, kind, name, address, rep_id, created_at) select id, client_id, 'email', name, email, id, created_at from rep;
    update maturation set routed_at = at;
    update delivery set state = 'dead', endpoint_id = r.id, rep_id = r.id from rep r where r.name = 'Dana';
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at, ended_at)
      select r.id, d.client_id, d.lead_id, d.maturation_id, r.id, r.id, 'delivered', 1, d.due_at, d.due_at, d.created_at, d.created_at
      from delivery d, rep r where r.name = 'Lee';";
/// The same by hand.
const BY_HAND: &str =
    "update delivery set state = 'withdrawn', reason = 'given to another endpoint by hand' where state = 'dead'";
/// Nobody was given it yet: because the first was given up, it waits to be routed again.
const WAITS: &str = "
    with given as (delete from delivery where state = 'delivered' returning *)
    insert into delivery (id, client_id, lead_id, maturation_id, state, because_of, due_at, offered_until, created_at)
      select gen_random_uuid(), g.client_id, g.lead_id, g.maturation_id, 'held', d.id, g.due_at, g.due_at, g.created_at
      from given g, delivery d where d.state = 'dead'";

fn said(outcome: &str) -> OutcomeFields {
    let (reason, date) = (Some("no budget".to_owned()), (outcome == "not_yet").then(|| "2027-04-05".to_owned()));
    OutcomeFields { outcome: Some(outcome.to_owned()), reason, date, ..OutcomeFields::default() }
}

/// An office in which that is so, and the delivery that died.
async fn given_on(changes: &[&'static str]) -> (Office, DeliveryId) {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    for change in [GIVEN_ON].iter().chain(changes) {
        office.pool.execute(*change).await.unwrap();
    }
    (office, delivery)
}

const OUTCOMES: &str = "select count(*) from outcome";

#[tokio::test]
async fn nothing_is_said_late_of_a_lead_that_somebody_else_has() {
    for changes in [&[][..], &[BY_HAND]] {
        let (office, delivery) = given_on(changes).await;
        for outcome in ["accepted", "returned", "not_yet", "lost"] {
            for (how, seen) in [(How::Api, None), (How::Link, Some(0)), (How::Command, None)] {
                let request = RecordOutcome { delivery, said: said(outcome), how, seen, confirmed: true };
                let done = office.actions.run(&operator(), &request).await.unwrap();
                let OutcomeResult::Refused(why) = done else { panic!("{outcome} {how}: {done:?}") };
                assert!(why.0.contains("somebody else of the client has it"), "{why}");
            }
            let answer = RecordAnswer { delivery, said: said(outcome), at: None };
            let done = office.actions.run(&Actor::system(System::Dispatcher), &answer).await.unwrap();
            assert!(matches!(done, OutcomeResult::Refused(_)), "{done:?}");
        }
        let operator = operator();
        let mut import = OutcomeImport::begin(&office.actions, &operator, "acme", false).await.unwrap();
        let row = OutcomeRow {
            line: 2,
            delivery: Some(delivery.to_string()),
            said: said("accepted"),
            ..OutcomeRow::default()
        };
        import.row(row).await.unwrap();
        assert_eq!(import.finish().left.iter().map(|row| row.left).collect::<Vec<_>>(), ["refused"]);
        assert_eq!(office.count(OUTCOMES).await, 0);
    }
}

#[tokio::test]
async fn that_it_is_sold_is_asked_back_and_recorded_where_it_is_meant() {
    let (office, delivery) = given_on(&[]).await;
    let won = OutcomeFields { outcome: Some("won".to_owned()), ..OutcomeFields::default() };
    let request = RecordOutcome { delivery, said: won, how: How::Api, seen: None, confirmed: false };
    let client = office.client("Other").await;
    assert!(office.actions.run(&program(client.id), &request).await.is_err(), "of no other client");
    let asked = office.actions.run(&operator(), &request).await.unwrap();
    assert!(matches!(asked, OutcomeResult::Asked(_)), "{asked:?}");
    let meant = RecordOutcome { confirmed: true, ..request };
    assert_eq!(office.actions.run(&operator(), &meant).await.unwrap(), OutcomeResult::Recorded);
    assert_eq!(office.count("select count(*) from lead where stage = 'customer'").await, 1);
}

#[tokio::test]
async fn whoever_asks_not_to_be_contacted_is_not_whoever_was_told() {
    let (office, delivery) = given_on(&[]).await;
    let request =
        RecordOutcome { delivery, said: said("do_not_contact"), how: How::Link, seen: Some(0), confirmed: false };
    let done = office.actions.run(&operator(), &request).await.unwrap();
    assert!(matches!(done, OutcomeResult::Refused(_)), "{done:?}");
    assert_eq!(office.count("select count(*) from person where do_not_contact").await, 1);
}

#[tokio::test]
async fn a_lead_that_was_accepted_before_anybody_else_was_given_it_is_given_to_nobody() {
    let (office, delivery) = given_on(&[WAITS]).await;
    let request = RecordOutcome { delivery, said: said("accepted"), how: How::Link, seen: Some(0), confirmed: false };
    assert_eq!(office.actions.run(&operator(), &request).await.unwrap(), OutcomeResult::Recorded);
    let waits = "select count(*) from delivery where state = 'held'";
    assert_eq!(office.count(waits).await, 0, "it is routed to nobody");
    let mut tx = office.actions.store.begin().await.unwrap();
    let dead = tx.dead_lock(10, None).await.unwrap();
    assert_eq!(dead.iter().map(|one| one.follow_up).collect::<Vec<_>>(), [DeadFollowUp::Had]);
}

/// The team's webhook and another rep's mail failed once and wait, and a third waits for its rep's hours.
const OTHERS: &str = "
    insert into rep (id, client_id, name, email, created_at) select gen_random_uuid(), client_id, 'Lee', 'lee@client.example', created_at from delivery;
    insert into endpoint (id, client_id, kind, name, url, address, rep_id, created_at)
      select gen_random_uuid(), client_id, 'webhook', 'CRM', 'https://crm.client.example/', null, null::uuid, created_at from rep
      union all select id, client_id, 'email', name, null, email, id, created_at from rep;
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, rep_id, state, attempts, due_at, offered_until, created_at)
      select gen_random_uuid(), d.client_id, d.lead_id, d.maturation_id, e.id, e.rep_id, 'pending', 1, d.due_at, d.due_at, d.created_at
      from delivery d, endpoint e where e.name in ('CRM', 'Lee');
    insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
      select gen_random_uuid(), client_id, lead_id, maturation_id, 'held', due_at, due_at, created_at from delivery where state = 'delivered';";

#[tokio::test]
async fn what_is_sold_is_filed_by_the_clients_programs_and_given_to_nobody_else_to_sell() {
    let states = "select string_agg(coalesce(e.name, 'nobody') || ' ' || d.state, ', ' order by e.name) from delivery d
                  left join endpoint e on e.id = d.endpoint_id where d.event = 'lead.matured' and d.state <> 'delivered'";
    let ended = "CRM withdrawn, Lee withdrawn, nobody withdrawn";
    for (outcome, expected) in [
        ("accepted", "CRM pending, Lee pending, nobody held"),
        ("won", "CRM pending, Lee withdrawn, nobody withdrawn"),
        ("lost", ended),
        ("returned", ended),
        ("not_yet", ended),
    ] {
        let office = office().await;
        let delivery = office.delivered(&office.client("Acme").await).await.delivery;
        office.pool.execute(OTHERS).await.unwrap();
        let request = RecordOutcome { delivery, said: said(outcome), how: How::Link, seen: Some(0), confirmed: false };
        assert_eq!(office.actions.run(&operator(), &request).await.unwrap(), OutcomeResult::Recorded, "{outcome}");
        let found: String = sqlx::query_scalar(states).fetch_one(&office.pool).await.unwrap();
        assert_eq!(found, expected, "{outcome}");
    }
}

#[tokio::test]
async fn what_counts_of_a_delivery_is_shown_last_whenever_each_was_begun() {
    let office = office().await;
    let sent = office.delivered(&office.client("Acme").await).await;
    for (outcome, confirmed) in [("accepted", false), ("won", false), ("lost", true)] {
        office.pass();
        let said = OutcomeFields { outcome: Some(outcome.to_owned()), ..OutcomeFields::default() };
        let request = RecordOutcome { delivery: sent.delivery, said, how: How::Api, seen: None, confirmed };
        assert_eq!(office.actions.run(&operator(), &request).await.unwrap(), OutcomeResult::Recorded);
    }
    // As two that came at once were kept: the later one with the earlier time; and what comes now is not before them.
    office.pool.execute("update outcome set at = at - interval '1 day' where number = 2").await.unwrap();
    let shown = ripen_actions::lead::show(&office.actions, &operator(), sent.lead).await.unwrap();
    assert_eq!(shown.outcomes.iter().map(|one| one.outcome.number).collect::<Vec<_>>(), [1, 2, 3]);
    office.pool.execute("update outcome set at = at + interval '1 year' where number = 3").await.unwrap();
    let request = RecordOutcome {
        delivery: sent.delivery,
        said: said("accepted"),
        how: How::Command,
        seen: None,
        confirmed: true,
    };
    assert_eq!(office.actions.run(&operator(), &request).await.unwrap(), OutcomeResult::Recorded);
    let in_order =
        "select count(*) from outcome a join outcome b on b.number = a.number + 1 where b.number = 4 and b.at >= a.at";
    assert_eq!(office.count(in_order).await, 1);
}

#[tokio::test]
async fn what_somebody_else_has_is_sent_again_only_where_that_is_meant() {
    let (office, delivery) = given_on(&[]).await;
    let retry = |confirmed| RetryDelivery { delivery, confirmed };
    let replay = |confirmed| ReplayDelivery { delivery, confirmed };
    for refused in
        [office.actions.run(&operator(), &retry(false)).await, office.actions.run(&operator(), &replay(false)).await]
    {
        let Err(Refusal::Conflict { code: "given_on", message }) = refused else { panic!("{refused:?}") };
        assert!(message.contains("Lee has lead"), "{message}");
    }
    assert!(office.audited().await.is_empty());
    assert_eq!(office.actions.store.delivery_with_whom(operator().scope(), delivery).await.unwrap(), ["Lee"]);
    assert_eq!(office.actions.run(&operator(), &replay(true)).await.unwrap().state, "pending");
    // What nobody else has goes without a question.
    let (office, delivery) = given_on(&[WAITS]).await;
    assert!(office.actions.store.delivery_with_whom(operator().scope(), delivery).await.unwrap().is_empty());
    let again = RetryDelivery { delivery, confirmed: false };
    assert_eq!(office.actions.run(&operator(), &again).await.unwrap().state, "pending");
    assert_eq!(
        office.count("select count(*) from delivery where state = 'held'").await,
        0,
        "nobody is handed it beside"
    );
    assert_eq!(
        office.count("select count(*) from delivery where state = 'withdrawn' and endpoint_id is null").await,
        1
    );
}

#[tokio::test]
async fn what_somebody_else_accepted_although_it_did_not_reach_them_is_sent_again_only_where_that_is_meant() {
    const ACCEPTED: &str = "
        update delivery set state = 'dead' where state = 'delivered';
        insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
          select client_id, lead_id, id, 1, 'accepted', 'Lee', 'link', created_at, created_at
          from delivery where endpoint_id = (select id from rep where name = 'Lee')";
    let (office, delivery) = given_on(&[ACCEPTED]).await;
    let refused = office.actions.run(&operator(), &RetryDelivery { delivery, confirmed: false }).await;
    let Err(Refusal::Conflict { code: "given_on", message }) = refused else { panic!("{refused:?}") };
    assert!(message.contains("Lee has lead"), "{message}");
}
