//! Listening: a bounded number of connections, in all and of each address, time limits for headers and answers, and a stop
//! that lets what runs finish.
//!
//! A sender that closes its side after the body, or goes away altogether, does not end what runs for it: the two cannot be told
//! apart, and the first one waits for its answer.

mod per_address;
mod write_limit;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use metrics::{counter, describe_counter, gauge};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::Instant,
};
use tower::ServiceExt;

use self::{
    per_address::{AddressCounts, AddressPlace},
    write_limit::WriteLimited,
};
use crate::address::TrustedProxies;

/// Most bytes of a request's head, and of one read.
const BUFFER_BYTES: usize = 64 * 1024;
/// How long to wait when the system has no file descriptor left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often an address with too many connections is spoken of.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// One in so many connections is kept for the loopback address, from which a process is watched, and for trusted proxies.
const RESERVED_PART: usize = 16;

/// Bounds of one listener.
#[derive(Debug, Clone)]
pub struct ServeLimits {
    /// Longest time for a request's headers, and for a connection to stay idle.
    pub header_timeout: Duration,
    /// Longest time for which an answer may make no progress.
    pub write_timeout: Duration,
    /// Most connections at once; more wait in the system's backlog.
    pub connections: usize,
    /// Most connections of one address at once; more are closed. Proxies have no such bound.
    pub connections_per_address: usize,
    /// The proxies that say whose request they pass on.
    pub proxies: TrustedProxies,
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
    let mut places = ConnectionPlaces::new(&limits);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            // The stop is looked at first: with connections waiting the other branch would always be ready.
            biased;
            () = &mut stop => break,
            next = places.next(&listener) => next?,
        };
        let AcceptedConnection { stream, peer, place } = accepted;
        let conversation = converse(stream, peer, (router.clone(), limits.clone()), graceful.watcher());
        // A task for each: a slow client must not keep others from being accepted.
        tokio::spawn(async move {
            conversation.await;
            drop(place);
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

/// A connection that is to be served.
struct AcceptedConnection {
    stream: TcpStream,
    peer: SocketAddr,
    place: ConnectionPlace,
}

/// A connection's place among all, and among those of its address.
struct ConnectionPlace {
    _among_all: OwnedSemaphorePermit,
    /// None for whoever may use the reserve.
    _among_strangers: Option<OwnedSemaphorePermit>,
    _of_address: AddressPlace,
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        gauge!("ripen_http_connections").decrement(1.0);
    }
}

/// The room for connections.
struct ConnectionPlaces {
    permits: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    proxies: TrustedProxies,
    addresses: Arc<AddressCounts>,
    tell_after: Instant,
}

impl ConnectionPlaces {
    fn new(limits: &ServeLimits) -> Self {
        describe_counter!(
            "ripen_http_connections_refused_total",
            "Connections closed because their address, or all strangers together, held too many"
        );
        counter!("ripen_http_connections_refused_total").increment(0);
        Self {
            permits: Arc::new(Semaphore::new(limits.connections)),
            strangers: Arc::new(Semaphore::new(limits.connections - limits.connections / RESERVED_PART)),
            proxies: limits.proxies.clone(),
            addresses: AddressCounts::new(limits.connections_per_address, limits.proxies.clone()),
            tell_after: Instant::now(),
        }
    }

    /// The next connection that there is a place for, once there is one.
    async fn next(&mut self, listener: &TcpListener) -> io::Result<AcceptedConnection> {
        // The semaphore is never closed.
        // Before accepting: a connection that cannot be served yet waits in the system's backlog.
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(io::Error::other)?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    // Closed at once: one that waited would take the place of others.
                    let (Ok(among_strangers), Some(of_address)) =
                        (self.place_among_strangers(peer), self.addresses.place(peer.ip()))
                    else {
                        self.refused();
                        continue;
                    };
                    // Answers are small and complete: waiting to fill a packet only delays them.
                    let _ = stream.set_nodelay(true);
                    gauge!("ripen_http_connections").increment(1.0);
                    return Ok(AcceptedConnection {
                        stream,
                        peer,
                        place: ConnectionPlace {
                            _among_all: permit,
                            _among_strangers: among_strangers,
                            _of_address: of_address,
                        },
                    });
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

    /// Many addresses together cannot hold everything: what looks at this process, and the proxies that bring everybody, find room.
    fn place_among_strangers(&self, peer: SocketAddr) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        let peer = peer.ip().to_canonical();
        if peer.is_loopback() || self.proxies.contains(peer) {
            return Ok(None);
        }
        Arc::clone(&self.strangers).try_acquire_owned().map(Some)
    }

    fn refused(&mut self) {
        counter!("ripen_http_connections_refused_total").increment(1);
        let now = Instant::now();
        // Now and then: an attack must not fill the log too. Without the address, which may be a visitor's.
        if now >= self.tell_after {
            self.tell_after = now + TOLD_EVERY;
            tracing::warn!(
                "connections are closed because their address holds limits.connections_per_address already, or all of them \
                 limits.connections but for the reserve; a reverse proxy is exempt once http.trusted_proxies names it"
            );
        }
    }
}

async fn converse(stream: TcpStream, peer: SocketAddr, (router, limits): (Router, ServeLimits), watcher: Watcher) {
    let proxies = limits.proxies;
    let service = router.map_request(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        // Here, where the peer is known: nothing behind this line reads the headers that say whose request it is.
        let visitor = proxies.visitor(peer.ip(), request.headers());
        request.extensions_mut().insert(visitor);
        request
    });
    // HTTP/1 only: whatever stands in front speaks it, and one connection then is one request at a time, which makes
    // the bound on connections one on requests.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        // A head beyond this is refused: otherwise a sender decides how much memory it takes.
        .max_buf_size(BUFFER_BYTES)
        // A sender may close its side once it has sent everything, and still reads its answer.
        .half_close(true)
        .serve_connection(
            TokioIo::new(WriteLimited::new(stream, limits.write_timeout)),
            TowerToHyperService::new(service),
        );
    // A connection that breaks concerns its client alone, and every request of it is logged by itself.
    let _ = watcher.watch(connection).await;
}

#[cfg(test)]
mod tests;
