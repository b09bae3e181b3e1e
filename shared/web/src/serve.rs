//! Listening: a bounded number of connections, a time limit for headers, and a stop that lets what runs finish.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use metrics::gauge;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::ServiceExt;

/// Most bytes of a request's head, and of one read.
const BUFFER_BYTES: usize = 64 * 1024;
/// How long to wait when the system has no file descriptor left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Bounds of one listener.
#[derive(Debug, Clone, Copy)]
pub struct ServeLimits {
    /// Longest time for a request's headers, and for a connection to stay idle.
    pub header_timeout: Duration,
    /// Most connections at once; more wait in the system's backlog.
    pub connections: usize,
    /// Longest time for running requests to finish after the stop.
    pub drain: Duration,
}

/// Serves until `stop` resolves; then takes no more, and gives running requests `limits.drain` to finish.
///
/// # Errors
/// When the listener itself breaks.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServeLimits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(limits.connections));
    tokio::pin!(stop);
    loop {
        let (stream, peer, permit) = tokio::select! {
            // The stop is looked at first: with connections waiting the other branch would always be ready.
            biased;
            () = &mut stop => break,
            next = next(&listener, &permits) => next?,
        };
        let conversation = converse(stream, peer, router.clone(), limits.header_timeout, graceful.watcher());
        // A task for each: a slow client must not keep others from being accepted.
        tokio::spawn(async move {
            conversation.await;
            gauge!("ripen_http_connections").decrement(1.0);
            drop(permit);
        });
    }
    // New connections are refused from here on, so that a balancer takes them elsewhere.
    drop(listener);
    // What runs may finish; what is idle is closed at once.
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            drain_s = limits.drain.as_secs(),
            "requests were still running at the end of the time to finish"
        );
    }
    Ok(())
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

/// The next connection, once there is room for one.
async fn next(listener: &TcpListener, permits: &Arc<Semaphore>) -> io::Result<Accepted> {
    // The semaphore is never closed.
    // Before accepting: a connection that cannot be served yet waits in the system's backlog.
    let permit = Arc::clone(permits).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and complete: waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                gauge!("ripen_http_connections").increment(1.0);
                return Ok((stream, peer, permit));
            }
            // The listener itself is unusable; everything else passes, and ending for it would take the service down.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
            Err(error) => {
                tracing::warn!(error = %error, "cannot accept a connection");
                // Without a pause: a process without file descriptors would spin here.
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, router: Router, header_timeout: Duration, watcher: Watcher) {
    let service = router.map_request(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    // HTTP/1 only: whatever stands in front speaks it, and one connection then is one request at a time, which makes
    // the bound on connections one on requests.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        // A head beyond this is refused: otherwise a sender decides how much memory it takes.
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    // A connection that breaks concerns its client alone, and every request of it is logged by itself.
    let _ = watcher.watch(connection).await;
}

#[cfg(test)]
mod tests;
