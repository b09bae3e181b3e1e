//! The pages behind links say what is known of a lead now, and give nobody a way to a person whom they are not to call.

use serde_json::json;

use crate::{
    harness::{App, Sent, app},
    reps::{leads, rep_of},
};

async fn page(app: &App, sent: Sent) -> String {
    let path = format!("/o/{}", app.key.token(sent.delivery, app.clock.now()));
    app.send("GET", &path, &[("accept", "text/html")], "").await.text
}

#[track_caller]
fn holds(page: &str, shown: &[&str], hidden: &[&str]) {
    for words in shown {
        assert!(page.contains(words), "{words}: {page}");
    }
    for words in hidden {
        assert!(!page.contains(words), "{words}: {page}");
    }
}

/// Whose name, number and address were corrected; who said more, and is no A any more.
const CORRECTED: &str = "with p as (
      update person set first_name = 'Kay', phone = '+13125550142', phone_extension = '12', email = 'right@example.com'
    ), i as (
      insert into person_identity (client_id, kind, value, person_id, said_at)
      select client_id, 'phone', '+13125550143', id, created_at from person
    ), a as (
      insert into answer (lead_id, question, at, origin, value) select id, 'budget', created_at, 'arrival:2', '500000' from lead
    )
    update lead set grade = 'C', score = 40";

#[tokio::test]
async fn after_a_correction_the_pages_say_the_new_number_and_the_feed_what_was_sent() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    app.known_as_sent(sent).await;
    for page in [page(&app, sent).await, leads(&app, rep).await.1] {
        holds(&page, &["Casey", "tel:+14155550100", "mailto:casey@example.com", "\"grade\">A<"], &[]);
    }
    sqlx::query(CORRECTED).execute(&app.pool).await.unwrap();
    let shown = ["Kay ", "tel:+13125550142;ext=12", "mailto:right@example.com", "\"grade\">C<"];
    let hidden = ["Casey", "4155550100", "555-0100", "casey@example.com"];
    let of_lead = page(&app, sent).await;
    holds(&of_lead, &shown, &hidden);
    holds(&of_lead, &["Also by phone", "+1 312-555-0143", "500000"], &[]);
    holds(&leads(&app, rep).await.1, &shown, &hidden);
    let fed = app.get(&acme, &format!("/v1/deliveries/{}", sent.delivery)).await.json();
    assert_eq!(fed["payload"]["data"]["lead"]["phone"], "+14155550100", "{fed}");
    assert_eq!(app.say(&acme, sent.delivery, &json!({"outcome": "won"})).await.status, 201);
    holds(&page(&app, sent).await, &shown, &hidden);
    let folded = leads(&app, rep).await.1;
    holds(&folded, &["in the last 30 days", "Kay "], &["Casey", "tel:", "mailto:"]);
}

#[tokio::test]
async fn a_number_that_is_somebody_elses_is_on_no_page() {
    let app = app().await;
    let acme = app.client("acme").await;
    let sent = app.sent(&acme).await;
    let rep = rep_of(&app, &acme, &[sent]).await;
    app.known_as_sent(sent).await;
    // As the firm says it while the rep has the lead.
    let void = "with p as (update person set phone = null)
        insert into person_identity (client_id, kind, value, person_id, said_at, void_at, void_by)
        select client_id, 'phone', '+14155550100', id, created_at, created_at, 'Kim' from person";
    sqlx::query(void).execute(&app.pool).await.unwrap();
    for page in [page(&app, sent).await, leads(&app, rep).await.1] {
        holds(&page, &["Casey", "mailto:casey@example.com"], &["tel:", "4155550100", "555-0100"]);
    }
}

#[tokio::test]
async fn of_a_lead_that_is_not_theirs_to_call_whoever_had_it_reads_no_way_to_the_person() {
    let app = app().await;
    let acme = app.client("acme").await;
    let none = ["tel:", "mailto:", "call primary"];
    for (said, words) in [
        (json!({"outcome": "returned", "reason": "no budget"}), ": given back"),
        (json!({"outcome": "returned", "reason": "wrong_number"}), "It was given back: please do not call any more."),
        (json!({"outcome": "not_yet", "date": "2027-04"}), "please do not call meanwhile."),
        (json!({"outcome": "lost"}), ": lost"),
    ] {
        let sent = app.sent(&acme).await;
        app.known_as_sent(sent).await;
        app.pass(1);
        assert_eq!(app.say(&acme, sent.delivery, &said).await.status, 201, "{said}");
        holds(&page(&app, sent).await, &["Casey", words], &none);
    }
    let sent = app.sent(&acme).await;
    app.known_as_sent(sent).await;
    let close = "update lead set stage = 'closed', closed_at = created_at, closed_reason = 'moved away' where id = $1";
    sqlx::query(close).bind(sent.lead).execute(&app.pool).await.unwrap();
    holds(&page(&app, sent).await, &["Casey", "The lead was closed: please do not call any more."], &none);
    let slip = app.sent(&acme).await;
    app.known_as_sent(slip).await;
    for (said, has_ways) in [("returned", false), ("accepted", true)] {
        app.pass(1);
        let said = json!({"outcome": said, "reason": "a slip", "confirm": true});
        assert_eq!(app.say(&acme, slip.delivery, &said).await.status, 201, "{said}");
        assert_eq!(page(&app, slip).await.contains("tel:+14155550100"), has_ways, "{said}");
    }
}
