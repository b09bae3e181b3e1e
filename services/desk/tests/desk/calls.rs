//! Calls: one click, one call; and what the telephone tells of them, in any order and again.

use axum::body::Body;
use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    actor::UserRole,
    call::{length_in_words, talked},
    id::{CallId, LeadId},
    masked_address::MaskedAddress,
};
use ripen_runtime::config::{DialWay, PhoneSettings, SecretText, Settings};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::mpsc,
};
use uuid::Uuid;

use crate::harness::{Answer, App, User, app, app_with};

const NUMBER: &str = "+14155550100";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn lead_id(lead: Uuid) -> LeadId {
    LeadId::from_uuid(lead)
}

async fn tells(app: &App, user: &User, body: Value) -> Answer {
    app.post(user, "/v1/calls", &body).await
}

/// At ten in the morning where people are: at four nobody is dialed without more.
fn by_day(app: App) -> App {
    app.pass(SignedDuration::from_hours(8).as_secs());
    app
}

fn settings(phone: PhoneSettings) -> Settings {
    Settings { phone, ..Settings::default() }
}

/// A telephone system that answers each request with this, and what it was asked.
async fn telephone(answer: &'static str) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/dial?to={{number}}&as={{caller_id}}&call={{call}}", listener.local_addr().unwrap());
    let (asked, asks) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut text = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = stream.read(&mut buffer).await.unwrap_or(0);
                text.extend_from_slice(&buffer[..read]);
                // Its body is a JSON object on one line.
                if read == 0 || text.ends_with(b"}") {
                    break;
                }
            }
            asked.send(String::from_utf8(text).unwrap()).unwrap();
            let _gone = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, asks)
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nSUCCESS";
const FAILED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 22\r\nconnection: close\r\n\r\nERROR: agent_user none";

#[tokio::test]
async fn one_click_asks_the_telephone_once() {
    let (url, mut asks) = telephone(TAKEN).await;
    let phone = PhoneSettings {
        dial: DialWay::Http,
        url: SecretText::new(&url),
        headers: vec![SecretText::new("X-Key: s3cret")],
        allow_private: true,
        ..PhoneSettings::default()
    };
    let app = by_day(app_with(settings(phone)).await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    let shows = "insert into desk_client (client_id, caller_id) values ($1, '+13125550199')";
    sqlx::query(shows).bind(acme.id.uuid()).execute(&app.pool).await.unwrap();
    let click = json!({"lead": lead, "call": Uuid::from_u128(7)});
    let dialed = app.post(&agent, "/api/v1/work/dial", &click).await.json();
    assert_eq!((&dialed["open"], &dialed["repeated"]), (&Value::Null, &json!(false)), "{dialed}");
    assert_eq!((&dialed["number"], &dialed["caller_id"]), (&json!(NUMBER), &json!("+13125550199")));
    let again = app.post(&agent, "/api/v1/work/dial", &click).await.json();
    assert_eq!((&again["call"], &again["repeated"]), (&dialed["call"], &json!(true)));
    let asked = asks.recv().await.unwrap();
    let call = CallId::from_uuid(Uuid::from_u128(7));
    assert!(asked.starts_with(&format!("POST /dial?to=%2B14155550100&as=%2B13125550199&call={call} ")), "{asked}");
    assert!(asked.to_lowercase().contains("x-key: s3cret"), "{asked}");
    assert!(asks.try_recv().is_err(), "the second click asked nobody");
    assert_eq!(app.count("select count(*) from call").await, 1);
    // Another lead under the same id would be another call.
    let other = lead_id(app.waiting(&acme, "+14155550101").await);
    let stolen = json!({"lead": other, "call": Uuid::from_u128(7)});
    assert_eq!(app.post(&agent, "/api/v1/work/dial", &stolen).await.problem(), "conflict");
}

#[tokio::test]
async fn a_telephone_that_does_not_take_it_is_told_of_and_the_call_failed() {
    let (url, _asks) = telephone(FAILED).await;
    let phone = PhoneSettings {
        dial: DialWay::Http,
        url: SecretText::new(&url),
        allow_private: true,
        ..PhoneSettings::default()
    };
    let app = by_day(app_with(settings(phone)).await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    let click = json!({"lead": lead, "call": Uuid::from_u128(7)});
    let answer = app.post(&agent, "/api/v1/work/dial", &click).await;
    assert_eq!(answer.problem(), "conflict");
    assert!(answer.text.contains("ERROR: agent_user"), "{}", answer.text);
    assert_eq!(app.count("select count(*) from call where state = 'failed'").await, 1);
    // The same click again asks nobody, and is no success either.
    let again = app.post(&agent, "/api/v1/work/dial", &click).await;
    assert_eq!(again.problem(), "conflict");
    assert!(again.text.contains("This call was not made"), "{}", again.text);
    assert_eq!(app.count("select count(*) from call").await, 1);
}

#[tokio::test]
async fn a_browser_dials_by_a_link_and_nobody_is_called_who_must_not_be() {
    let app = by_day(app().await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, "+14155550100;ext=12").await);
    let dialed = app.post(&agent, "/api/v1/work/dial", &json!({"lead": lead})).await.json();
    assert_eq!(dialed["open"], "tel:+14155550100;ext=12", "{dialed}");
    let foreign = json!({"lead": lead, "number": "+1 312 555 0199"});
    assert_eq!(app.post(&agent, "/api/v1/work/dial", &foreign).await.problem(), "invalid-request");
    let broker = app.user(UserRole::Broker, Some(&acme)).await;
    assert_eq!(app.post(&broker, "/api/v1/work/dial", &json!({"lead": lead})).await.problem(), "not-found");
    let void = "update person_identity set void_at = clock_timestamp(), void_by = 'Dana'";
    sqlx::query(void).execute(&app.pool).await.unwrap();
    let none = app.post(&agent, "/api/v1/work/dial", &json!({"lead": lead})).await;
    assert!(none.problem() == "conflict" && none.text.contains("no number"), "{}", none.text);
}

#[tokio::test]
async fn pages_show_and_dial_the_extension_of_who_is_called() {
    let app = app().await;
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, "+14155550100;ext=12").await);
    let browser = app.browser(agent.id).await;
    let page = app.page(&browser, &format!("/leads/{lead}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("href=\"tel:+14155550100;ext=12\""), "{}", page.text);
    assert!(page.text.contains("+1 415-555-0100 ext. 12"), "{}", page.text);
}

#[tokio::test]
async fn what_the_telephone_tells_counts_in_any_order_and_again() {
    let app = by_day(app().await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    let dialed = app.post(&agent, "/api/v1/work/dial", &json!({"lead": lead})).await.json();
    let at = |seconds: i64| app.clock.now() + SignedDuration::from_secs(seconds);
    let (start, answer, end) = (at(2), at(9), at(194));
    let told = [
        json!({"call": dialed["call"], "id": "V1", "ended_at": end}),
        json!({"id": "V1", "answered_at": answer, "recording_url": "https://pbx.example/r/1"}),
        json!({"id": "V1", "started_at": start, "state": "ringing", "caller_id": "+13125550199"}),
    ];
    let first = |rotation: usize| told[rotation % 3].clone();
    // The first names both ids; what follows, and what is told again, is in any order.
    for body in [first(0), first(2), first(1), first(1), first(0), first(2)] {
        assert_eq!(tells(&app, &agent, body).await.status, 200);
    }
    let calls = app.store.calls_of_lead(agent.actor.scope(), lead).await.unwrap();
    assert_eq!(calls.len(), 1);
    let call = &calls[0];
    assert_eq!((call.answered_at, call.ended_at, call.state.word()), (Some(answer), Some(end), "ended"));
    assert_eq!(length_in_words(talked(call.answered_at, call.ended_at)), "3 min 5 s");
    assert_eq!(call.recording_url.as_ref().map(MaskedAddress::reveal), Some("https://pbx.example/r/1"));
    assert_eq!(call.by.as_deref(), Some("Dana agent"));
}

#[tokio::test]
async fn a_call_past_the_desk_is_attached_to_its_lead_and_an_unknown_one_is_asked_for_again() {
    let app = by_day(app().await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    let now: Timestamp = app.clock.now();
    assert_eq!(tells(&app, &agent, json!({"id": "X9", "answered_at": now})).await.problem(), "not-found");
    assert_eq!(tells(&app, &agent, json!({"id": "X9", "lead": lead, "answered_at": now})).await.status, 200);
    assert_eq!(
        tells(&app, &agent, json!({"id": "X9", "started_at": now - SignedDuration::from_secs(20)})).await.status,
        200
    );
    let calls = app.store.calls_of_lead(agent.actor.scope(), lead).await.unwrap();
    assert_eq!((calls.len(), calls[0].number.as_str(), calls[0].by.as_deref()), (1, NUMBER, None));
    assert_eq!(calls[0].dialed_at, now - SignedDuration::from_secs(20));
    assert_eq!(length_in_words(talked(calls[0].answered_at, calls[0].ended_at)), "–", "never made up");
    let wrong = json!({"call": "lead_1", "state": "gone", "ended_at": "soon", "recording_url": "javascript:alert(1)"});
    let answer = tells(&app, &agent, wrong).await;
    assert_eq!(answer.problem(), "invalid-request");
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 3, "{}", answer.text);
    let url = tells(&app, &agent, json!({"id": "X9", "recording_url": "javascript:alert(1)"})).await;
    assert_eq!(url.problem(), "invalid-request");
}

#[tokio::test]
async fn facts_of_a_call_that_cannot_all_be_true_are_refused_at_their_field() {
    let app = by_day(app().await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    let dialed = app.post(&agent, "/api/v1/work/dial", &json!({"lead": lead})).await.json();
    let at = |seconds: i64| app.clock.now() + SignedDuration::from_secs(seconds);
    let refused = async |body: Value| {
        let answer = tells(&app, &agent, body).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|one| one["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let call = &dialed["call"];
    // The local time of somewhere: once kept, nothing that is right would agree with it.
    assert_eq!(refused(json!({"call": call, "answered_at": at(7_200)})).await, ["/answered_at"]);
    // Long before the desk had it dialed; clocks that differ by a little are no contradiction.
    let ignored = async |body: Value| {
        let answer = tells(&app, &agent, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["ignored"].clone()
    };
    assert_eq!(ignored(json!({"call": call, "started_at": at(-4_200)})).await, json!(["started_at"]));
    assert_eq!(refused(json!({"call": call, "started_at": at(5), "answered_at": at(4)})).await, ["/answered_at"]);
    assert_eq!(
        refused(json!({"call": call, "started_at": at(0), "answered_at": at(9), "ended_at": at(8)})).await,
        ["/ended_at"]
    );
    assert_eq!(ignored(json!({"call": call, "answered_at": at(-2)})).await, json!([]));
    // Against what was told before: the rest of the report is kept.
    let late = json!({"call": call, "state": "ended", "ended_at": at(-3), "recording_url": "https://pbx.example/r/2"});
    assert_eq!(ignored(late).await, json!(["ended_at"]));
    let calls = app.store.calls_of_lead(agent.actor.scope(), lead).await.unwrap();
    assert_eq!((calls[0].answered_at, calls[0].ended_at), (Some(at(-2)), None), "nothing of what was refused is kept");
    assert_eq!(calls[0].state.word(), "ended");
    assert_eq!(calls[0].recording_url.as_ref().map(MaskedAddress::reveal), Some("https://pbx.example/r/2"));
}

#[tokio::test]
async fn times_of_a_call_that_was_told_of_without_one_are_kept_when_they_come() {
    let app = by_day(app().await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    let at = |minutes: i64| app.clock.now() + SignedDuration::from_mins(minutes);
    let ignored = async |body: Value| {
        let answer = tells(&app, &agent, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["ignored"].clone()
    };
    assert_eq!(ignored(json!({"id": "V1", "lead": lead, "state": "ended"})).await, json!([]));
    assert_eq!(ignored(json!({"id": "V1", "answered_at": at(-20), "ended_at": at(-12)})).await, json!([]));
    let calls = app.store.calls_of_lead(agent.actor.scope(), lead).await.unwrap();
    assert_eq!((calls[0].answered_at, calls[0].ended_at), (Some(at(-20)), Some(at(-12))));
    // Where its start was told, what was before it contradicts that.
    assert_eq!(ignored(json!({"id": "V2", "lead": lead, "started_at": at(-10)})).await, json!([]));
    assert_eq!(ignored(json!({"id": "V2", "answered_at": at(-20)})).await, json!(["answered_at"]));
}

#[tokio::test]
async fn the_telephone_signs_what_it_tells() {
    let app = app_with(settings(PhoneSettings { secret: SecretText::new(SECRET), ..PhoneSettings::default() })).await;
    let acme = app.client("acme").await;
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    let body = json!({"id": "V1", "lead": lead, "state": "ringing"}).to_string();
    let signer = standardwebhooks::Webhook::new(SECRET).unwrap();
    let seconds = app.clock.now().as_second();
    let signature = signer.sign("evt_1", seconds, body.as_bytes()).unwrap();
    let send = async |id: &str, at: i64, signature: &str, body: String| {
        let at = at.to_string();
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", &at),
            ("webhook-signature", signature),
        ];
        app.send("POST", "/v1/calls", &headers, body).await
    };
    assert_eq!(send("evt_1", seconds, &signature, body.clone()).await.status, 200);
    let old = seconds - 301;
    let of_old = signer.sign("evt_1", old, body.as_bytes()).unwrap();
    for answer in [
        send("evt_2", seconds, &signature, body.clone()).await,
        send("evt_1", seconds, &signature, body.replace("ringing", "ended")).await,
        send("evt_1", old, &of_old, body.clone()).await,
        send("evt_1", seconds, "v1,", body.clone()).await,
        app.send("POST", "/v1/calls", &[("content-type", "application/json")], Body::from(body.clone())).await,
    ] {
        assert_eq!(answer.problem(), "unauthenticated");
    }
    assert_eq!(app.count("select count(*) from call where state = 'ringing'").await, 1);
}

#[tokio::test]
async fn a_refusal_on_the_telephone_is_kept_once() {
    let app = by_day(app().await);
    let (acme, agent) = (app.client("acme").await, app.user(UserRole::Agent, None).await);
    let lead = lead_id(app.waiting(&acme, NUMBER).await);
    for _ in 0..2 {
        let kept = app.post(&agent, "/api/v1/work/refuse", &json!({"lead": lead, "what": "recording"})).await;
        assert_eq!(kept.status, 204);
    }
    let wrong = app.post(&agent, "/api/v1/work/refuse", &json!({"lead": lead, "what": "everything"})).await;
    assert_eq!(wrong.problem(), "invalid-request");
    assert_eq!(app.store.call_refusals_of_lead(agent.actor.scope(), lead).await.unwrap().len(), 1);
    assert_eq!(app.count("select count(*) from audit where action = 'call.refuse'").await, 1);
}
