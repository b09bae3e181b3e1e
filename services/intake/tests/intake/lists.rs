//! Lists posted as `text/csv`: any length, as fast as they can be kept, what is refused told by its line.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    fmt::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use ripen_domain::{arrival::Arrival, message::ArrivalMessage};
use ripen_runtime::config::Settings;
use ripen_store::{arrival::spool::SpoolRoom, source::source_record::SourceFormat};
use ripen_testkit::wait;
use ripen_web::address::Visitor;
use serde_json::{Value, json};

use crate::harness::{Answer, App, app, app_with};

/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);

async fn post_list(app: &App, query: &str, body: impl Into<Body>) -> Answer {
    let authorization = format!("Bearer {}", app.key);
    let headers = [("authorization", authorization.as_str()), ("content-type", "text/csv")];
    app.send("POST", &format!("/v1/leads{query}"), &headers, body).await
}

fn arrival_of(message: &[u8]) -> Arrival {
    let ArrivalMessage::V1(arrival) = serde_json::from_slice(message).unwrap();
    *arrival
}

fn rows(range: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    for n in range {
        writeln!(text, "B-{n},lead.{n}@example.com,{}", "x".repeat(40)).unwrap();
    }
    text
}

/// A body in pieces of any length, whose length nobody announces.
fn streamed(text: &str, piece: usize) -> Body {
    let pieces: Vec<_> = text.as_bytes().chunks(piece).map(Bytes::copy_from_slice).map(Ok::<_, Infallible>).collect();
    Body::from_stream(stream::iter(pieces))
}

#[tokio::test]
async fn each_row_of_a_list_stands_for_itself_and_what_is_refused_is_told_by_its_line() {
    let app = app().await;
    let list = "Email Address;Mobile;Timeframe;Notes\r\n\r\nann@example.com;(415) 555-0100;20;\"two\r\nlines\"\r\nnobody;;1;\r\n\
        ;415-555-0101;30;\"never closed\r\ncy@example.com;;40;too;many\r\ndi@example.com;;50;\r\n;;;\r\n";
    let answer = post_list(&app, "?map=answers.timeframe_days%3DTimeframe&set=external_id%3Dl7-{%23}", list).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let told = answer.json();
    assert_eq!((&told["received"], &told["refused"]), (&json!(2), &json!(3)), "{told}");
    let places: Vec<_> =
        told["results"].as_array().unwrap().iter().map(|one| (one["row"].clone(), one["line"].clone())).collect();
    assert_eq!(places, [(json!(2), json!(5)), (json!(3), json!(6)), (json!(4), json!(7))]);
    let errors = &told["results"][0]["problem"]["errors"];
    assert_eq!(errors[0]["pointer"], "/email");
    assert!(told["results"][1]["problem"]["detail"].as_str().unwrap().contains("never closed"), "{told}");
    assert!(answer.header("ripen-received-at").starts_with("2026-"));
    let mut arrivals = app.arrivals().await;
    arrivals.sort_by_key(|arrival| arrival.submission.external_id.clone());
    let said = &arrivals[0].submission;
    assert_eq!(said.external_id.as_deref(), Some("l7-1"));
    assert_eq!((said.notes.as_deref(), &said.answers["timeframe_days"]), (Some("two\nlines"), &json!("20")));
    assert_eq!(said.phone.as_ref().map(|phone| phone.as_str()), Some("+14155550100"));
    assert!(arrivals[0].in_bulk, "nobody waits at the other end");
    assert_eq!(arrivals[0].raw.media_type, "text/csv");
    assert!(arrivals[0].raw.text.starts_with("Email Address,Mobile,Timeframe,Notes\r\nann@example.com,"));
    assert_eq!(arrivals[1].submission.external_id.as_deref(), Some("l7-5"));
}

#[tokio::test]
async fn no_length_and_no_rate_refuses_a_list_nor_does_a_list_keep_others_out() {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst, settings.limits.body_bytes) = (1, 1, 1024);
    let app = app_with(&settings, |_| {}).await;
    let list = format!("external_id,email,notes\n{}", rows(0..3_000));
    assert!(list.len() > 3 * 64 * 1024);
    for piece in [list.len(), 100_000, 999] {
        let answer = post_list(&app, "", streamed(&list, piece)).await;
        let told = answer.json();
        let counts = (&told["received"], &told["refused"], &told["results"], &told["flags"]);
        assert_eq!(counts, (&json!(3_000), &json!(0), &json!([]), &json!([])), "{}", answer.text);
        assert_eq!(told["arrivals"].as_array().unwrap().len(), 1_000, "the first of them");
    }
    assert_eq!(app.spooled().await.len(), 3_000, "the same rows are the same arrivals");
    app.post("{\"email\": \"a@example.com\"}").await.arrival();
}

#[tokio::test]
async fn what_of_a_list_was_not_understood_is_told_with_its_lines_and_each_row_has_its_arrival() {
    let app = app().await;
    let list = "email,phone,channel\na@example.com,12,web form\nb@example.com,13,fax machine\nnobody,,\n\
        c@example.com,14,\nd@example.com,15,\ne@example.com,(415) 555-0100,\n";
    let told = post_list(&app, "", list).await.json();
    assert_eq!((&told["received"], &told["refused"]), (&json!(5), &json!(1)), "{told}");
    let flags = json!([{"field": "channel", "flag": "channel_unknown", "rows": 1, "first_lines": [3]},
                       {"field": "phone", "flag": "phone_unusable", "rows": 4, "first_lines": [2, 3, 5]}]);
    assert_eq!(told["flags"], flags, "{told}");
    let arrivals = told["arrivals"].as_array().unwrap();
    let places: Vec<_> = arrivals.iter().map(|one| (one["row"].clone(), one["line"].clone())).collect();
    assert_eq!(places, [1, 2, 4, 5, 6].map(|row| (json!(row), json!(row + 1))));
    let told: BTreeSet<_> = arrivals.iter().map(|one| one["arrival"].as_str().unwrap().to_owned()).collect();
    let kept: BTreeSet<_> = app.arrivals().await.iter().map(|arrival| arrival.id.to_string()).collect();
    assert_eq!(told, kept);
}

/// Whatever its sender would send: what was taken of a list and is not durable yet has a bound, so it is memory's too.
#[tokio::test]
async fn a_list_is_read_no_further_than_it_is_kept() {
    const FRAME: usize = 128 * 1024;
    // The pieces that it is read in, what the network hands over at once, and the rows that are kept together.
    const AHEAD: usize = 3 * 64 * 1024 + FRAME + 512 * 1024;
    const ROWS: usize = 4_000;
    let app = app().await;
    let row = |n: usize| format!("B-{n:05},lead.{n:05}@example.com,{}\n", "x".repeat(1_000));
    let list: String = std::iter::once("external_id,email,notes\n".to_owned()).chain((0..ROWS).map(row)).collect();
    let (length, row) = (list.len(), row(0).len());
    assert!(length > 4 * AHEAD);
    let frames: Vec<_> = list.as_bytes().chunks(FRAME).map(Bytes::copy_from_slice).collect();
    let (store, most) = (app.store.clone(), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let handed_over = stream::iter(frames).enumerate().then(move |(number, frame)| {
        let (store, seen) = (store.clone(), Arc::clone(&seen));
        async move {
            let late: Timestamp = "2100-01-01T00:00:00Z".parse().unwrap();
            let kept = store.spool_claim(late, late, SpoolRoom { rows: 10_000, bytes: i64::MAX }).await.unwrap();
            // Asked for this frame it has all of those before.
            seen.fetch_max((number + 1) * FRAME - (kept.len() * row).min(number * FRAME), Ordering::Relaxed);
            Ok::<_, Infallible>(frame)
        }
    });
    let answer = post_list(&app, "", Body::from_stream(handed_over)).await;
    assert_eq!(answer.json()["received"], ROWS, "{}", answer.text);
    let most = most.load(Ordering::Relaxed);
    assert!(most <= AHEAD, "{most} of {length} bytes were here and not durable");
}

#[tokio::test]
async fn a_row_corrects_an_earlier_one_of_its_list_however_far_apart_they_are() {
    let app = app().await;
    let list =
        format!("external_id,email,notes\nB-1,first@example.com,a\n{}B-1,second@example.com,b\n", rows(10..1_500));
    let answer = post_list(&app, "", list).await;
    assert_eq!(answer.json()["received"], 1_492);
    let arrivals: Vec<_> = app.spooled().await.iter().map(|row| arrival_of(&row.body)).collect();
    let of_one = |email: &str| {
        let mut found =
            arrivals.iter().filter(|one| one.submission.email.as_ref().is_some_and(|own| own.as_str() == email));
        found.next().unwrap_or_else(|| panic!("{email}")).clone()
    };
    let (first, second) = (of_one("first@example.com"), of_one("second@example.com"));
    assert_eq!(first.id, second.id);
    assert!(first.received_at < second.received_at);
    // Also those between, of which each is somebody else's as far as is known here.
    let mut received: Vec<_> = arrivals.iter().map(|one| one.received_at).collect();
    received.sort_unstable();
    received.dedup();
    assert_eq!(received.len(), arrivals.len(), "no two of one instant");
}

#[tokio::test]
async fn refused_rows_are_all_counted_and_the_first_thousand_told() {
    let app = app().await;
    let answer = post_list(&app, "", format!("email\n{}", "nobody\n".repeat(1_200))).await;
    let told = answer.json();
    assert_eq!((&told["received"], &told["refused"]), (&json!(0), &json!(1_200)));
    assert_eq!(told["results"].as_array().unwrap().len(), 1_000);
}

#[tokio::test]
async fn a_list_may_come_with_the_sources_token_and_in_another_encoding() {
    let app = app().await;
    let text = "email\tfirst_name\nzoe@example.com\tZoë\n";
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let path = format!("/v1/in/{}", app.token);
    let answer = app.send("POST", &path, &[("content-type", "text/csv; charset=utf-8")], utf_16).await;
    assert_eq!(answer.json()["received"], 1, "{}", answer.text);
    assert_eq!(app.arrival().await.submission.first_name.as_deref(), Some("Zoë"));
}

/// Posts a list with the source's token from an address.
async fn post_by_token(app: &App, address: &str, body: String) -> Answer {
    let visitor = Visitor::from(SocketAddr::new(address.parse().unwrap(), 4711));
    let request = Request::post(format!("/v1/in/{}", app.token)).extension(visitor).header("content-type", "text/csv");
    app.request(request.body(body.into()).unwrap()).await
}

/// The answer to a lead that a program posts with the token, where it is refused.
async fn refusal(app: &App, address: &str) -> Option<Answer> {
    let visitor = Visitor::from(SocketAddr::new(address.parse().unwrap(), 4711));
    let request = Request::post(format!("/v1/in/{}", app.token)).extension(visitor);
    let request = request.header("content-type", "application/json");
    let answer = app.request(request.body("{\"email\": \"a@example.com\"}".into()).unwrap()).await;
    (answer.status == 429).then_some(answer)
}

/// Whoever reads a page's source can post lists: no more of them is kept than what strangers may send otherwise.
#[tokio::test]
async fn a_list_with_a_token_alone_is_bounded_like_whatever_strangers_post() {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst) = (1, 8);
    let app = Arc::new(app_with(&settings, |_| {}).await);
    let list = format!("external_id,email,notes\n{}", rows(0..5_000));
    let long = tokio::spawn({
        let (app, list) = (Arc::clone(&app), list.clone());
        async move { post_by_token(&app, "203.0.113.7", list).await }
    });
    wait::until("its first rows", LIMIT, async || (!app.spooled().await.is_empty()).then_some(())).await;
    // What it has taken stands against the address; the whole of it would take hours.
    let refused = wait::until("a refusal", LIMIT, async || refusal(&app, "203.0.113.7").await).await;
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    // And against the source, wherever the next one comes from.
    let elsewhere = AtomicUsize::new(0);
    wait::until("a refusal", LIMIT, async || {
        let address = format!("198.51.100.{}", elsewhere.fetch_add(1, Ordering::Relaxed) % 250);
        refusal(&app, &address).await
    })
    .await;
    // Whoever has the key is neither refused nor kept waiting behind it.
    let answer = post_list(&app, "", format!("external_id,email,notes\n{}", rows(10_000..12_000))).await;
    assert_eq!(answer.json()["received"], 2_000, "{}", answer.text);
    assert!(!long.is_finished(), "it is read on as there is room");
    long.abort();
    let kept = app.spooled().await.len();
    assert!((2_001..5_000).contains(&kept), "{kept}");
}

/// Where a program's leads would be refused, a list waits: it is read, to its end, as there is room.
#[tokio::test]
async fn a_list_with_a_token_alone_waits_for_room_and_is_not_refused() {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst) = (200, 4);
    (settings.limits.visitor_forms_per_minute, settings.limits.visitor_forms_burst) = (1, 1);
    let app = Arc::new(app_with(&settings, |_| {}).await);
    let lists = (0..5).map(|n| {
        let app = Arc::clone(&app);
        // Four of one address, of which two are read at once, and one of another.
        let address = if n == 4 { "198.51.100.1" } else { "203.0.113.7" };
        tokio::spawn(async move {
            let list = format!("external_id,email,notes\n{}", rows(n * 100..n * 100 + 60));
            post_by_token(&app, address, list).await
        })
    });
    let lists: Vec<_> = lists.collect();
    wait::until("its first rows", LIMIT, async || (!app.spooled().await.is_empty()).then_some(())).await;
    // What visitors may do is neither more nor less for the lists of their address.
    let form = async || app.browse_from("203.0.113.7", &[], "email=kim%40example.com").await.status;
    assert_eq!(form().await, 303);
    assert_eq!(form().await, 429);
    for list in lists {
        let answer = list.await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.json()["received"]), (202, &json!(60)), "{}", answer.text);
    }
    assert_eq!(app.spooled().await.len(), 301);
}

#[tokio::test]
async fn a_process_whose_room_is_full_of_waiting_lists_says_when_to_come_back() {
    let mut settings = Settings::default();
    settings.limits.connections = 4;
    let app = Arc::new(app_with(&settings, |_| {}).await);
    let endless =
        stream::iter([Ok::<_, Infallible>(Bytes::from(format!("external_id,email,notes\n{}", rows(0..2_000))))]);
    let endless = Body::from_stream(endless.chain(stream::pending()));
    let long = tokio::spawn({
        let app = Arc::clone(&app);
        async move {
            let path = format!("/v1/in/{}", app.token);
            app.send("POST", &path, &[("content-type", "text/csv")], endless).await
        }
    });
    wait::until("its first rows", LIMIT, async || (!app.spooled().await.is_empty()).then_some(())).await;
    let refused = post_by_token(&app, "198.51.100.1", "email\na@example.com\n".to_owned()).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "too-many-lists"), "{}", refused.text);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    // Who has the key has room of their own, and so has whoever sends a lead.
    assert_eq!(post_list(&app, "", "email\nb@example.com\n").await.json()["received"], 1);
    app.form(&[("accept", "application/json")], "email=c%40example.com").await.arrival();
    long.abort();
    wait::until("room", LIMIT, async || {
        let answer = post_by_token(&app, "198.51.100.1", "email\na@example.com\n".to_owned()).await;
        (answer.status == 202).then_some(())
    })
    .await;
}

#[tokio::test]
async fn rows_that_are_refused_count_in_a_strangers_rate_too() {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst) = (1, 8);
    let app = Arc::new(app_with(&settings, |_| {}).await);
    let long = tokio::spawn({
        let app = Arc::clone(&app);
        async move {
            let list = format!("external_id,email,notes\n{}", "R-1,nobody,none\n".repeat(5_000));
            post_by_token(&app, "203.0.113.7", list).await
        }
    });
    wait::until("a refusal", LIMIT, async || refusal(&app, "203.0.113.7").await).await;
    if long.is_finished() {
        panic!("it was not waited with: {}", long.await.unwrap().text);
    }
    long.abort();
}

#[tokio::test]
async fn what_a_page_sends_as_a_list_is_its_visitors_word() {
    let app = app().await;
    let path = format!("/v1/in/{}", app.token);
    let by = |from_a_page: bool, email: &str| {
        let mut headers = vec![("content-type", "text/csv")];
        headers.extend(from_a_page.then_some(("origin", "https://example.com")));
        (headers, format!("email\n{email}\n"))
    };
    for (from_a_page, email) in [(false, "ann@example.com"), (true, "bea@example.com")] {
        let (headers, body) = by(from_a_page, email);
        assert_eq!(app.send("POST", &path, &headers, body).await.json()["received"], 1);
    }
    let said: Vec<_> = app
        .arrivals()
        .await
        .into_iter()
        .map(|one| (one.submission.email.unwrap().as_str().to_owned(), one.by_visitor))
        .collect();
    for (email, by_visitor) in [("ann@example.com", false), ("bea@example.com", true)] {
        assert!(said.contains(&(email.to_owned(), by_visitor)), "{said:?}");
    }
}

#[tokio::test]
async fn what_is_no_list_is_refused_with_what_to_do() {
    let app = app().await;
    for (query, body, code, words) in [
        ("", "", "malformed-body", "empty"),
        ("", "email,phone\n", "malformed-body", "no row under it"),
        ("", "ann@example.com,415-555-0100\n", "malformed-body", "holds data"),
        ("", "Name,Fax\nAnn,1\n", "invalid-lead", "No column fills email or phone"),
        ("?maps=email%3DMail", "Mail\na@example.com\n", "invalid-parameter", "no parameter"),
        ("?map=email%3DMial", "Mail\na@example.com\n", "invalid-parameter", "did you mean 'Mail'"),
    ] {
        let answer = post_list(&app, query, body).await;
        assert_eq!(answer.problem(), code, "{}", answer.text);
        assert!(answer.text.contains(words) && !answer.text.contains("ann@"), "{}", answer.text);
    }
    let broken: Vec<Result<Bytes, std::io::Error>> =
        vec![Ok(format!("email\n{}", "a@example.com\n".repeat(9_000)).into()), Err(std::io::Error::other("gone"))];
    let answer = post_list(&app, "", Body::from_stream(stream::iter(broken))).await;
    assert_eq!(answer.problem(), "malformed-body");
    assert!(answer.text.contains("rows had been received"), "{}", answer.text);
    // Another one: who a key is of is remembered for a while.
    let app = crate::harness::app().await;
    app.pause().await;
    assert_eq!(post_list(&app, "", "email\na@example.com\n").await.problem(), "source-paused");
    let other = app_with(&Settings::default(), |source| source.format = SourceFormat::Form).await;
    let answer = post_list(&other, "", "email\na@example.com\n").await;
    assert_eq!(answer.problem(), "unsupported-media-type");
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("This is a list"));
}

#[tokio::test]
async fn a_list_that_is_sent_piece_by_piece_is_paced_and_leaves_its_source_to_live_senders() {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst) = (1, 3);
    let app = app_with(&settings, |_| {}).await;
    let array = |round: usize| {
        let lead = |n: usize| json!({"external_id": format!("{round}-{n}"), "email": format!("a{n}@example.com")});
        Value::Array((0..100).map(lead).collect()).to_string()
    };
    let mut id = String::new();
    for round in 0..10 {
        let answer = app.post_with(&[("ripen-list", "paced")], array(round)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["received"]), (202, &json!(100)));
        id = answer.json()["results"][0]["arrival"].as_str().unwrap().to_owned();
    }
    // Beside it a live sender has its whole burst, for leads and for questions.
    for _ in 0..3 {
        app.post("{\"email\": \"live@example.com\"}").await.arrival();
    }
    let authorization = format!("Bearer {}", app.key);
    let paced = [("authorization", authorization.as_str()), ("ripen-list", "paced")];
    for _ in 0..5 {
        let answer = app.send("GET", &format!("/v1/arrivals?id={id}"), &paced, Body::empty()).await;
        assert_eq!(answer.status, 200, "it waits and is not refused: {}", answer.text);
    }
    assert_eq!(app.get(&format!("/v1/arrivals?id={id}")).await.status, 200);
    // Whoever has the token alone is no import, whatever it says of itself.
    let path = format!("/v1/in/{}", app.token);
    let kind = [("content-type", "application/json"), ("ripen-list", "paced")];
    wait::until("a refusal", LIMIT, async || {
        (app.send("POST", &path, &kind, array(99)).await.status == 429).then_some(())
    })
    .await;
}
