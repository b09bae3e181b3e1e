//! What the same refusal of several mails comes to, said after each was sent.

use ripen_domain::delivery::MailStage;

use super::*;
use crate::tests::scene::{Scene, at};

/// A mail of each lead, to an address of its own.
const MAILS: &str = "
    truncate mail_refusal, mail_blame, mail_unexplained;
    insert into endpoint (id, client_id, kind, name, address, created_at)
      select pg_temp.i(20 + number), pg_temp.i(1), 'email', 'Rep', number || '@client.example', at
      from (select at from n limit 1) n, generate_series(1, 3) number;
    update delivery d set endpoint_id = pg_temp.i(20 + m.number) from generate_series(1, 3) m (number) where d.id = pg_temp.i(m.number);";

async fn refused(scene: &Scene, number: u128, time: &str, words: &str) -> UnexplainedRefusal {
    let refusal = NewRefusal {
        code: Some(554),
        why: words.to_owned(),
        stage: Some(MailStage::Content),
        mail: Uuid::from_u128(number),
        of_one: false,
        probe_at: at("2026-11-25T00:00:00Z"),
    };
    scene.store.mail_unexplained(&refusal, at(&format!("2026-11-24T{time}:00Z"))).await.unwrap()
}

/// With a number of its own in each answer.
async fn the_same(scene: &Scene, number: u128, time: &str) -> UnexplainedRefusal {
    refused(scene, number, time, &format!("5.7.1 rejected by policy (id 4X{number}Q)")).await
}

#[tokio::test]
async fn one_mail_is_tried_once_more_and_then_given_up() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    assert_eq!(the_same(&scene, 1, "10:00").await, UnexplainedRefusal::First);
    assert_eq!(the_same(&scene, 1, "10:02").await, UnexplainedRefusal::OfMail);
    assert_eq!(scene.store.mail_refusal().await.unwrap(), None, "nobody else waits");
    scene.end().await;
}

#[tokio::test]
async fn three_leads_to_three_addresses_that_hear_the_same_are_nobodys_fault_and_all_mail_waits() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    for number in [1, 2] {
        assert_eq!(the_same(&scene, number, "10:00").await, UnexplainedRefusal::First);
    }
    let of_sender = UnexplainedRefusal::OfSender(MailRefused::Sender);
    assert_eq!(the_same(&scene, 3, "10:01").await, of_sender);
    let told = scene.store.mail_refusal().await.unwrap().expect("all mail waits");
    assert_eq!(told.why, "said of mails to several addresses after they were sent: 5.7.1 rejected by policy (id 4X3Q)");
    // Those that try the server hours later die no more than the others.
    for (number, time) in [(1, "10:03"), (2, "14:00"), (2, "15:00")] {
        assert_eq!(the_same(&scene, number, time).await, of_sender);
    }
    scene.end().await;
}

#[tokio::test]
async fn what_may_be_one_leads_or_one_addresss_fault_has_nobody_wait() {
    let mut scene = Scene::new().await;
    for (what, as_it_is) in [
        ("one lead to everybody", "update delivery set lead_id = pg_temp.i(1)"),
        ("one address of every lead", "update delivery set endpoint_id = pg_temp.i(21)"),
        (
            "others are taken in between",
            "update delivery set state = 'delivered', ended_at = '2026-11-24 10:01Z' where id = pg_temp.i(3)",
        ),
    ] {
        scene.run(MAILS).await;
        scene.run(as_it_is).await;
        for (number, time) in [(1, "10:00"), (2, "10:00"), (3, "10:02")] {
            assert_eq!(the_same(&scene, number, time).await, UnexplainedRefusal::First, "{what}");
        }
        assert_eq!(scene.store.mail_refusal().await.unwrap(), None, "{what}");
        scene.again().await;
    }
    scene.run(MAILS).await;
    for (number, time) in [(1, "10:00"), (2, "10:30"), (3, "11:10")] {
        assert_eq!(the_same(&scene, number, time).await, UnexplainedRefusal::First, "not within the hour");
    }
    assert_eq!(refused(&scene, 2, "11:11", "5.7.1 spam").await, UnexplainedRefusal::OfMail, "other words");
    scene.end().await;
}
