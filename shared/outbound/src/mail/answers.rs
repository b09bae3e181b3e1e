//! A mail server's answers as they can be read: a line that is a code alone has no blank behind it (RFC 5321 §4.2 has clients take
//! it), and words may be in any set of characters. lettre reads neither: the first as no answer, the second as a broken connection.

#![allow(deprecated, reason = "lettre's stream is the one way to its TLS with a transport of one's own")]

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::io::{AsyncRead as ReadOfLettre, AsyncWrite as WriteOfLettre};
use lettre::transport::smtp::{
    Error,
    client::{AsyncNetworkStream, AsyncTokioStream, TlsParameters},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What stands for the greeting of a connection that was greeted before it became TLS.
const GREETED: &[u8] = b"220 secured\r\n";

/// A connection. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Answers(Arc<Mutex<Connected>>);

#[derive(Debug)]
struct Connected {
    /// None while it becomes TLS, and for ever where that fails.
    stream: Option<AsyncNetworkStream>,
    reading: AnswerReading,
}

/// What was read and is to be handed on.
#[derive(Debug)]
struct AnswerReading {
    ready: VecDeque<u8>,
    /// Digits since the line began; none where there was something else.
    digits: Option<usize>,
}

impl AnswerReading {
    const fn new() -> Self {
        Self { ready: VecDeque::new(), digits: Some(0) }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().copied() {
            if self.digits == Some(3) && matches!(byte, b'\r' | b'\n') {
                self.ready.push_back(b' ');
            }
            self.digits = match byte {
                b'\n' => Some(0),
                _ if byte.is_ascii_digit() => self.digits.map(|digits| digits.saturating_add(1)),
                _ => None,
            };
            self.ready.push_back(if byte.is_ascii() { byte } else { b'?' });
        }
    }
}

impl Answers {
    /// Connects, by TLS from the first byte where it is given.
    pub(super) async fn connect(
        server: (&str, u16),
        timeout: Duration,
        implicit: Option<TlsParameters>,
    ) -> Result<Self, Error> {
        let stream = AsyncNetworkStream::connect_tokio1(server, Some(timeout), implicit, None).await?;
        Ok(Self(Arc::new(Mutex::new(Connected { stream: Some(stream), reading: AnswerReading::new() }))))
    }

    /// Makes it TLS, once the server has said that it may. What was read before counts for nothing: it may have been somebody else's.
    pub(super) async fn secure(&self, tls: TlsParameters) -> Result<(), Error> {
        let taken = self.lock().stream.take();
        let Some(mut stream) = taken else { return Ok(()) };
        stream.upgrade_tls(tls).await?;
        let mut reading = AnswerReading::new();
        reading.take(GREETED);
        *self.lock() = Connected { stream: Some(stream), reading };
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Connected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncTokioStream for Answers {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.lock()
            .stream
            .as_ref()
            .map_or_else(|| Err(io::ErrorKind::NotConnected.into()), AsyncNetworkStream::peer_addr)
    }
}

impl AsyncRead for Answers {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut connected = self.lock();
        let Connected { stream, reading } = &mut *connected;
        while reading.ready.is_empty() {
            let Some(stream) = stream else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
            let mut chunk = [0; 1024];
            let count = ready!(ReadOfLettre::poll_read(Pin::new(stream), cx, &mut chunk))?;
            if count == 0 {
                return Poll::Ready(Ok(()));
            }
            reading.take(chunk.get(..count).unwrap_or_default());
        }
        let count = buf.remaining().min(reading.ready.len());
        let bytes: Vec<u8> = reading.ready.drain(..count).collect();
        buf.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl Answers {
    /// Does something with the stream below.
    fn with<T>(&self, poll: impl FnOnce(Pin<&mut AsyncNetworkStream>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut self.lock().stream {
            Some(stream) => poll(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for Answers {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| WriteOfLettre::poll_write(stream, cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| WriteOfLettre::poll_flush(stream, cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| WriteOfLettre::poll_close(stream, cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_alone_gets_its_blank_and_nothing_else_changes() {
        for (said, read) in [
            ("550\r\n", "550 \r\n"),
            ("250-one\r\n250\r\n", "250-one\r\n250 \r\n"),
            ("250 2.1.5 ok\r\n", "250 2.1.5 ok\r\n"),
            ("5500\r\n55\r\n", "5500\r\n55\r\n"),
            ("550 no 550\r\n", "550 no 550\r\n"),
        ] {
            // However it is cut on its way.
            for size in 1..=said.len() {
                let mut reading = AnswerReading::new();
                said.as_bytes().chunks(size).for_each(|bytes| reading.take(bytes));
                assert_eq!(String::from_utf8(reading.ready.into()).unwrap(), read);
            }
        }
        let mut reading = AnswerReading::new();
        reading.take(b"550 Empf\xe4nger unbekannt\r\n");
        assert_eq!(String::from_utf8(reading.ready.into()).unwrap(), "550 Empf?nger unbekannt\r\n");
    }
}
