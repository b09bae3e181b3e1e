//! The listener against real sockets: slow heads, answers that nobody reads, a full house, senders who leave, a stop in the
//! middle of a request.

use std::sync::Arc;

use axum::{
    Extension,
    routing::{get, post},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use super::*;

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

/// Long enough for a loaded machine; no passing test waits this long.
const LIMIT: Duration = Duration::from_secs(120);

/// Room for so many connections, and patience without end.
fn limits(connections: usize) -> ServeLimits {
    ServeLimits {
        header_timeout: LIMIT,
        write_timeout: LIMIT,
        connections,
        connections_per_address: connections,
        proxies: TrustedProxies::default(),
        drain: LIMIT,
    }
}

async fn served(router: Router, connections: usize) -> Served {
    served_with(router, limits(connections)).await
}

async fn served_with(router: Router, limits: ServeLimits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(serve(listener, router, limits, async move {
        let _ = stopped.await;
    }));
    Served { address, stop, task }
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    tokio::time::timeout(LIMIT, stream.read_to_string(&mut text)).await.unwrap().unwrap();
    text
}

/// Posts this over connections of its own until it is answered and the answer ends: a busy machine may take longer to send it than
/// a head may take.
async fn posted(served: &Served, request: &[u8]) {
    let once = async || {
        let mut quick = TcpStream::connect(served.address).await?;
        quick.write_all(request).await?;
        let mut text = String::new();
        quick.read_to_string(&mut text).await?;
        io::Result::Ok(text.ends_with("hi"))
    };
    let until = async { while !once().await.unwrap_or(false) {} };
    tokio::time::timeout(LIMIT, until).await.expect("it is answered, and the answer ends");
}

const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn a_head_that_drips_is_cut_off_and_others_are_served() {
    let limits = ServeLimits { header_timeout: Duration::from_secs(1), ..limits(2) };
    let served = served_with(Router::new().route("/", post(|body: String| async { body })), limits).await;
    let mut slow = TcpStream::connect(served.address).await.unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nHo").await.unwrap();
    posted(&served, POST).await;
    assert_eq!(answer(&mut slow).await, "", "closed without an answer");
}

#[tokio::test]
async fn a_connection_beyond_the_bound_waits_for_room() {
    let served = served(Router::new().route("/", post(|body: String| async { body })), 1).await;
    let idle = TcpStream::connect(served.address).await.unwrap();
    let mut second = TcpStream::connect(served.address).await.unwrap();
    second.write_all(POST).await.unwrap();
    drop(idle);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_running_request_finishes_after_the_stop() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (b, g) = (Arc::clone(&begun), Arc::clone(&go));
    let handler = move || {
        let (begun, go) = (Arc::clone(&b), Arc::clone(&g));
        async move {
            begun.notify_one();
            go.notified().await;
            "finished"
        }
    };
    let served = served(Router::new().route("/", post(handler)), 8).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    client.write_all(POST).await.unwrap();
    begun.notified().await;
    served.stop.send(()).unwrap();
    go.notify_one();
    assert!(answer(&mut client).await.ends_with("finished"));
    served.task.await.unwrap().unwrap();
    assert!(TcpStream::connect(served.address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn a_sender_of_too_much_reads_the_refusal() {
    let limits = crate::body::BodyLimits { bytes: 1024, time: LIMIT };
    let handler = move |request: Request| async move {
        let (parts, body) = request.into_parts();
        crate::body::read(&parts.headers, body, limits).await.map(|bytes| bytes.len().to_string())
    };
    let served = served(crate::edge::around(Router::new().route("/", post(handler)), || "1".to_owned()), 8).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    let length = 10 * 1024 * 1024;
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&vec![b'x'; length]).await.unwrap();
    assert!(answer(&mut client).await.starts_with("HTTP/1.1 413"));
}

fn echo() -> Router {
    Router::new().route("/", post(|body: String| async { body }))
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let limits = ServeLimits { header_timeout: Duration::from_secs(1), ..limits(1) };
    let served = served_with(echo(), limits).await;
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    assert_eq!(answer(&mut silent).await, "");
    // One that was served and then says nothing is no other: the answer ends. A busy machine may be too late with the head.
    posted(&served, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi").await;
}

#[tokio::test]
async fn an_answer_that_nobody_reads_gives_its_connection_up() {
    // More than the buffers of both ends hold.
    let large = get(|| async { vec![b'x'; 64 * 1024 * 1024] });
    let limits = ServeLimits { write_timeout: Duration::from_secs(1), ..limits(1) };
    let served = served_with(echo().route("/large", large), limits).await;
    let mut deaf = TcpStream::connect(served.address).await.unwrap();
    deaf.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut next = TcpStream::connect(served.address).await.unwrap();
    next.write_all(POST).await.unwrap();
    assert!(answer(&mut next).await.ends_with("hi"), "there is one place, and it was given up");
    drop(deaf);
}

#[tokio::test]
async fn one_address_cannot_hold_all_connections() {
    let limits = ServeLimits { connections_per_address: 2, ..limits(8) };
    let served = served_with(echo(), limits).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nh").await.unwrap();
        held.push(stream);
    }
    let mut third = TcpStream::connect(served.address).await.unwrap();
    // Closed unread, with or without a reset.
    let read = tokio::time::timeout(LIMIT, third.read(&mut [0; 8])).await.expect("closed at once");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    for mut stream in held {
        stream.write_all(b"i").await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(answer(&mut stream).await.ends_with("hi"));
    }
}

#[tokio::test]
async fn a_trusted_proxy_may_hold_more_connections_and_says_whose_they_are() {
    let who = |Extension(visitor): Extension<crate::address::Visitor>| async move { visitor.address.to_string() };
    let ask = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: close\r\n\r\n";
    for (proxies, seen) in [
        (TrustedProxies::new(|address| address.is_loopback()), "203.0.113.7"),
        (TrustedProxies::default(), "127.0.0.1"),
    ] {
        let is_proxy = proxies.contains([127, 0, 0, 1].into());
        let limits = ServeLimits { connections_per_address: 1, proxies, ..limits(8) };
        let served = served_with(Router::new().route("/", get(who)), limits).await;
        let _idle = if is_proxy { Some(TcpStream::connect(served.address).await.unwrap()) } else { None };
        let mut client = TcpStream::connect(served.address).await.unwrap();
        client.write_all(ask).await.unwrap();
        assert!(answer(&mut client).await.ends_with(seen));
    }
}

/// A server whose handler says that it has begun, waits to be let go, and says that it has ended.
async fn waiting() -> (Served, [Arc<Notify>; 3]) {
    let steps = [(); 3].map(|()| Arc::new(Notify::new()));
    let [begun, go, ended] = steps.clone();
    let handler = move |body: String| {
        let [begun, go, ended] = [&begun, &go, &ended].map(Arc::clone);
        async move {
            begun.notify_one();
            go.notified().await;
            ended.notify_one();
            body
        }
    };
    (served(Router::new().route("/", post(handler)), 8).await, steps)
}

#[tokio::test]
async fn a_sender_that_closes_its_side_after_the_body_gets_its_answer() {
    let (served, [begun, go, _]) = waiting().await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    client.write_all(POST).await.unwrap();
    client.shutdown().await.unwrap();
    begun.notified().await;
    go.notify_one();
    assert!(answer(&mut client).await.ends_with("hi"));
}

#[tokio::test]
async fn what_runs_for_a_sender_that_left_runs_to_its_end() {
    let (served, [begun, go, ended]) = waiting().await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    client.write_all(POST).await.unwrap();
    drop(client);
    begun.notified().await;
    go.notify_one();
    tokio::time::timeout(LIMIT, ended.notified()).await.expect("the handler was not dropped");
}

#[tokio::test]
async fn strangers_leave_a_reserve_to_proxies_and_to_who_watches_the_process() {
    let proxy = std::net::IpAddr::from([10, 0, 0, 1]);
    let limits = ServeLimits { proxies: TrustedProxies::new(move |address| address == proxy), ..limits(32) };
    let places = ConnectionPlaces::new(&limits);
    let from = |address: [u8; 4]| places.place_among_strangers(SocketAddr::from((address, 1)));
    let held: Vec<_> = (0..30).map(|number| from([203, 0, 113, number]).unwrap()).collect();
    assert!(from([203, 0, 113, 99]).is_err());
    assert!(from([127, 0, 0, 1]).unwrap().is_none() && from([10, 0, 0, 1]).unwrap().is_none());
    drop(held);
    assert!(from([203, 0, 113, 99]).is_ok());
    // Of few there is no reserve.
    let few = ConnectionPlaces::new(&ServeLimits { connections: 1, ..limits });
    assert!(few.place_among_strangers(SocketAddr::from(([203, 0, 113, 1], 1))).is_ok());
}
