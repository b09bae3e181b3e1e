//! Resolves a host name and hands out its addresses only if every one of them may be connected to.
//!
//! A name with one public and one private address is refused whole: the client would try them in turn.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::{Reach, reach};

/// Look-ups that may be under way at once. The system's resolver holds a thread until it gives up, long after the
/// attempt that asked did; without a bound, names that never resolve would use up the runtime's threads.
const LOOKUPS: usize = 128;

/// What a look-up gives in the end.
pub type LookedUp = BoxFuture<'static, io::Result<Vec<IpAddr>>>;

/// Where addresses come from.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of a host name.
    fn lookup(&self, name: &str) -> LookedUp;
}

/// The system's resolver.
pub struct SystemLookup {
    permits: Arc<Semaphore>,
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> LookedUp {
        let permits = Arc::clone(&self.permits);
        let name = name.to_owned();
        Box::pin(async move {
            // Waited for in the task and not in a thread: the threads are what is short.
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            let look = move || {
                let addresses = (name.as_str(), 0).to_socket_addrs().map(|all| all.map(|one| one.ip()).collect());
                // By the thread and not by who waits: a caller that gave up has not freed the thread.
                drop(permit);
                addresses
            };
            tokio::task::spawn_blocking(look).await.map_err(io::Error::other)?
        })
    }
}

/// Why a name gave no address to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error("the host name leads to an address that no webhook may be sent to")]
    Refused,
    #[error("the host name has no address")]
    Empty,
    #[error("the host name could not be resolved")]
    Failed(#[source] io::Error),
}

/// The resolver to build an HTTP client with.
pub struct GuardedResolver {
    lookup: Arc<dyn Lookup>,
    allow_private: bool,
}

impl GuardedResolver {
    /// Refuses what is not public, or lets private addresses pass too.
    #[must_use]
    pub fn new(lookup: Arc<dyn Lookup>, allow_private: bool) -> Self {
        Self { lookup, allow_private }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        // Looked up by whoever connects: a look-up of our own before would be a second answer, and the two could
        // differ.
        let looked_up = self.lookup.lookup(name.as_str());
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = looked_up.await.map_err(ResolveError::Failed)?;
            let addresses = checked(found, allow_private)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The port is the URL's: 0 leaves it to the client.
fn checked(found: Vec<IpAddr>, allow_private: bool) -> Result<Vec<SocketAddr>, ResolveError> {
    if found.is_empty() {
        return Err(ResolveError::Empty);
    }
    let allowed = |ip: &IpAddr| match reach(*ip) {
        Reach::Public => true,
        Reach::Private => allow_private,
        Reach::Never => false,
    };
    // All of them: the client tries one after the other, and the private one might answer first.
    if found.iter().all(allowed) {
        Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
    } else {
        Err(ResolveError::Refused)
    }
}
