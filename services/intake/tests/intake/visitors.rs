//! A bot with a form's token: what it is refused takes nothing from the form's visitors.

use std::time::Duration;

use axum::http::Request;
use ripen_runtime::config::Settings;
use ripen_testkit::wait;

use crate::harness::{Answer, App, app_with};

/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);

const BOT: &str = "203.0.113.7";
const FORM: &str = "email=casey%40example.com";

/// An app whose buckets are small and fill slowly.
async fn app() -> App {
    let mut settings = Settings::default();
    (settings.limits.requests_per_second, settings.limits.burst) = (1, 20);
    (settings.limits.visitor_forms_per_minute, settings.limits.visitor_forms_burst) = (1, 3);
    app_with(&settings, |_| {}).await
}

async fn until_refused(app: &App, address: &str) -> Answer {
    wait::until("a refusal", LIMIT, async || {
        let answer = app.browse_from(address, &[], FORM).await;
        (answer.status == 429).then_some(answer)
    })
    .await
}

#[tokio::test]
async fn a_bot_at_its_limit_leaves_the_form_to_its_visitors() {
    let app = app().await;
    let page = until_refused(&app, BOT).await;
    assert!(page.text.contains("casey@example.com"), "a person who is refused keeps what was typed");
    assert!(page.header("retry-after").parse::<u64>().unwrap() >= 1);
    for _ in 0..100 {
        app.browse_from(BOT, &[], FORM).await;
    }
    assert_eq!(app.browse_from("203.0.113.8", &[], FORM).await.status, 303);
}

#[tokio::test]
async fn a_bot_counts_as_one_whatever_it_writes_into_its_headers_and_wherever_in_its_64() {
    let app = app().await;
    until_refused(&app, "2001:db8::1").await;
    let spoofed = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.2")];
    // One that was refused is refused again at once, unless a minute has passed on a slow machine.
    wait::until("a refusal", LIMIT, async || {
        let answer = app.browse_from("2001:db8::ffff:2", &spoofed, FORM).await;
        (answer.status == 429).then_some(())
    })
    .await;
    assert_eq!(app.browse_from("2001:db8:0:1::1", &[], FORM).await.status, 303);
}

#[tokio::test]
async fn arrays_with_a_forms_token_do_not_keep_visitors_out() {
    let app = app().await;
    let array = format!("[{}{{\"email\": \"a@example.com\"}}]", "{\"email\": \"a@example.com\"},".repeat(30));
    let kind = [("content-type", "application/json")];
    let path = format!("/v1/in/{}", app.token);
    wait::until("a refusal", LIMIT, async || {
        (app.send("POST", &path, &kind, array.clone()).await.status == 429).then_some(())
    })
    .await;
    assert_eq!(app.browse_from("203.0.113.8", &[], FORM).await.status, 303);
}

/// Posts JSON from an address with what opens a source.
async fn post_from(app: &App, address: &str, path: &str, key: Option<&str>) -> Answer {
    let visitor = ripen_web::address::Visitor::from(std::net::SocketAddr::new(address.parse().unwrap(), 1));
    let request = Request::post(path).extension(visitor).header("content-type", "application/json");
    let request = match key {
        Some(key) => request.header("authorization", format!("Bearer {key}")),
        None => request,
    };
    app.request(request.body(r#"{"email": "casey@example.com"}"#.into()).unwrap()).await
}

#[tokio::test]
async fn a_program_with_a_forms_token_takes_no_more_than_its_addresss_part_of_the_sources_rate() {
    let app = app().await;
    let path = format!("/v1/in/{}", app.token);
    wait::until("a refusal", LIMIT, async || (post_from(&app, BOT, &path, None).await.status == 429).then_some(()))
        .await;
    // Twenty at once are the source's; a quarter of them was this address's.
    assert_eq!(post_from(&app, "203.0.113.8", &path, None).await.status, 202);
    assert_eq!(post_from(&app, BOT, "/v1/leads", Some(&app.key)).await.status, 202, "with the key it is no visitor");
}

#[tokio::test]
async fn leads_with_a_token_alone_do_not_keep_the_sources_own_program_out() {
    let app = app().await;
    let array = format!("[{}{{\"email\": \"a@example.com\"}}]", "{\"email\": \"a@example.com\"},".repeat(30));
    let path = format!("/v1/in/{}", app.token);
    // Many addresses, each within its own part.
    for last in 0..40 {
        let visitor = ripen_web::address::Visitor::from(std::net::SocketAddr::new([203, 0, 113, last].into(), 1));
        let request = Request::post(&path).extension(visitor).header("content-type", "application/json");
        app.request(request.body(array.clone().into()).unwrap()).await;
    }
    assert_eq!(post_from(&app, BOT, "/v1/leads", Some(&app.key)).await.status, 202);
}

#[tokio::test]
async fn made_up_tokens_and_keys_are_refused_before_the_database_is_asked() {
    let mut settings = Settings::default();
    settings.limits.wrong_tokens_per_minute = 2;
    let app = app_with(&settings, |_| {}).await;
    let path = format!("/v1/in/{}", app.token);
    assert_eq!(post_from(&app, BOT, &path, None).await.status, 202);
    let tried = std::sync::atomic::AtomicU32::new(0);
    wait::until("a refusal", LIMIT, async || {
        let number = tried.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let answer = post_from(&app, BOT, &format!("/v1/in/src_{number}"), None).await;
        assert!([404, 429].contains(&answer.status.as_u16()), "{}", answer.status);
        (answer.status == 429).then_some(())
    })
    .await;
    // What opened a source lately still does, also from there; and other addresses are told what is true.
    assert_eq!(post_from(&app, BOT, &path, None).await.status, 202);
    assert_eq!(post_from(&app, "203.0.113.8", "/v1/leads", Some("made-up")).await.status, 401);
}

#[tokio::test]
async fn a_program_with_the_key_is_no_visitor() {
    let app = app().await;
    until_refused(&app, BOT).await;
    let visitor = ripen_web::address::Visitor::from(std::net::SocketAddr::new(BOT.parse().unwrap(), 1));
    for _ in 0..5 {
        let request = Request::post("/v1/leads").extension(visitor);
        let request =
            request.header("authorization", format!("Bearer {}", app.key)).header("accept", "application/json");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(FORM.into()).unwrap();
        app.request(request).await.arrival();
    }
}
