//! A mail server for tests: speaks SMTP on loopback, keeps every mail, and refuses or fails when it is told to.
//!
//! It knows what a client may send: EHLO, HELO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA, RSET, NOOP, QUIT, one at a time or
//! pipelined. It delivers nothing anywhere.

mod conversation;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinHandle};

use crate::{wait, wire::Identity};

/// A step of the conversation, for [`Reply::Say`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailStep {
    /// Before anything was said.
    Greeting,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// After the whole mail.
    Content,
}

/// How the server takes mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reply {
    /// Keeps it.
    #[default]
    Accept,
    /// 450 to the recipient: try again later.
    Later,
    /// 550 to the recipient: never.
    Dead,
    /// Closes the connection when the whole mail was sent, before it says whether it has it.
    Drop,
    /// Takes a new connection and never says a word; on an open one takes the whole mail and never says whether it has it.
    Hang,
    /// 535 to a login; everything else is taken.
    RefuseLogin,
    /// These words, which begin with a code, at this step; everything before it is taken.
    Say(MailStep, &'static str),
    /// Keeps a mail at once and says so after this long.
    Slow(Duration),
}

/// One mail as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Whether it came by TLS.
    pub secured: bool,
    /// Headers and body, with the dots that SMTP adds taken away again. Lines end in CRLF.
    pub data: String,
}

impl ReceivedMail {
    /// The value of a header, unfolded; empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let head = self.data.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    }
}

#[derive(Default)]
struct Book {
    reply: Reply,
    refused: BTreeMap<String, &'static str>,
    connections: usize,
    mails: Vec<ReceivedMail>,
}

/// How a mail server secures its connections.
#[derive(Clone, Default)]
pub enum Tls {
    /// Not at all.
    #[default]
    None,
    /// When it is asked to, by STARTTLS.
    Offered(Identity),
    /// From the first byte.
    Implicit(Identity),
}

/// A mail server that lives as long as this value.
pub struct Mailbox {
    address: SocketAddr,
    tls: Tls,
    book: Arc<Mutex<Book>>,
    server: JoinHandle<()>,
}

impl Mailbox {
    /// Starts one on a free port that keeps everything.
    pub async fn start() -> Self {
        Self::start_with(Tls::None).await
    }

    /// Starts one that secures its connections like this.
    pub async fn start_with(tls: Tls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Mutex::new(Book::default()));
        let (shared, secured) = (Arc::clone(&book), tls.clone());
        let server = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                lock(&shared).connections += 1;
                tokio::spawn(conversation::hold(stream, secured.clone(), Arc::clone(&shared)));
            }
        });
        Self { address, tls, book, server }
    }

    /// The address for the configuration.
    #[must_use]
    pub fn url(&self) -> String {
        match self.tls {
            Tls::None => format!("smtp://{}?tls=none", self.address),
            Tls::Offered(_) => format!("smtp://{}?tls=required", self.address),
            Tls::Implicit(_) => format!("smtps://{}", self.address),
        }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes mail like this from now on.
    pub fn set(&self, reply: Reply) {
        lock(&self.book).reply = reply;
    }

    /// Answers this recipient with these words, which begin with a code, whatever else is said.
    pub fn refuse(&self, address: &str, words: &'static str) {
        lock(&self.book).refused.insert(address.to_owned(), words);
    }

    /// Every mail kept so far.
    #[must_use]
    pub fn received(&self) -> Vec<ReceivedMail> {
        lock(&self.book).mails.clone()
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.book).connections
    }

    /// Waits until `count` mails came and gives every mail.
    ///
    /// # Panics
    /// When they do not come within `limit`.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Vec<ReceivedMail> {
        wait::until(&format!("{count} mails"), limit, || async {
            let mails = self.received();
            (mails.len() >= count).then_some(mails)
        })
        .await
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
