//! A small HTTP/1.1 client over one kept connection: it shares the cores with what is measured, so it does little.
//! The floors are posted to with the same client.

use std::{io::Write as _, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A whole answer.
pub struct Answer {
    /// Its status.
    pub status: u16,
    head: String,
    /// Its body, as text.
    pub body: String,
}

impl Answer {
    /// A header of it, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// One kept connection.
pub struct Connection {
    stream: TcpStream,
    out: Vec<u8>,
    input: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("it takes connections");
        stream.set_nodelay(true).expect("a socket of ours");
        Self { stream, out: Vec::with_capacity(2048), input: Vec::with_capacity(4096) }
    }

    /// Posts a body and waits for the whole answer; gives its status. `head` is everything up to the number of the
    /// content length.
    pub async fn post(&mut self, head: &str, body: &[u8]) -> u16 {
        self.out.clear();
        write!(self.out, "{head}{}\r\n\r\n", body.len()).expect("memory");
        self.out.extend_from_slice(body);
        self.exchange().await.0
    }

    /// The body of what is at `path`, as text.
    pub async fn get(&mut self, path: &str) -> String {
        self.out.clear();
        write!(self.out, "GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").expect("memory");
        let (status, start, end) = self.exchange().await;
        assert_eq!(status, 200, "GET {path}");
        String::from_utf8_lossy(&self.input[start..end]).into_owned()
    }

    /// Sends a whole request and waits for the whole answer, which has a content length.
    pub async fn send(&mut self, request: &str) -> Answer {
        self.out.clear();
        self.out.extend_from_slice(request.as_bytes());
        let (status, start, end) = self.exchange().await;
        let text = |range| String::from_utf8_lossy(&self.input[range]).into_owned();
        Answer { status, head: text(0..start), body: text(start..end) }
    }

    /// Sends and gives the status of the answer, and where its body begins and ends.
    async fn exchange(&mut self) -> (u16, usize, usize) {
        self.stream.write_all(&self.out).await.expect("the connection holds");
        self.input.clear();
        let mut head = None;
        loop {
            let read = self.stream.read_buf(&mut self.input).await.expect("the connection holds");
            assert!(read > 0, "the connection was closed before the answer was whole");
            head = head.or_else(|| head_of(&self.input));
            if let Some((status, start, length)) = head
                && self.input.len() >= start + length
            {
                return (status, start, start + length);
            }
        }
    }
}

/// Status, length of the head, and length of the body, once the head is whole.
fn head_of(input: &[u8]) -> Option<(u16, usize, usize)> {
    let end = input.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&input[..end]).expect("a head is ASCII");
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("an answer begins with its status");
    Some((status, end + 4, content_length(head)))
}

/// What a head says of the length of its body; nothing where it does not say.
pub fn content_length(head: &str) -> usize {
    let values = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = values.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().map_or(0, |(_, value)| value.trim().parse().expect("a content length is a number"))
}
