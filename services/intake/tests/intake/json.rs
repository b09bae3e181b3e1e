//! JSON: one lead, arrays, and what makes two posts the same arrival.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    arrival::{QuarantineReason, Sameness},
    flag::FlagCode,
    lead::Channel,
    message::ArrivalMessage,
};
use ripen_runtime::config::Settings;
use ripen_store::arrival::spool::SpoolRow;
use serde_json::json;

use crate::harness::{NOW, app, app_with};

const LEAD: &str = "{\"email\": \"Casey@Example.com\", \"phone\": \"(415) 555-0100\"}";

#[tokio::test]
async fn a_lead_is_received_when_it_is_kept() {
    let app = app().await;
    let answer = app.post(LEAD).await;
    let id = answer.arrival();
    assert_eq!(answer.json(), json!({"arrival": id, "status": "received"}));
    assert_eq!(answer.header("location"), format!("/v1/arrivals/{id}"));
    assert_eq!(answer.header("ripen-received-at"), NOW);
    let arrival = app.arrival().await;
    assert_eq!((arrival.id.to_string(), arrival.source, arrival.client), (id, app.source, app.client));
    assert_eq!((arrival.sameness, arrival.quarantine), (Sameness::Content, None));
    assert_eq!((arrival.raw.media_type.as_str(), arrival.raw.text.as_str()), ("application/json", LEAD));
    assert_eq!(arrival.submission.phone.as_ref().unwrap().as_str(), "+14155550100");
    assert_eq!(arrival.content, arrival.submission.content_hash());
    let row = app.spooled().await.remove(0);
    assert!(row.received_at == NOW.parse().unwrap() && arrival.received_at == row.received_at);
}

#[tokio::test]
async fn the_token_is_as_good_as_the_key_and_not_the_same() {
    let app = app().await;
    let path = format!("/v1/in/{}", app.token);
    let json = ("content-type", "application/json");
    app.send("POST", &path, &[json], LEAD).await.arrival();
    let crossed = format!("Bearer {}", app.token);
    assert_eq!(
        app.send("POST", "/v1/leads", &[json, ("authorization", &crossed)], LEAD).await.problem(),
        "unauthenticated"
    );
    assert_eq!(app.send("POST", &format!("/v1/in/{}", app.key), &[json], LEAD).await.problem(), "not-found");
}

#[tokio::test]
async fn who_fills_in_a_form_or_has_a_pages_token_alone_is_whoever_reads_the_page() {
    let json = ("content-type", "application/json");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let (page, show) = (Channel::WebForm, Channel::TradeShow);
    for (by_token, channel, kind, body, by_visitor) in [
        (false, page, json, "{\"email\": \"a@example.com\"}", false),
        (false, show, form, "email=a%40example.com", true),
        (true, page, json, "{\"email\": \"a@example.com\"}", true),
        (true, show, json, "{\"email\": \"a@example.com\"}", false),
        (true, show, form, "email=a%40example.com", true),
    ] {
        let app = app_with(&Settings::default(), |source| source.channel = channel).await;
        let key = format!("Bearer {}", app.key);
        let path = if by_token { format!("/v1/in/{}", app.token) } else { "/v1/leads".to_owned() };
        let accept = ("accept", "application/json");
        let headers = if by_token { vec![kind, accept] } else { vec![kind, accept, ("authorization", key.as_str())] };
        app.send("POST", &path, &headers, body).await.arrival();
        assert_eq!(app.arrival().await.by_visitor, by_visitor, "{by_token} {channel:?} {kind:?}");
    }
    // A script in a page that posts with a token which should stand in none.
    let app = app().await;
    let path = format!("/v1/in/{}", app.token);
    app.send("POST", &path, &[json, ("origin", "https://example.com")], "{\"email\": \"a@example.com\"}")
        .await
        .arrival();
    assert!(app.arrival().await.by_visitor);
}

#[tokio::test]
async fn what_comes_with_others_is_a_list_whatever_its_sources_channel() {
    for (body, in_bulk) in [
        (LEAD, false),
        (r#"[{"email": "a@example.com"}]"#, false),
        (r#"[{"email": "a@example.com"}, {"email": "b@example.com"}]"#, true),
        // Of three the one that can be read: it was sent as a list.
        (r#"[{"name": "Nobody"}, 7, {"email": "a@example.com"}]"#, true),
    ] {
        let app = app().await;
        app.post(body).await;
        assert!(app.arrivals().await.iter().all(|arrival| arrival.in_bulk == in_bulk), "{body}");
    }
}

#[tokio::test]
async fn of_one_array_each_lead_is_newer_than_those_before_it() {
    let app = app().await;
    let body = r#"[{"email": "z@example.com", "external_id": "x-1"}, {"email": "b@example.com", "external_id": "x-2"},
                   {"email": "a@example.com", "external_id": "x-1"}]"#;
    app.post(body).await;
    let read = |row: &SpoolRow| {
        let ArrivalMessage::V1(arrival) = serde_json::from_slice(&row.body).unwrap();
        arrival
    };
    let mut received: Vec<_> = app.spooled().await.iter().map(read).collect();
    received.sort_by_key(|arrival| (arrival.submission.external_id.clone(), arrival.received_at));
    let at = NOW.parse::<Timestamp>().unwrap();
    let microseconds = received.iter().map(|arrival| arrival.received_at.duration_since(at).as_micros());
    assert_eq!(microseconds.collect::<Vec<_>>(), [0, 2, 1]);
    assert_eq!(received[1].submission.email.as_ref().unwrap().as_str(), "a@example.com");
}

#[tokio::test]
async fn a_key_or_an_external_id_makes_a_retry_the_same_arrival() {
    let app = app().await;
    let key = [("idempotency-key", "k-1")];
    let first = app.post_with(&key, LEAD).await.arrival();
    assert_eq!(app.post_with(&key, LEAD).await.arrival(), first);
    assert_eq!(app.post_with(&key, "{\"email\": \"other@example.com\"}").await.arrival(), first);
    let own = "{\"external_id\": 17, \"email\": \"a@example.com\"}";
    let by_id = app.post(own).await.arrival();
    assert_eq!(app.post(own).await.arrival(), by_id);
    assert_ne!(app.post(LEAD).await.arrival(), app.post(LEAD).await.arrival());
    assert_eq!(app.spooled().await.len(), 5, "what came under a used key waits beside what it was used for");
}

#[tokio::test]
async fn an_array_is_received_in_order_and_one_bad_element_alone_is_refused() {
    let app = app().await;
    let body = r#"[{"email": "a@example.com", "external_id": "x-1"}, {"name": "Nobody"}, 7, {"phone": 14155550100}]"#;
    let answer = app.post(body).await;
    assert_eq!(answer.status, 202);
    let json = answer.json();
    assert_eq!((&json["received"], &json["refused"]), (&json!(2), &json!(2)));
    let results = json["results"].as_array().unwrap();
    assert!(results[0]["arrival"].is_string() && results[3]["arrival"].is_string());
    assert_eq!(results[1]["problem"]["type"], "/v1/problems#invalid-lead");
    assert_eq!(results[1]["problem"]["errors"][0]["pointer"], "/1/email");
    assert_eq!(results[2]["problem"]["status"], 400);
    let arrivals = app.arrivals().await;
    assert_eq!(arrivals.len(), 2);
    assert!(
        arrivals.iter().any(|arrival| arrival.raw.text == "{\"phone\": 14155550100}"),
        "its own text is its raw body"
    );
    let again = app.post(body).await.json();
    assert_eq!(again["results"][0]["arrival"], results[0]["arrival"]);
}

#[tokio::test]
async fn a_thousand_leads_fit_into_one_array() {
    let app = app().await;
    let leads: Vec<_> = (0..1000).map(|n| json!({"email": format!("lead{n}@example.com")})).collect();
    let answer = app.post(serde_json::to_vec(&leads).unwrap()).await.json();
    assert_eq!(answer["received"], 1000);
    assert_eq!(app.spooled().await.len(), 1000);
}

#[tokio::test]
async fn a_test_lead_is_kept_and_marked() {
    let app = app().await;
    app.post("{\"email\": \"a@example.com\", \"test\": true}").await.arrival();
    assert_eq!(app.arrival().await.quarantine, Some(QuarantineReason::Test));
}

#[tokio::test]
async fn a_time_ahead_of_receipt_counts_as_receipt_and_a_retry_says_the_same() {
    let app = app().await;
    // Where neither a key nor an id says so, what is said decides whether it is one.
    let said = ["2026-11-22T10:00:30Z", "2026-11-22T11:00:00Z"];
    let leads = said.map(|at| json!({"email": "a@example.com", "submitted_at": at}).to_string());
    for lead in &leads {
        app.post(lead.clone()).await.arrival();
    }
    app.clock.advance(SignedDuration::from_hours(2));
    for lead in &leads {
        app.post(lead.clone()).await.arrival();
    }
    let arrivals = app.arrivals().await;
    for (at, flags) in said.into_iter().zip([vec![], vec![FlagCode::SubmittedAtUnusable]]) {
        let later: Timestamp = at.parse().unwrap();
        let again = arrivals.iter().find(|arrival| arrival.submission.submitted_at == Some(later)).unwrap();
        let mut same = arrivals.iter().filter(|arrival| arrival.content == again.content && arrival.id != again.id);
        let first = &same.next().unwrap().submission;
        assert_eq!((first.submitted_at, first.flag_codes()), (None, flags));
        assert_eq!((same.count(), again.submission.flag_codes()), (0, vec![]));
    }
}
