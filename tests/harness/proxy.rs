//! A way to a server that can be cut: nothing comes through any more, and neither end is told. Before RabbitMQ it notes which
//! messages its client was given.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Instant,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};
use uuid::Uuid;

/// A message's id in the header that RabbitMQ sends before its body: a length, and the text of a UUID.
const ID: usize = 1 + uuid::fmt::Hyphenated::LENGTH;

/// A proxy before one address.
pub struct Proxy {
    address: String,
    open: Arc<watch::Sender<bool>>,
    given: Arc<Mutex<BTreeMap<Uuid, Instant>>>,
}

impl Proxy {
    /// Stands before this address, `host:port`.
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (open, given) = (Arc::new(watch::Sender::new(true)), Arc::<Mutex<BTreeMap<_, _>>>::default());
        let (target, opened, noted) = (target.to_owned(), Arc::clone(&open), Arc::clone(&given));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&target).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, opened.subscribe(), MessageIds::default()));
                let ids = MessageIds { seen: Arc::clone(&noted), tail: Vec::new() };
                tokio::spawn(pass(from_server, to_client, opened.subscribe(), ids));
            }
        });
        Self { address, open, given }
    }

    /// Where it listens, `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// From now on nothing comes through.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// What was held back comes through, and all that follows.
    pub fn mend(&self) {
        self.open.send_replace(true);
    }

    /// The messages that RabbitMQ gave to its clients, and when it did so first.
    pub fn given(&self) -> BTreeMap<Uuid, Instant> {
        self.given.lock().unwrap().clone()
    }
}

/// Looks for ids of messages in a stream of bytes.
#[derive(Default)]
struct MessageIds {
    seen: Arc<Mutex<BTreeMap<Uuid, Instant>>>,
    /// The end of what was looked at: an id may go on in what comes next.
    tail: Vec<u8>,
}

impl MessageIds {
    fn look(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let ids = self.tail.windows(ID).filter(|window| usize::from(window[0]) + 1 == ID);
        let ids = ids.filter_map(|window| Uuid::try_parse_ascii(&window[1..]).ok());
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap();
        for id in ids {
            seen.entry(id).or_insert(now);
        }
        drop(seen);
        self.tail.drain(..self.tail.len().saturating_sub(ID - 1));
    }
}

async fn pass(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    mut open: watch::Receiver<bool>,
    mut ids: MessageIds,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read) = from.read(&mut buffer).await else { return };
        ids.look(&buffer[..read]);
        // An end is held back like everything else.
        if open.wait_for(|open| *open).await.is_err() || read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
