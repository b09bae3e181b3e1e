//! Many at once: two qualifiers and 64 concurrent arrivals of one person make one person and one open lead.

use futures::future::join_all;
use ripen_testkit::wait::until;
use serde_json::json;

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, posters::post};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_arrivals_of_one_person_are_one_lead() {
    let installation = Installation::new(Kind::Rabbit).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let intake = installation.serve("intake").await;
    let qualifiers = [installation.serve("qualifier").await, installation.serve("qualifier").await];
    let bodies: Vec<_> = (0..64)
        .map(|n| {
            // By e-mail, by phone, by both: whichever comes first, it is the same person.
            let mut lead =
                json!({"external_id": format!("t{n}"), "first_name": "Casey", "answers": {"timeframe_days": 200 + n}});
            if n % 3 != 0 {
                lead["email"] = json!("casey@example.com");
            }
            if n % 3 != 1 {
                lead["phone"] = json!("+14155550100");
            }
            lead
        })
        .collect();
    join_all(bodies.iter().map(|body| async {
        // As a sender does where a busy machine says "later".
        until("it is taken", LIMIT, || async {
            let (status, answer) = post(&intake.url, &source, body).await?;
            assert!(matches!(status, 202 | 503), "{status} {answer}");
            (status == 202).then_some(())
        })
        .await;
    }))
    .await;
    until("all are stored", LIMIT, || async {
        (installation.count("select count(*) from arrival where lead_id is not null").await == 64).then_some(())
    })
    .await;
    // Arrivals by e-mail alone and by phone alone may make two people before one names both; never more, and each one lead.
    let persons = installation.count("select count(*) from person").await;
    assert!(persons <= 2, "{persons} persons");
    assert_eq!(installation.count("select count(*) from lead").await, persons);
    assert_eq!(installation.count("select sum(arrivals)::bigint from lead").await, 64);
    assert_eq!(
        installation.count("select sum(enquiries)::bigint from lead").await,
        persons,
        "all within a day: one enquiry each"
    );
    let doctor = installation.run(&["doctor"]).await;
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    assert_eq!(intake.stop().await, Some(0));
    for qualifier in qualifiers {
        assert_eq!(qualifier.stop().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_amendments_and_reused_keys_are_told_apart() {
    let installation = Installation::new(Kind::Local).await;
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    let first = json!({"external_id": "x1", "first_name": "Casey", "email": "casy@example.com", "answers": {"timeframe_days": 200}});
    let corrected = json!({"external_id": "x1", "first_name": "Casey", "email": "casey@example.com", "answers": {"timeframe_days": 300}});
    let double_click = json!({"email": "casey@example.com", "notes": "hello"});
    for body in [&first, &first, &corrected, &corrected, &double_click, &double_click] {
        assert_eq!(post(&process.url, &source, body).await.unwrap().0, 202);
        until("the spool is empty", LIMIT, || async {
            (installation.count("select count(*) from spool").await == 0).then_some(())
        })
        .await;
    }
    assert_eq!(installation.count("select count(*) from arrival").await, 3, "the first, its correction, one click");
    assert_eq!(installation.count("select count(*) from arrival where amends is not null").await, 1);
    assert_eq!(installation.count("select count(*) from person").await, 1, "a corrected address stays the same person");
    assert_eq!(installation.count("select count(*) from person where email = 'casey@example.com'").await, 1);
    assert_eq!(
        installation.count("select arrivals::bigint from lead").await,
        2,
        "a correction is no arrival of its own"
    );
    assert_eq!(installation.count("select count(*) from arrival_seen where ended = 'same'").await, 1);
    assert_eq!(process.stop().await, Some(0));
}
