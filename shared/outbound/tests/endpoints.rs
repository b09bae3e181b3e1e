//! Webhooks against endpoints of every bad kind, over real connections on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use ripen_outbound::{
    guard::{LookedUp, Lookup, check_url},
    trust::Trust,
    webhook::{Call, Limits, RetryAfter, SendError, Sent, WebhookResponse, WebhookSecret, WebhookSender},
};
use ripen_testkit::{
    receiver::{Behaviour, Receiver},
    wire::Identity,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const BODY: &[u8] = br#"{"type":"lead.matured","lead_id":"ld_1"}"#;
/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);
const LIMITS: Limits = Limits {
    timeout: LIMIT,
    connect_timeout: LIMIT,
    body_timeout: LIMIT,
    max_answer_bytes: 64 * 1024,
    idle_per_host: 4,
    idle_timeout: LIMIT,
};
/// A limit that is meant to be met. Met is every one well before [`LIMIT`], whatever the machine does beside.
const SOON: Duration = Duration::from_millis(600);

fn secret() -> WebhookSecret {
    WebhookSecret::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap()
}

async fn send_by(sender: &WebhookSender, url: &str, allow_private: bool) -> Sent {
    let url = url.parse().unwrap();
    let secrets = [secret(), WebhookSecret::new([7; 32])];
    let call = Call {
        url: &url,
        allow_private,
        id: "msg_0001",
        timestamp: Timestamp::from_second(1_760_000_000).unwrap(),
        body: Bytes::from_static(BODY),
        secrets: &secrets,
        headers: &[],
        deadline: LIMIT,
    };
    sender.send(&call).await
}

async fn send(url: &str) -> Sent {
    send_by(&WebhookSender::new(LIMITS, &Trust::default()).unwrap(), url, true).await
}

/// Where the whole of an exchange may take no longer than [`SOON`].
async fn send_soon(url: &str) -> Sent {
    send_by(&WebhookSender::new(Limits { timeout: SOON, ..LIMITS }, &Trust::default()).unwrap(), url, true).await
}

async fn failure(url: &str) -> SendError {
    send(url).await.result.unwrap_err()
}

/// An endpoint below HTTP: takes a request, says `first`, then `drip` for ever.
async fn raw(first: &'static [u8], drip: Option<&'static [u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 8 * 1024];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(first).await;
        while let Some(drip) = drip {
            if stream.write_all(drip).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    url
}

#[tokio::test]
async fn a_webhook_arrives_signed_and_the_answer_comes_back() {
    let receiver = Receiver::start().await;
    let body = Bytes::from_static(br#"{"outcome":"accepted"}"#);
    receiver.set("/hook", Behaviour::StatusWith { status: 200, headers: vec![], body: body.clone() });
    let WebhookResponse { status, retry_after, body: answered, truncated } =
        send(&receiver.url("/hook")).await.result.unwrap();
    assert_eq!((status, retry_after, &answered[..], truncated), (200, None, &body[..], false));

    let request = &receiver.received()[0];
    assert_eq!(request.body, BODY);
    assert_eq!(request.header("webhook-id"), "msg_0001");
    assert_eq!(request.header("webhook-timestamp"), "1760000000");
    assert_eq!(request.header("content-type"), "application/json");
    let signatures: Vec<_> = request.header("webhook-signature").split(' ').collect();
    assert_eq!(signatures.len(), 2);
    assert_eq!(signatures[0], "v1,CGZvJdgbIolf0ZYCAfHzUyGPZlblPUFXE34LP7Ai6lM=");
}

#[tokio::test]
async fn the_status_and_retry_after_are_told() {
    let receiver = Receiver::start().await;
    let headers = vec![("retry-after".to_owned(), "120".to_owned())];
    receiver.set("/busy", Behaviour::StatusWith { status: 429, headers, body: Bytes::new() });
    receiver.set("/gone", Behaviour::Status(410));
    let busy = send(&receiver.url("/busy")).await.result.unwrap();
    assert_eq!(busy.retry_after, Some(RetryAfter::After(Duration::from_secs(120))));
    let gone = send(&receiver.url("/gone")).await.result.unwrap();
    assert!(busy.status == 429 && gone.status == 410 && !gone.is_success());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let receiver = Receiver::start().await;
    receiver.set("/old", Behaviour::Redirect(receiver.url("/new")));
    assert_eq!(send(&receiver.url("/old")).await.result.unwrap().status, 302);
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_left_at_the_deadline() {
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::Hang);
    let sent = send_soon(&receiver.url("/hook")).await;
    assert_eq!(sent.result.unwrap_err().class(), "timeout");
    assert!(sent.elapsed >= SOON && sent.elapsed < LIMIT, "{:?}", sent.elapsed);
}

#[tokio::test]
async fn the_calls_own_deadline_holds_if_it_is_shorter() {
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::Hang);
    let sender = WebhookSender::new(LIMITS, &Trust::default()).unwrap();
    let (url, secrets) = (receiver.url("/hook").parse().unwrap(), [secret()]);
    let call = Call {
        url: &url,
        allow_private: true,
        id: "msg_0001",
        timestamp: Timestamp::UNIX_EPOCH,
        body: Bytes::new(),
        secrets: &secrets,
        headers: &[],
        deadline: Duration::from_millis(100),
    };
    let sent = sender.send(&call).await;
    assert!(sent.result.unwrap_err().class() == "timeout" && sent.elapsed < LIMIT, "{:?}", sent.elapsed);
}

#[tokio::test]
async fn a_dripping_body_is_cut_and_its_status_counts() {
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::DripBody(Duration::from_millis(20)));
    let limits = Limits { body_timeout: Duration::from_secs(2), ..LIMITS };
    let sent = send_by(&WebhookSender::new(limits, &Trust::default()).unwrap(), &receiver.url("/hook"), true).await;
    let answer = sent.result.unwrap();
    assert!(answer.is_success() && answer.truncated && !answer.body.is_empty(), "{answer:?}");
    assert!(sent.elapsed < LIMIT, "{:?}", sent.elapsed);
}

#[tokio::test]
async fn a_dripping_head_is_left_at_the_deadline() {
    let sent = send_soon(&raw(b"HTTP/1.1 200 OK\r\nx-slow: ", Some(b"a")).await).await;
    assert_eq!(sent.result.unwrap_err().class(), "timeout");
    assert!(sent.elapsed < LIMIT, "{:?}", sent.elapsed);
}

#[tokio::test]
async fn of_a_flood_only_the_first_bytes_are_read() {
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::HugeBody(1 << 30));
    let sent = send(&receiver.url("/hook")).await;
    let answer = sent.result.unwrap();
    assert_eq!((answer.status, answer.body.len(), answer.truncated), (200, LIMITS.max_answer_bytes, true));
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_told() {
    let receiver = Receiver::start().await;
    receiver.set("/hook", Behaviour::CloseEarly);
    assert_eq!(failure(&receiver.url("/hook")).await.class(), "closed");
    receiver.set("/hook", Behaviour::CloseInBody);
    let answer = send(&receiver.url("/hook")).await.result.unwrap();
    assert!(answer.is_success() && answer.truncated, "{answer:?}");
}

#[tokio::test]
async fn garbage_for_a_body_is_the_callers_to_judge() {
    let receiver = Receiver::start().await;
    let body = Bytes::from_static(b"\xff\xfe{{<html>");
    receiver.set("/hook", Behaviour::StatusWith { status: 200, headers: vec![], body: body.clone() });
    assert_eq!(send(&receiver.url("/hook")).await.result.unwrap().body, body);
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    for garbage in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\0\0\0\0\0\0\0\0\r\n\r\n", b"<html>hello</html>\r\n\r\n"] {
        assert_eq!(failure(&raw(garbage, None).await).await.class(), "protocol", "{garbage:?}");
    }
}

#[tokio::test]
async fn a_bomb_of_headers_is_refused() {
    let receiver = Receiver::start().await;
    let headers = (0..2_000).map(|i| (format!("x-{i}"), "y".repeat(100))).collect();
    receiver.set("/many", Behaviour::StatusWith { status: 200, headers, body: Bytes::new() });
    let headers = vec![("x-long".to_owned(), "y".repeat(2_000_000))];
    receiver.set("/long", Behaviour::StatusWith { status: 200, headers, body: Bytes::new() });
    for path in ["/many", "/long"] {
        assert_eq!(failure(&receiver.url(path)).await.class(), "protocol", "{path}");
    }
}

#[tokio::test]
async fn a_refused_port_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = failure(&url).await;
    assert_eq!(
        (error.class(), error.to_string().as_str()),
        ("connect", "no connection could be made: connection refused")
    );
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let receiver = Receiver::start().await;
    let error = failure(&receiver.url("/hook").replace("http://", "https://")).await;
    assert_eq!(error.class(), "tls", "{error}");
}

#[tokio::test]
async fn connections_are_used_again() {
    let receiver = Receiver::start().await;
    let sender = WebhookSender::new(LIMITS, &Trust::default()).unwrap();
    for _ in 0..50 {
        assert!(send_by(&sender, &receiver.url("/hook"), true).await.result.unwrap().is_success());
    }
    assert_eq!((receiver.count(), receiver.distinct_ids(), receiver.connections()), (50, 1, 1));
    // A body that was not read to its end must not be taken for the next answer.
    receiver.set("/hook", Behaviour::Sequence(vec![Behaviour::HugeBody(1 << 30), Behaviour::Status(204)]));
    assert!(send_by(&sender, &receiver.url("/hook"), true).await.result.unwrap().truncated);
    assert_eq!(send_by(&sender, &receiver.url("/hook"), true).await.result.unwrap().status, 204);
    assert_eq!(receiver.connections(), 2);
}

/// Names lead to these addresses, one answer after another; the last one stays. Counts how often it was asked.
struct Names {
    answers: Vec<io::Result<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn new(answers: Vec<io::Result<Vec<IpAddr>>>) -> Arc<Self> {
        Arc::new(Self { answers, asked: AtomicUsize::new(0) })
    }
}

impl Lookup for Names {
    fn lookup(&self, _: &str) -> LookedUp {
        let index = self.asked.fetch_add(1, Ordering::Relaxed).min(self.answers.len() - 1);
        let answer = match &self.answers[index] {
            Ok(addresses) => Ok(addresses.clone()),
            Err(error) => Err(error.kind().into()),
        };
        Box::pin(async { answer })
    }
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));

#[tokio::test]
async fn a_name_that_leads_here_is_refused_without_leave() {
    let receiver = Receiver::start().await;
    let url = format!("http://hooks.example.com:{}/hook", receiver.address().port());
    for (allow_private, leads_to, class) in [
        (false, vec![HERE], Some("refused")),
        (false, vec![PUBLIC, HERE], Some("refused")),
        (true, vec![HERE, METADATA], Some("refused")),
        (true, vec![], Some("resolve")),
        (true, vec![HERE], None),
    ] {
        let sender =
            WebhookSender::with_lookup(LIMITS, &Trust::default(), Names::new(vec![Ok(leads_to.clone())])).unwrap();
        let result = send_by(&sender, &url, allow_private).await.result;
        assert_eq!(result.err().map(|error| error.class()), class, "{leads_to:?}");
    }
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn a_connection_goes_to_the_checked_address_even_if_the_name_is_turned() {
    let receiver = Receiver::start().await;
    let names = Names::new(vec![Ok(vec![HERE]), Ok(vec![METADATA])]);
    let sender = WebhookSender::with_lookup(LIMITS, &Trust::default(), Arc::clone(&names) as Arc<dyn Lookup>).unwrap();
    let url = format!("http://hooks.example.com:{}/hook", receiver.address().port());
    assert!(send_by(&sender, &url, true).await.result.unwrap().is_success());
    assert_eq!((receiver.count(), names.asked.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test]
async fn a_connection_made_with_leave_is_not_used_without() {
    let receiver = Receiver::start().await;
    let sender = WebhookSender::with_lookup(LIMITS, &Trust::default(), Names::new(vec![Ok(vec![HERE])])).unwrap();
    let url = format!("http://hooks.example.com:{}/hook", receiver.address().port());
    assert!(send_by(&sender, &url, true).await.result.is_ok());
    assert_eq!(send_by(&sender, &url, false).await.result.unwrap_err().class(), "refused");
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told() {
    let sender =
        WebhookSender::with_lookup(LIMITS, &Trust::default(), Names::new(vec![Err(io::ErrorKind::NotFound.into())]))
            .unwrap();
    let error = send_by(&sender, "https://nowhere.example.com/", false).await.result.unwrap_err();
    assert_eq!((error.class(), error.to_string().as_str()), ("resolve", "the host name could not be resolved"));
}

#[tokio::test]
async fn a_resolver_that_hangs_is_left_at_the_deadline() {
    struct Silent;
    impl Lookup for Silent {
        fn lookup(&self, _: &str) -> LookedUp {
            Box::pin(std::future::pending())
        }
    }
    let limits = Limits { timeout: SOON, ..LIMITS };
    let sender = WebhookSender::with_lookup(limits, &Trust::default(), Arc::new(Silent)).unwrap();
    let sent = send_by(&sender, "https://slow.example.com/", false).await;
    assert!(sent.result.unwrap_err().class() == "timeout" && sent.elapsed < LIMIT);
}

#[tokio::test]
async fn a_literal_address_is_refused_before_anything_is_sent() {
    let receiver = Receiver::start().await;
    let port = receiver.address().port();
    let sender = WebhookSender::new(LIMITS, &Trust::default()).unwrap();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "localhost"] {
        let url = format!("http://{host}:{port}/hook");
        let error = send_by(&sender, &url, false).await.result.unwrap_err();
        assert_eq!(error.class(), "refused", "{url}");
        assert!(check_url(&url, false).is_err() && check_url(&url, true).is_ok(), "{url}");
    }
    let error = send_by(&sender, &format!("http://user:secret@127.0.0.1:{port}/"), true).await.result.unwrap_err();
    assert!(error.class() == "refused" && !error.to_string().contains("secret"), "{error}");
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn a_call_that_cannot_be_signed_or_sent_is_told() {
    let receiver = Receiver::start().await;
    let sender = WebhookSender::new(LIMITS, &Trust::default()).unwrap();
    let url = receiver.url("/hook").parse().unwrap();
    for (id, secrets) in [("msg_0001", vec![]), ("msg\r\nx-evil: 1", vec![secret()])] {
        let call = Call {
            url: &url,
            allow_private: true,
            id,
            timestamp: Timestamp::UNIX_EPOCH,
            body: Bytes::from_static(BODY),
            secrets: &secrets,
            headers: &[],
            deadline: LIMITS.timeout,
        };
        assert_eq!(sender.send(&call).await.result.unwrap_err().class(), "unsendable");
    }
    assert_eq!(receiver.count(), 0);
}

/// What the configuration's file of certificates gives.
fn trusting(identity: &Identity) -> Trust {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), identity.authority()).unwrap();
    Trust::with_file(file.path()).unwrap()
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_request() {
    let receiver = Receiver::start_tls(&Identity::new()).await;
    let error = failure(&receiver.url("/hook")).await;
    assert_eq!(error.class(), "tls", "{error}");
    let other = WebhookSender::new(LIMITS, &trusting(&Identity::new())).unwrap();
    let error = send_by(&other, &receiver.url("/hook"), true).await.result.unwrap_err();
    assert_eq!(error.class(), "tls", "{error}");
    assert_eq!((receiver.count(), receiver.connections()), (0, 2), "nothing is sent before the certificate is checked");
}

#[tokio::test]
async fn an_authority_of_the_configuration_is_believed_for_the_names_it_vouches_for() {
    let identity = Identity::new();
    let receiver = Receiver::start_tls(&identity).await;
    let trust = trusting(&identity);
    let sender = WebhookSender::new(LIMITS, &trust).unwrap();
    let url = receiver.url("/hook");
    for _ in 0..3 {
        assert_eq!(send_by(&sender, &url, true).await.result.unwrap().status, 200);
    }
    assert_eq!((receiver.count(), receiver.connections()), (3, 1));
    assert_eq!(receiver.received()[0].body, BODY);
    let here = Names::new(vec![Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])]);
    let sender = WebhookSender::with_lookup(LIMITS, &trust, here).unwrap();
    let elsewhere = url.replace("127.0.0.1", "leads.client.example");
    let error = send_by(&sender, &elsewhere, true).await.result.unwrap_err();
    assert_eq!(error.class(), "tls", "a certificate for another name: {error}");
}

#[test]
fn a_file_that_holds_no_certificate_is_refused_by_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = |text: &str| {
        std::fs::write(file.path(), text).unwrap();
        Trust::with_file(file.path()).unwrap_err().to_string()
    };
    assert!(refused("").ends_with("holds no certificate (a block that begins with -----BEGIN CERTIFICATE-----)"));
    assert!(refused("-----BEGIN CERTIFICATE-----\nnothing").contains("cannot be read as PEM"));
    let empty = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert!(refused(empty).contains("certificate 1 cannot be trusted"), "{}", refused(empty));
    let missing = Trust::with_file(std::path::Path::new("nowhere/ca.pem")).unwrap_err().to_string();
    assert!(missing.starts_with("tls.ca_file nowhere/ca.pem cannot be read"), "{missing}");
}

#[tokio::test]
async fn a_loop_of_redirects_is_one_request() {
    let receiver = Receiver::start().await;
    receiver.set("/a", Behaviour::Redirect(receiver.url("/b")));
    receiver.set("/b", Behaviour::Redirect(receiver.url("/a")));
    assert_eq!(send(&receiver.url("/a")).await.result.unwrap().status, 302);
    // Nor to where no webhook may go.
    receiver.set("/c", Behaviour::Redirect("http://169.254.169.254/latest/meta-data/".to_owned()));
    assert_eq!(send(&receiver.url("/c")).await.result.unwrap().status, 302);
    assert_eq!(receiver.count(), 2);
}

/// Only HTTP/1.1 is spoken, and offered in the TLS handshake: what HTTP/2 can do to a client (streams that are reset,
/// floods of settings) reaches no parser of it.
#[tokio::test]
async fn an_endpoint_that_speaks_http_2_unasked_is_told() {
    let settings_then_reset = b"\0\0\0\x04\0\0\0\0\0\0\0\x04\x03\0\0\0\0\x01\0\0\0\x02";
    assert_eq!(failure(&raw(settings_then_reset, None).await).await.class(), "protocol");
    assert_eq!(failure(&raw(b"HTTP/2 200\r\ncontent-length: 0\r\n\r\n", None).await).await.class(), "protocol");
}

#[tokio::test]
async fn a_connection_that_is_reset_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // To close with the request unread is to reset.
        stream.readable().await.unwrap();
    });
    assert_eq!(failure(&url).await.class(), "closed");
}

#[tokio::test]
async fn a_name_that_turns_private_later_is_refused_then() {
    let receiver = Receiver::start().await;
    let url = format!("http://hooks.example.com:{}/hook", receiver.address().port());
    let names = Names::new(vec![Ok(vec![PUBLIC]), Ok(vec![HERE])]);
    let limits = Limits { connect_timeout: Duration::from_millis(50), ..LIMITS };
    let sender = WebhookSender::with_lookup(limits, &Trust::default(), Arc::clone(&names) as Arc<dyn Lookup>).unwrap();
    let first = send_by(&sender, &url, false).await.result.unwrap_err();
    assert_ne!(first.class(), "refused", "the first time it led to where everybody may go");
    assert_eq!(send_by(&sender, &url, false).await.result.unwrap_err().class(), "refused");
    assert_eq!((receiver.count(), names.asked.load(Ordering::Relaxed)), (0, 2));
}
