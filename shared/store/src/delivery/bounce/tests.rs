//! A sender that a later report refuses: whose mail waits for it; and whose mailbox a report is of.

use std::time::Duration;

use ripen_domain::{actor::Actor, id::EndpointId};
use uuid::Uuid;

use super::*;
use crate::{
    delivery::dead::DeadFollowUp,
    lead::untouched::UntouchedFilter,
    queues::{cursor::QueueSpan, stuck::StuckKind},
    tests::scene::{Scene, at, delivery},
};

const ACME: ClientId = ClientId::from_uuid(Uuid::from_u128(1));

/// The first lead was mailed to an address, and the mail was taken.
const MAILED: &str = "
    insert into endpoint (id, client_id, kind, name, address, created_at)
      select pg_temp.i(20), pg_temp.i(1), 'email', 'Dana', 'dana@client.example', at from n limit 1;
    update delivery set endpoint_id = pg_temp.i(20), state = 'delivered', ended_at = '2026-11-24 09:50Z',
                        first_delivered_at = '2026-11-24 09:50Z' where id = pg_temp.i(1);";

/// It is reported that the sender of this one was refused: what becomes of it.
async fn refused(scene: &mut Scene, number: u128) -> (ReportResult, String) {
    let text = "failed 5.7.26".to_owned();
    let report = MailReport { text, is_final: true, bounced: false, of_sender: true, original: None, last: None };
    let mut batch = scene.store.begin().await.unwrap();
    let scope = Actor::operator("Kim").scope();
    let pause = SenderPause(Duration::from_secs(90));
    let reported = DeliveryReport { delivery: delivery(number), report: &report, pause };
    let done = batch.delivery_report(scope, &reported, at("2026-11-24T10:00:00Z")).await.unwrap();
    batch.commit().await.unwrap();
    (done, scene.state(number).await)
}

#[tokio::test]
async fn a_sender_that_one_later_report_says_is_refused_has_that_mail_wait_and_all_once_a_second_address_says_so() {
    let mut scene = Scene::new().await;
    scene.run(MAILED).await;
    let (done, state) = refused(&mut scene, 1).await;
    assert_eq!(done, ReportResult::Waits(ACME));
    assert!(state.starts_with(&format!("pending: {ONE_WAITS}")), "{state}");
    let noted = "select about_id::text from mail_blame where times = 0 order by 1";
    assert_eq!(scene.texts(noted).await.len(), 2, "the mail and its address");
    assert_eq!(scene.store.mail_refusal().await.unwrap(), None, "nobody else waits");
    // Of the same address again, whoever made it up.
    scene.run(
            "update delivery set endpoint_id = pg_temp.i(20), state = 'delivered', ended_at = '2026-11-24 09:50Z' where id = pg_temp.i(2)",
        ).await;
    assert_eq!(refused(&mut scene, 2).await.0, ReportResult::Waits(ACME));
    assert_eq!(scene.store.mail_refusal().await.unwrap(), None, "one address says so, however often");

    scene
        .run(
            "update delivery set endpoint_id = pg_temp.i(9), state = 'delivered', ended_at = '2026-11-24 09:50Z' where id = pg_temp.i(3)",
        )
        .await;
    let (done, state) = refused(&mut scene, 3).await;
    assert_eq!(done, ReportResult::Waits(ACME));
    assert!(state.starts_with(&format!("pending: {MAIL_WAITS}")), "{state}");
    assert!(scene.store.mail_refusal().await.unwrap().is_some());
    // By the pause of the configuration, as where the server says it itself.
    let probed = "select to_char(probe_at at time zone 'UTC', 'HH24:MI:SS') from mail_refusal";
    assert_eq!(scene.texts(probed).await, ["10:01:30"]);
    let again = "select to_char(due_at at time zone 'UTC', 'HH24:MI:SS') from delivery order by id";
    assert_eq!(scene.texts(again).await, ["10:03:00"; 3], "behind whoever tries the server");
    scene.end().await;
}

#[tokio::test]
async fn an_address_that_refuses_the_sender_in_its_reports_while_others_take_mail_ends_its_own_mail_alone() {
    let mut scene = Scene::new().await;
    scene.run(MAILED).await;
    scene
        .run("insert into mail_blame (about_id, refused_at, times) values (pg_temp.i(20), '2026-11-24 09:45Z', 2)")
        .await;
    // A mail that it took since would say that it takes the firm's mail; this one came back.
    let (done, state) = refused(&mut scene, 1).await;
    assert_eq!((done, state.as_str()), (ReportResult::Dead(ACME), "dead: the mail came back: failed 5.7.26"));
    assert_eq!(scene.store.mail_refusal().await.unwrap(), None, "nobody else waits");
    scene.end().await;
}

/// It is reported that there is no such address as this one.
async fn bounced(scene: &mut Scene, address: &str) -> (ReportResult, String) {
    let (text, original) = ("failed 5.1.1".to_owned(), Some(address.to_owned()));
    let report = MailReport { text, is_final: true, bounced: true, of_sender: false, original, last: None };
    let mut batch = scene.store.begin().await.unwrap();
    let scope = Actor::operator("Kim").scope();
    let reported =
        DeliveryReport { delivery: delivery(1), report: &report, pause: SenderPause(Duration::from_secs(90)) };
    let done = batch.delivery_report(scope, &reported, at("2026-11-24T10:00:00Z")).await.unwrap();
    batch.commit().await.unwrap();
    (done, scene.state(1).await)
}

#[tokio::test]
async fn a_mail_that_comes_back_from_an_address_that_was_corrected_since_is_not_delivered() {
    let mut scene = Scene::new().await;
    for (named, result) in [
        ("dana@client.exmaple", ReportResult::Dead(ACME)),
        // Nothing was sent there so far, whoever says so.
        ("dana@client.example", ReportResult::Noted),
    ] {
        scene.again().await;
        scene.run(MAILED).await;
        scene
            .run(
                "update endpoint set address = 'dana@client.exmaple' where id = pg_temp.i(20);
                 update delivery set state = 'pending', ended_at = null, first_delivered_at = null where id = pg_temp.i(1)",
            )
            .await;
        assert_eq!(scene.lease(&[1], at("2026-11-24T09:45:00Z")).await, [1]);
        scene
            .run(
                "update delivery set state = 'delivered', lease = null, leased_until = null, ended_at = '2026-11-24 09:50Z',
                                     first_delivered_at = '2026-11-24 09:50Z' where id = pg_temp.i(1);
                 update endpoint set address = 'dana@client.example', bounces_from = '2026-11-24 09:55Z' where id = pg_temp.i(20)",
            )
            .await;
        let (done, state) = bounced(&mut scene, named).await;
        assert_eq!(done, result, "{state}");
        assert_eq!(state.starts_with("dead: the mail came back"), result == ReportResult::Dead(ACME), "{state}");
    }
    let enabled = "select state from endpoint where id = pg_temp.i(20)";
    assert_eq!(scene.texts(enabled).await, ["enabled"]);
    scene.end().await;
}

#[tokio::test]
async fn a_lead_on_which_somebody_works_stays_theirs_whatever_a_later_report_says() {
    let mut scene = Scene::new().await;
    let accepted = "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
        select pg_temp.i(1), id, id, 1, 'accepted', 'Dana', 'link', at, at from n where id = pg_temp.i(1);";
    let tried = "insert into touch (id, lead_id, client_id, delivery_id, at, by, disposition, answers, round)
        select id, id, pg_temp.i(1), id, at, 'rep', 'no_answer', 0, false from n where id = pg_temp.i(1);";
    for works in [accepted, tried] {
        scene.again().await;
        scene.run("truncate touch cascade").await;
        scene.run(MAILED).await;
        scene.run(works).await;
        scene.run("update person set first_name = 'Casey', last_name = 'Smith'").await;
        let (done, state) = refused(&mut scene, 1).await;
        let worked = BouncedLead {
            client: ClientId::from_uuid(Uuid::from_u128(1)),
            client_name: "Acme".to_owned(),
            person: Some("Casey Smith".to_owned()),
            worked_by: "Dana".to_owned(),
        };
        assert_eq!((done, state.as_str()), (ReportResult::Worked(worked), "delivered"));
    }
    scene.end().await;
}

/// The webhook of the team has the lead beside the mail.
const BESIDE: &str = "
    insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, attempts, due_at, offered_until, created_at, ended_at)
      select pg_temp.i(11), pg_temp.i(1), id, id, pg_temp.i(1), 'delivered', 1, at, at, at, at from n where id = pg_temp.i(1);";

/// Whether it stands in the list of what was given up.
async fn stands(scene: &Scene) -> bool {
    let span = QueueSpan::first(10);
    let listed = scene.store.stuck(Actor::operator("Kim").scope(), StuckKind::Dead, span).await.unwrap();
    listed.iter().any(|row| row.id == delivery(1).uuid())
}

#[tokio::test]
async fn what_was_given_up_last_comes_first_and_what_lies_at_a_mailbox_that_is_off_nobody_has() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "update delivery set state = 'dead', ended_at = '2026-11-24 09:50Z'::timestamptz + get_byte(uuid_send(id), 15) * interval '1 minute',
                                 followed_up_at = '2026-11-24 11:00Z'",
        )
        .await;
    let (scope, mut after, mut seen) = (Actor::operator("Kim").scope(), None, Vec::new());
    while let Some(row) = {
        let span = QueueSpan { after, limit: 1 };
        scene.store.stuck(scope, StuckKind::Dead, span).await.unwrap().pop()
    } {
        after = Some(row.cursor);
        seen.push(row.id);
    }
    assert_eq!(seen, [3, 2, 1].map(|number| delivery(number).uuid()));
    scene.run(MAILED).await;
    scene.run(BESIDE).await;
    scene.run("update delivery set state = 'dead', followed_up_at = '2026-11-24 11:00Z' where id = pg_temp.i(1)").await;
    scene
        .run("update delivery set state = 'held', ended_at = null, endpoint_id = pg_temp.i(9) where id = pg_temp.i(11)")
        .await;
    assert!(!stands(&scene).await, "it is on its way to the fallback");
    scene.run("update endpoint set state = 'disabled', disabled_by = 'answers' where id = pg_temp.i(9)").await;
    assert!(stands(&scene).await);
    scene.end().await;
}

#[tokio::test]
async fn a_mail_that_came_back_goes_on_although_a_webhook_of_the_team_has_the_lead() {
    let mut scene = Scene::new().await;
    let office = DeadFollowUp::Fallback(EndpointId::from_uuid(Uuid::from_u128(9)));
    let accepted = "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at)
        select pg_temp.i(1), id, pg_temp.i(11), 1, 'accepted', 'CRM', 'api', at, at from n where id = pg_temp.i(1);";
    let not_yet =
        "insert into outcome (client_id, lead_id, delivery_id, number, kind, said_by, how, at, happened_at, not_before)
        select pg_temp.i(1), id, pg_temp.i(11), 1, 'not_yet', 'CRM', 'api', at, at, at from n where id = pg_temp.i(1);";
    for (meanwhile, expected) in [
        ("", office),
        ("delete from endpoint where is_fallback", DeadFollowUp::Waits),
        ("update client set when_dead = 'wait'", DeadFollowUp::Waits),
        (accepted, DeadFollowUp::Had),
        // Mailed because the webhook failed, which has it by now.
        (
            "delete from endpoint where is_fallback; update endpoint set is_fallback = true, by_name = true where id = pg_temp.i(20); update delivery set took_no_place = true where id = pg_temp.i(1)",
            DeadFollowUp::Had,
        ),
    ] {
        scene.again().await;
        scene.run(MAILED).await;
        scene.run(BESIDE).await;
        scene.run(meanwhile).await;
        assert_eq!(bounced(&mut scene, "dana@client.example").await.0, ReportResult::Dead(ACME));
        let mut batch = scene.store.begin().await.unwrap();
        let dead = batch.dead_lock(10, None).await.unwrap();
        batch.commit().await.unwrap();
        assert_eq!(dead.iter().map(|one| one.follow_up).collect::<Vec<_>>(), [expected], "{meanwhile}");
        let asked =
            UntouchedFilter { from: Timestamp::UNIX_EPOCH, to: at("2026-11-24T09:00:00Z"), only: None, per_client: 9 };
        let listed = scene.store.leads_untouched(Actor::operator("Kim").scope(), &asked).await.unwrap();
        let of_it: Vec<_> = listed.iter().filter(|one| one.delivery == delivery(1)).collect();
        assert_eq!(of_it.len(), usize::from(expected != DeadFollowUp::Had), "{meanwhile}");
        let mut batch = scene.store.begin().await.unwrap();
        batch.dead_follow_up(&dead, at("2026-11-24T10:00:30Z")).await.unwrap();
        batch.commit().await.unwrap();
        assert_eq!(stands(&scene).await, expected == DeadFollowUp::Waits, "{meanwhile}");
        if expected == DeadFollowUp::Waits {
            // Whoever said anything of the lead did something of it, beside whichever delivery.
            scene.run(not_yet).await;
            assert!(!stands(&scene).await, "{meanwhile}");
        }
    }
    scene.end().await;
}

#[test]
fn a_report_of_a_forwarding_that_is_broken_is_none_of_the_mailbox() {
    let of = |original: Option<&str>, last: Option<&str>| {
        let named = |address: Option<&str>| address.map(str::to_owned);
        let (original, last) = (named(original), named(last));
        MailReport { text: String::new(), is_final: true, bounced: true, of_sender: false, original, last }
            .is_of("dana@client.example")
    };
    assert!(of(None, None), "nothing is named");
    assert!(of(None, Some("Dana@Client.example")));
    assert!(of(Some("dana@client.example"), Some("d.hill@client.example")), "an alias of the same house");
    assert!(!of(Some("dana@client.example"), Some("dana@mail.example")), "passed on to another house");
    assert!(!of(None, Some("dana@mail.example")));
    assert!(!of(Some("lee@client.example"), None));
}
