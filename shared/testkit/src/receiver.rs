//! A client's webhook endpoint for tests: records every request and answers as well or as badly as it is told to.
//!
//! Listens on loopback. It verifies nothing: what arrived is for the test to judge.

mod line;

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use tokio::{net::TcpListener, task::JoinHandle};

use self::line::{Line, Lines};
use crate::{wait, wire::Identity};

/// The largest request body that is kept; more is answered 413.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// How the receiver answers.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// This status and no body.
    Status(u16),
    /// This status with headers and a body.
    StatusWith {
        /// The status.
        status: u16,
        /// Names and values of headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Bytes,
    },
    /// One after another, one a request; the last one stays.
    Sequence(Vec<Behaviour>),
    /// Takes the request and never answers.
    Hang,
    /// 200 at once, then one byte of body every this long, for ever.
    DripBody(Duration),
    /// 200 with a body of this many bytes.
    HugeBody(u64),
    /// Closes the connection without a byte of answer.
    CloseEarly,
    /// 200 and the first bytes of a longer body, then closes the connection.
    CloseInBody,
    /// 302 to this address.
    Redirect(String),
    /// 200 after this long.
    Slow(Duration),
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The path.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// When the whole body was there.
    pub at: Instant,
}

impl Received {
    /// A header as text, empty if it is missing or no text.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Book {
    behaviours: HashMap<String, Behaviour>,
    /// How many requests came to each path, for sequences.
    counts: HashMap<String, usize>,
    received: Vec<Received>,
}

/// A webhook receiver that lives as long as this value.
pub struct Receiver {
    address: SocketAddr,
    scheme: &'static str,
    connections: Arc<AtomicUsize>,
    book: Arc<Mutex<Book>>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts one on a free port. Every path answers 200 until told otherwise.
    pub async fn start() -> Self {
        Self::start_as(None).await
    }

    /// Starts one that speaks TLS.
    pub async fn start_tls(identity: &Identity) -> Self {
        Self::start_as(Some(identity.clone())).await
    }

    async fn start_as(identity: Option<Identity>) -> Self {
        let scheme = if identity.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Mutex::new(Book::default()));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&book));
        let connections = Arc::new(AtomicUsize::new(0));
        let lines = Lines { listener, accepted: Arc::clone(&connections), identity };
        let server = tokio::spawn(async move {
            let service = app.into_make_service_with_connect_info::<Line>();
            axum::serve(lines, service).await.unwrap();
        });
        Self { address, scheme, connections, book, server }
    }

    /// The address of a path, which begins with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers like this on `path` from now on.
    pub fn set(&self, path: &str, behaviour: Behaviour) {
        let mut book = lock(&self.book);
        book.counts.remove(path);
        book.behaviours.insert(path.to_owned(), behaviour);
    }

    /// Everything received so far, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        lock(&self.book).received.clone()
    }

    /// How many requests came so far.
    #[must_use]
    pub fn count(&self) -> usize {
        lock(&self.book).received.len()
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many different `webhook-id`s came so far.
    #[must_use]
    pub fn distinct_ids(&self) -> usize {
        let book = lock(&self.book);
        book.received.iter().map(|received| received.header("webhook-id")).collect::<HashSet<_>>().len()
    }

    /// Forgets what was received.
    pub fn clear(&self) {
        lock(&self.book).received.clear();
    }

    /// Waits until `count` requests came and gives everything received.
    ///
    /// # Panics
    /// When they do not come within `limit`.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Vec<Received> {
        let what = format!("{count} webhooks");
        wait::until(&what, limit, || async { (self.count() >= count).then(|| self.received()) }).await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(book): State<Arc<Mutex<Book>>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return plain(413, Body::empty());
    };
    let path = head.uri.path().to_owned();
    let behaviour = {
        let mut book = lock(&book);
        let chosen = book.chosen(&path);
        book.received.push(Received { path, headers: head.headers, body, at: Instant::now() });
        chosen
    };
    behave(behaviour, &line).await
}

impl Book {
    fn chosen(&mut self, path: &str) -> Behaviour {
        let Some(behaviour) = self.behaviours.get(path) else { return Behaviour::Status(200) };
        let Behaviour::Sequence(steps) = behaviour else { return behaviour.clone() };
        let count = self.counts.entry(path.to_owned()).or_default();
        let step = steps.get(*count).or_else(|| steps.last()).cloned().unwrap_or(Behaviour::Status(200));
        *count += 1;
        step
    }
}

async fn behave(behaviour: Behaviour, line: &Line) -> Response {
    match behaviour {
        Behaviour::Status(status) => plain(status, Body::empty()),
        Behaviour::StatusWith { status, headers, body } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Behaviour::Sequence(_) => panic!("a sequence within a sequence"),
        Behaviour::Hang => std::future::pending().await,
        Behaviour::DripBody(every) => plain(200, drip(every)),
        Behaviour::HugeBody(bytes) => plain(200, huge(bytes)),
        Behaviour::CloseEarly => {
            line.cut();
            plain(200, Body::empty())
        }
        Behaviour::CloseInBody => plain(200, broken()),
        Behaviour::Redirect(to) => {
            Response::builder().status(StatusCode::FOUND).header("location", to).body(Body::empty()).unwrap()
        }
        Behaviour::Slow(delay) => {
            tokio::time::sleep(delay).await;
            plain(200, Body::empty())
        }
    }
}

fn plain(status: u16, body: Body) -> Response {
    Response::builder().status(status).body(body).unwrap()
}

fn drip(every: Duration) -> Body {
    Body::from_stream(futures::stream::unfold((), move |()| async move {
        tokio::time::sleep(every).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b".")), ()))
    }))
}

fn huge(bytes: u64) -> Body {
    const CHUNK: &[u8] = &[b'x'; 64 * 1024];
    Body::from_stream(futures::stream::unfold(bytes, |left| async move {
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK.len());
        (size > 0).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(&CHUNK[..size])), left - size as u64))
    }))
}

fn broken() -> Body {
    let start = Ok(Bytes::from_static(b"{\"outcome\":"));
    let end = Err(std::io::Error::other("cut on purpose"));
    Body::from_stream(futures::stream::unfold(vec![end, start], |mut left| async move {
        let next = left.pop()?;
        // The first bytes must be on their way before the connection breaks.
        tokio::time::sleep(Duration::from_millis(10)).await;
        Some((next, left))
    }))
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn post(receiver: &Receiver, path: &str) -> String {
        let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nwebhook-id: msg_1\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn it_records_and_answers_in_sequence() {
        let receiver = Receiver::start().await;
        receiver.set("/hook", Behaviour::Sequence(vec![Behaviour::Status(503), Behaviour::Status(204)]));
        for status in ["503", "204", "204"] {
            assert!(post(&receiver, "/hook").await.starts_with(&format!("HTTP/1.1 {status}")));
        }
        let received = receiver.wait_for(3, Duration::from_secs(120)).await;
        assert_eq!((received.len(), receiver.distinct_ids()), (3, 1));
        assert_eq!((received[0].path.as_str(), &received[0].body[..]), ("/hook", &b"{}"[..]));
    }

    #[tokio::test]
    async fn it_closes_without_an_answer() {
        let receiver = Receiver::start().await;
        receiver.set("/", Behaviour::CloseEarly);
        assert_eq!(post(&receiver, "/").await, "");
        receiver.set("/", Behaviour::CloseInBody);
        let answer = post(&receiver, "/").await;
        assert!(answer.starts_with("HTTP/1.1 200") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    }
}
