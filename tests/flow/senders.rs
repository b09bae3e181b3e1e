//! Senders who leave, senders whom nobody named, and proxies that say whose request they bring.

use std::sync::atomic::{AtomicU8, Ordering};

use ripen_testkit::wait::until;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{CRITERIA, Installation, Kind, LIMIT, Source, process::client};

async fn posted(url: &str, source: &Source, email: &str) -> TcpStream {
    let body = format!("{{\"email\": \"{email}\"}}");
    let head = format!(
        "POST /v1/leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        source.key,
        body.len()
    );
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_senders_who_leave_are_graded_on_the_local_transport() {
    left(Kind::Local).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_senders_who_leave_are_graded_on_rabbitmq() {
    left(Kind::Rabbit).await;
}

async fn left(kind: Kind) {
    let mut installation = Installation::new(kind).await;
    // What is not offered at once would come after this hour.
    installation.set("QUALIFIER__OFFER_S", "3600");
    let source = installation.client("acme").await;
    installation.activate(CRITERIA).await;
    let process = installation.serve("").await;
    // The source is known: what follows has nothing to wait for.
    let mut first = posted(&process.url, &source, "first@example.com").await;
    first.shutdown().await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(LIMIT, first.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "a sender that closed its side is answered: {answer}");
    for number in 0..100 {
        let mut stream = posted(&process.url, &source, &format!("left-{number}@example.com")).await;
        if number % 2 == 0 {
            stream.shutdown().await.unwrap();
        }
        drop(stream);
    }
    let graded = "select count(*) from arrival where lead_id is not null";
    until("all are graded", LIMIT, async || (installation.count(graded).await == 101).then_some(())).await;
    assert_eq!(process.stop().await, Some(0));
}

/// Posts a form as a browser, through a proxy that says so.
async fn form(url: &str, source: &Source, forwarded_for: &str) -> u16 {
    let request = client().post(format!("{url}/v1/in/{}", source.token)).header("x-forwarded-for", forwarded_for);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body("email=casey%40example.com");
    request.send().await.unwrap().status().as_u16()
}

async fn until_refused(url: &str, source: &Source, forwarded_for: &str) {
    until("a refusal", LIMIT, async || (form(url, source, forwarded_for).await == 429).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_is_who_the_trusted_proxy_says() {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("HTTP__TRUSTED_PROXIES", "127.0.0.1");
    installation.set("LIMITS__VISITOR_FORMS_PER_MINUTE", "1");
    installation.set("LIMITS__VISITOR_FORMS_BURST", "2");
    let source = installation.client("acme").await;
    let process = installation.serve("").await;
    // What the visitor wrote himself stands left of what the proxy added.
    until_refused(&process.url, &source, "198.51.100.1, 203.0.113.7").await;
    until_refused(&process.url, &source, "198.51.100.2, 203.0.113.7, 127.0.0.1").await;
    assert_eq!(form(&process.url, &source, "203.0.113.7, 203.0.113.8").await, 303);
    assert_eq!(process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_who_is_no_proxy_claims_counts_for_nothing() {
    let mut installation = Installation::new(Kind::Local).await;
    installation.set("HTTP__TRUSTED_PROXIES", "10.0.0.0/8");
    installation.set("LIMITS__VISITOR_FORMS_PER_MINUTE", "1");
    installation.set("LIMITS__VISITOR_FORMS_BURST", "2");
    let source = installation.client("acme").await;
    let process = installation.serve("").await;
    let claims = AtomicU8::new(0);
    until("a refusal", LIMIT, async || {
        let claimed = format!("10.0.0.1, 203.0.113.{}", claims.fetch_add(1, Ordering::Relaxed));
        (form(&process.url, &source, &claimed).await == 429).then_some(())
    })
    .await;
    // An operator whose proxy is not named has to learn why all visitors count as one.
    until("the log says so", LIMIT, async || process.said().contains("http.trusted_proxies").then_some(())).await;
    assert_eq!(process.stop().await, Some(0));
}
