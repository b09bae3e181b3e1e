//! A way to PostgreSQL that can be cut: nothing comes through any more, and neither end is told.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
};

/// A proxy before one address.
pub struct Proxy {
    address: String,
    open: Arc<watch::Sender<bool>>,
}

impl Proxy {
    /// Stands before this address, `host:port`.
    pub async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let open = Arc::new(watch::Sender::new(true));
        let (target, opened) = (target.to_owned(), Arc::clone(&open));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&target).await else { continue };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, opened.subscribe()));
                tokio::spawn(pass(from_server, to_client, opened.subscribe()));
            }
        });
        Self { address, open }
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
}

async fn pass(mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf, mut open: watch::Receiver<bool>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read) = from.read(&mut buffer).await else { return };
        // An end is held back like everything else.
        if open.wait_for(|open| *open).await.is_err() || read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
