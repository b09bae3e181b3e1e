//! Whom a refusal of the sender is about: everybody, or one mail or address for whose sake all mail would wait.

use super::*;
use crate::tests::scene::{Scene, at};

/// Two mails to one address and one to another.
const MAILS: &str = "
    insert into endpoint (id, client_id, kind, name, address, created_at)
      select pg_temp.i(20), pg_temp.i(1), 'email', 'Dana', 'dana@client.example', at from n limit 1;
    update delivery set endpoint_id = case id when pg_temp.i(3) then pg_temp.i(9) else pg_temp.i(20) end;";

fn refusal(number: u128, probe_at: &str) -> NewRefusal {
    let why = "554 5.7.1 blacklisted".to_owned();
    let mail = Uuid::from_u128(number);
    NewRefusal { code: Some(554), why, stage: Some(MailStage::Sender), mail, of_one: false, probe_at: at(probe_at) }
}

/// Said to the recipient.
async fn refused_to_one(scene: &Scene, number: u128, now: &str) -> MailRefused {
    let refusal = NewRefusal { of_one: true, ..refusal(number, "2026-11-24T12:00:00Z") };
    scene.store.mail_refused(&refusal, at(now)).await.unwrap()
}

async fn refused(scene: &Scene, number: u128, now: &str) -> MailRefused {
    scene.store.mail_refused(&refusal(number, "2026-11-24T12:00:00Z"), at(now)).await.unwrap()
}

#[tokio::test]
async fn a_mail_that_alone_is_refused_three_times_is_at_fault_itself() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    // Its neighbour to the same address is taken each time: not the address is refused but this mail.
    for minute in ["00", "10"] {
        assert_eq!(refused(&scene, 1, &format!("2026-11-24T10:{minute}:00Z")).await, MailRefused::Sender);
        let taken = format!("2026-11-24T10:{minute}:30Z");
        assert!(scene.store.mail_taken(Uuid::from_u128(2), at(&taken)).await.unwrap());
    }
    assert_eq!(refused(&scene, 1, "2026-11-24T10:20:00Z").await, MailRefused::ThisMail);
    assert_eq!(
        scene.store.mail_gate(at("2026-11-24T10:21:00Z"), at("2026-11-24T10:22:00Z")).await.unwrap(),
        MailGate::Open
    );
    assert_eq!(refused(&scene, 2, "2026-11-24T10:30:00Z").await, MailRefused::Sender, "others are not blamed");
    scene.end().await;
}

#[tokio::test]
async fn an_address_for_which_every_mail_is_refused_holds_up_nobody_else_in_the_end() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    for (mail, minute) in [(1, "00"), (2, "10")] {
        assert_eq!(refused(&scene, mail, &format!("2026-11-24T10:{minute}:00Z")).await, MailRefused::Sender);
        scene.store.mail_taken(Uuid::from_u128(3), at(&format!("2026-11-24T10:{minute}:30Z"))).await.unwrap();
    }
    assert_eq!(refused(&scene, 1, "2026-11-24T10:20:00Z").await, MailRefused::ThisMail);
    assert_eq!(refused(&scene, 2, "2026-11-24T10:20:00Z").await, MailRefused::ThisMail);
    scene.run("update delivery set state = 'delivered', ended_at = '2026-11-24 10:25Z' where id = pg_temp.i(2)").await;
    assert_eq!(refused(&scene, 1, "2026-11-24T10:30:00Z").await, MailRefused::Sender, "it took one since");
    scene.end().await;
}

#[tokio::test]
async fn a_sender_that_is_refused_for_everybody_is_nobodys_fault_however_long_it_lasts() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    for minute in 10..30 {
        assert_eq!(refused(&scene, 1, &format!("2026-11-24T10:{minute}:00Z")).await, MailRefused::Sender);
    }
    scene.store.mail_taken(Uuid::from_u128(1), at("2026-11-24T10:40:00Z")).await.unwrap();
    assert_eq!(refused(&scene, 1, "2026-11-24T10:50:00Z").await, MailRefused::Sender);
    scene.end().await;
}

#[tokio::test]
async fn a_mail_that_shows_the_sender_taken_and_is_not_taken_itself_blames_nobody() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    for minute in 10..20 {
        assert_eq!(refused(&scene, 1, &format!("2026-11-24T10:{minute}:00Z")).await, MailRefused::Sender);
        assert!(scene.store.mail_sender_taken(at(&format!("2026-11-24T10:{minute}:30Z"))).await.unwrap());
    }
    assert!(!scene.store.mail_sender_taken(at("2026-11-24T10:30:00Z")).await.unwrap(), "it is taken already");
    scene.end().await;
}

#[tokio::test]
async fn who_tries_the_server_knows_where_it_refused_the_sender() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    let (now, next) = (at("2026-11-24T12:00:00Z"), at("2026-11-24T12:01:00Z"));
    refused(&scene, 1, "2026-11-24T10:00:00Z").await;
    assert_eq!(scene.store.mail_gate(now, next).await.unwrap(), MailGate::Probe(MailStage::Sender));
    assert_eq!(scene.store.mail_gate(now, next).await.unwrap(), MailGate::Shut(next), "one is enough");
    // Of what came back later nobody knows.
    let refusal = NewRefusal { stage: None, ..refusal(2, "2026-11-24T12:00:00Z") };
    scene.store.mail_refused(&refusal, now).await.unwrap();
    assert_eq!(scene.store.mail_gate(now, next).await.unwrap(), MailGate::Probe(MailStage::Content));
    scene.end().await;
}

#[tokio::test]
async fn while_the_sender_is_refused_a_lease_puts_all_mail_off_and_lets_one_try() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    refused(&scene, 3, "2026-11-24T10:00:00Z").await;
    assert!(scene.lease(&[1, 2, 3], at("2026-11-24T11:00:00Z")).await.is_empty());
    let waits = "select concat_ws(' ', state, attempts, to_char(due_at at time zone 'UTC', 'HH24:MI'), reason) from delivery order by id";
    let put_off = format!("pending 1 12:00 {}", crate::delivery::release::MAIL_WAITS);
    assert_eq!(scene.texts(waits).await, vec![put_off; 3], "nothing was leased, loaded or settled");
    // Whatever is said of them: they are found by the code.
    scene.run("update delivery set reason = 'in other words'").await;
    assert_eq!(scene.texts("select distinct reason_code from delivery").await, ["mail_waits"]);
    assert_eq!(scene.lease(&[1, 2, 3], at("2026-11-24T12:00:00Z")).await, [1], "one tries the server");
    scene.store.mail_taken(Uuid::from_u128(1), at("2026-11-24T12:00:01Z")).await.unwrap();
    assert_eq!(scene.lease(&[2, 3], at("2026-11-24T12:00:02Z")).await, [2, 3]);
    scene.end().await;
}

#[tokio::test]
async fn what_one_recipient_is_refused_for_has_nobody_wait_before_a_second_one_is() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    assert_eq!(refused_to_one(&scene, 1, "2026-11-24T10:00:00Z").await, MailRefused::OneRecipient);
    assert_eq!(refused_to_one(&scene, 2, "2026-11-24T10:00:10Z").await, MailRefused::OneRecipient, "the same address");
    assert_eq!(scene.store.mail_refusal().await.unwrap(), None, "nobody waits");
    assert_eq!(refused_to_one(&scene, 3, "2026-11-24T10:00:20Z").await, MailRefused::Sender, "a second address");
    assert_eq!(refused_to_one(&scene, 1, "2026-11-24T10:00:30Z").await, MailRefused::Sender, "as long as it lasts");
    scene.end().await;
}

#[tokio::test]
async fn one_recipient_who_is_refused_while_others_are_taken_is_given_up_and_nobody_waited() {
    let mut scene = Scene::new().await;
    scene.run(MAILS).await;
    for minute in ["00", "10"] {
        assert_eq!(refused_to_one(&scene, 1, &format!("2026-11-24T10:{minute}:00Z")).await, MailRefused::OneRecipient);
        let taken = format!(
            "update delivery set state = 'delivered', ended_at = '2026-11-24 10:{minute}:30Z' where id = pg_temp.i(3)"
        );
        scene.run(&taken).await;
    }
    assert_eq!(refused_to_one(&scene, 1, "2026-11-24T10:20:00Z").await, MailRefused::ThisMail);
    assert_eq!(scene.store.mail_refusal().await.unwrap(), None);
    scene.end().await;
}
