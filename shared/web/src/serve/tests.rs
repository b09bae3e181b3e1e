//! The listener against real sockets: slow heads, a full house, a stop in the middle of a request.

use std::sync::Arc;

use axum::routing::post;
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

async fn served(router: Router, connections: usize) -> Served {
    served_with(router, ServeLimits { header_timeout: LIMIT, connections, drain: LIMIT }).await
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

const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";

#[tokio::test]
async fn a_head_that_drips_is_cut_off_and_others_are_served() {
    let limits = ServeLimits { header_timeout: Duration::from_secs(1), connections: 2, drain: LIMIT };
    let served = served_with(Router::new().route("/", post(|body: String| async { body })), limits).await;
    let mut slow = TcpStream::connect(served.address).await.unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nHo").await.unwrap();
    let mut quick = TcpStream::connect(served.address).await.unwrap();
    quick.write_all(POST).await.unwrap();
    assert!(answer(&mut quick).await.ends_with("hi"));
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
    let served = served(crate::edge::around(Router::new().route("/", post(handler))), 8).await;
    let mut client = TcpStream::connect(served.address).await.unwrap();
    let length = 10 * 1024 * 1024;
    let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&vec![b'x'; length]).await.unwrap();
    assert!(answer(&mut client).await.starts_with("HTTP/1.1 413"));
}
