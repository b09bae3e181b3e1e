//! A webhook receiver that does next to nothing: it notes when which lead arrived and answers 204.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{client::content_length, lead, stamps::Stamps};

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// A receiver that lives as long as this value.
pub struct Receiver {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts one on a free port.
    pub async fn start(stamps: Arc<Stamps>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&stamps)));
            }
        });
        Self { address, server }
    }

    /// What Ripen is to post to.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut stream: TcpStream, stamps: Arc<Stamps>) {
    stream.set_nodelay(true).expect("a socket of ours");
    let mut input = Vec::with_capacity(8192);
    while let Ok(1..) = stream.read_buf(&mut input).await {
        while let Some((start, end)) = whole(&input) {
            let number = lead::number_in(&input[start..end]).expect("a webhook names its lead");
            stamps.arrived(number);
            input.drain(..end);
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
    }
}

/// Where the body of a request that is wholly here begins and ends.
fn whole(input: &[u8]) -> Option<(usize, usize)> {
    let head = input.windows(4).position(|four| four == b"\r\n\r\n")?;
    let length = content_length(std::str::from_utf8(&input[..head]).expect("a head is ASCII"));
    (input.len() >= head + 4 + length).then_some((head + 4, head + 4 + length))
}
