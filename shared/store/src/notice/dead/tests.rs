//! What is told of notices that could not be sent, and which address one goes to at the moment of sending.

use std::time::Duration;

use ripen_domain::actor::Actor;

use super::*;
use crate::{
    notice::owe::{MailRecipient, OnceNotice},
    tests::scene::{LEASE, Scene, at},
};

const NOW: &str = "2026-11-24T10:00:00Z";

#[tokio::test]
async fn what_could_not_be_sent_is_counted_and_told_of_once() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "truncate notice;
             insert into notice (id, client_id, kind, to_address, data, state, reason, due_at, created_at, ended_at, key)
             select id, pg_temp.i(1), case id when pg_temp.i(3) then 'notice_dead' else 'lead_dead' end, 'office@client.example',
                    '{\"title\": \"A\", \"sentences\": [\"B.\"]}', 'dead', 'no such address', at, at, at, id::text from n",
        )
        .await;
    let (scope, since) = (Actor::operator("Kim").scope(), at("2026-11-20T00:00:00Z"));
    let dead = scene.store.notices_dead(scope, since).await.unwrap();
    let counted: Vec<_> = dead.iter().map(|one| (one.kind.as_str(), one.count)).collect();
    assert_eq!(counted, [("lead_dead", 2), ("notice_dead", 1)]);
    let unsent = scene.store.notices_unsent(scope, since, 9).await.unwrap();
    assert_eq!(unsent.len(), 2, "what tells of it is not told of in its turn");
    scene.run(&format!("update notice set key = '{}' where id = pg_temp.i(3)", unsent[0].key())).await;
    assert_eq!(scene.store.notices_unsent(scope, since, 9).await.unwrap().len(), 1);
    scene.end().await;
}

#[tokio::test]
async fn a_mail_to_somebody_who_signs_in_is_told_of_too_and_its_news_belongs_to_nobody() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "truncate notice;
             insert into notice (id, user_id, kind, to_address, data, state, reason, due_at, created_at, ended_at, key)
             select id, id, 'user_invited', 'lee@firm.example', '{}', 'dead', 'no such address', at, at, at, id::text from n limit 1",
        )
        .await;
    let (scope, since) = (Actor::operator("Kim").scope(), at("2026-11-20T00:00:00Z"));
    let unsent = scene.store.notices_unsent(scope, since, 9).await.unwrap();
    assert_eq!(
        unsent.iter().map(|one| (one.kind.as_str(), one.client.is_none())).collect::<Vec<_>>(),
        [("user_invited", true)]
    );
    let told = OnceNotice {
        id: NoticeId::from_uuid(uuid::Uuid::from_u128(77)),
        client: None,
        kind: NoticeKind::NoticeDead,
        key: unsent[0].key(),
        delivery: None,
        endpoint: None,
        to: MailRecipient { name: None, address: "alerts@firm.example".to_owned() },
        data: NoticeData::written("A".to_owned(), Vec::new()),
        due_at: at(NOW),
    };
    assert_eq!(scene.store.notices_once(&[told.clone(), told], at(NOW)).await.unwrap(), 1);
    assert!(scene.store.notices_unsent(scope, since, 9).await.unwrap().is_empty());
    let due = scene.store.notices_lease((LEASE, Duration::from_secs(60)), 9, at(NOW)).await.unwrap();
    assert_eq!(
        due.iter().map(|one| (one.to.address.as_str(), one.slug.as_str())).collect::<Vec<_>>(),
        [("alerts@firm.example", "desk")]
    );
    scene.end().await;
}

#[tokio::test]
async fn mails_that_ended_long_ago_are_forgotten_and_what_waits_is_not() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "truncate notice;
             insert into notice (id, client_id, kind, to_address, data, state, due_at, created_at, ended_at)
             select id, pg_temp.i(1), 'lead_dead', 'office@client.example', '{\"title\": \"Casey\"}',
                    case id when pg_temp.i(1) then 'pending' else 'sent' end, at - interval '90 days', at - interval '90 days',
                    case id when pg_temp.i(1) then null when pg_temp.i(2) then at - interval '90 days' else at end from n",
        )
        .await;
    let before = at("2026-09-25T00:00:00Z");
    assert_eq!(scene.store.notices_forget(before, 9).await.unwrap(), 1);
    assert_eq!(scene.texts("select state from notice order by id").await, ["pending", "sent"]);
    scene.end().await;
}

#[tokio::test]
async fn a_reps_address_and_state_are_those_of_the_moment_of_sending() {
    let mut scene = Scene::new().await;
    scene
        .run(
            "truncate notice;
             insert into rep (id, client_id, name, email, created_at) select pg_temp.i(8), pg_temp.i(1), 'Dana Hill', 'new@client.example', at from n limit 1;
             insert into notice (id, client_id, kind, to_address, data, due_at, created_at, rep_id)
             select id, pg_temp.i(1), 'rep_link', 'old@client.example', '{}', at, at, case id when pg_temp.i(1) then pg_temp.i(8) end from n
             where id <> pg_temp.i(3);
             insert into mail_refusal (since, why, client_id, probe_at) select at, 'no', pg_temp.i(1), '2026-11-24 10:01Z' from n limit 1",
        )
        .await;
    let lease = || scene.store.notices_lease((LEASE, Duration::from_secs(60)), 9, at(NOW));
    assert!(lease().await.unwrap().is_empty(), "while the sender is refused none is looked at");
    scene.run("delete from mail_refusal").await;
    let lease = |store: &Store| {
        let store = store.clone();
        async move { store.notices_lease((LEASE, Duration::from_secs(60)), 9, at(NOW)).await.unwrap() }
    };
    let found = lease(&scene.store).await;
    let mut to: Vec<_> = found.iter().map(|one| (one.to.address.as_str(), one.has_left)).collect();
    to.sort_unstable();
    assert_eq!(
        to,
        [("new@client.example", false), ("old@client.example", false)],
        "of an unknown address as it was copied"
    );
    scene.run("update rep set is_paused = true; update notice set lease = null, leased_until = null").await;
    let left = lease(&scene.store).await;
    assert_eq!(left.iter().filter(|one| one.has_left).count(), 1);
    scene.end().await;
}
