//! Hands mails to one SMTP server over connections that are kept open between mails.
//!
//! The connections are kept here and not in lettre's own pool: that one takes back a connection whose conversation was
//! given up half-way, at a deadline, and the next mail would then be sent into the middle of the last one. Here a
//! connection is kept only after the server's last word on a mail.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use lettre::{
    address::Envelope,
    transport::smtp::{
        Error,
        authentication::Mechanism,
        client::{AsyncSmtpConnection, CertificateStore, TlsParameters, TlsParametersBuilder},
        extension::ClientId,
    },
};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    MailResult,
    server::{Security, Server},
};
use crate::{plain, trust::Trust};

/// Conversations at once; mail servers refuse those that open many.
const CONVERSATIONS: usize = 8;
/// How long an unused connection is kept; servers hang up after minutes.
const IDLE: Duration = Duration::from_secs(30);
/// To connect; within the mail's deadline.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest reply kept, in characters.
const REPLY_LIMIT: usize = 300;

struct Kept {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// One server.
pub(super) struct Smtp {
    server: Server,
    hello: ClientId,
    tls: Option<TlsParameters>,
    conversations: Semaphore,
    kept: Mutex<Vec<Kept>>,
}

impl Smtp {
    /// `domain` is what it calls itself in EHLO.
    pub(super) fn new(server: Server, domain: &str, trust: &Trust) -> Result<Self, Error> {
        let tls = match server.security {
            Security::Plain => None,
            Security::Implicit | Security::Required | Security::Opportunistic => {
                let builder = TlsParameters::builder(server.host.clone());
                let builder = builder.certificate_store(CertificateStore::WebpkiRoots);
                // Beside Mozilla's and not instead: the mail server and the endpoints of clients are checked by the
                // same list.
                let builder = trust.own().into_iter().fold(builder, TlsParametersBuilder::add_root_certificate);
                Some(builder.build_rustls()?)
            }
        };
        let hello = ClientId::Domain(domain.to_owned());
        Ok(Self { server, hello, tls, conversations: Semaphore::new(CONVERSATIONS), kept: Mutex::default() })
    }

    pub(super) async fn send(&self, envelope: &Envelope, message: &[u8], deadline: Duration) -> MailResult {
        // Over everything: a server that answers every step just in time must not hold the lease of the delivery.
        timeout(deadline, self.converse(envelope, message)).await.unwrap_or_else(|_| late())
    }

    pub(super) async fn check(&self, deadline: Duration) -> MailResult {
        match timeout(deadline, self.open()).await {
            Err(_) => late(),
            Ok(Err(error)) => later(&error),
            Ok(Ok(connection)) => {
                // Kept: the first mail after a check finds it.
                self.keep(connection);
                MailResult::Delivered { reply: "the mail server is ready".to_owned() }
            }
        }
    }

    async fn converse(&self, envelope: &Envelope, message: &[u8]) -> MailResult {
        // Taken before a connection: the bound is on what the server sees.
        let Ok(_permit) = self.conversations.acquire().await else { return late() };
        let mut connection = match self.kept_alive().await {
            Some(connection) => connection,
            // Whatever the server says before it has heard of the mail is not about the mail: try again later.
            None => match self.open().await {
                Ok(connection) => connection,
                Err(error) => return later(&error),
            },
        };
        match connection.send(envelope, message).await {
            Ok(response) => {
                // Only after the server's last word: in the middle of a conversation the next mail would be part of
                // this one.
                self.keep(connection);
                let reply = format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" "));
                MailResult::Delivered { reply: plain::without_addresses(&reply, REPLY_LIMIT) }
            }
            // Ours to say: the server cannot take such a mail, ever (an address beyond ASCII without SMTPUTF8).
            Err(error) if error.is_permanent() || error.is_client() => {
                // The mail itself was refused: another try would be refused as well.
                MailResult::Dead { code: code(&error), text: told(&error) }
            }
            Err(error) => later(&error),
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.server.host.as_str(), self.server.port);
        let implicit = if self.server.security == Security::Implicit { self.tls.clone() } else { None };
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT), &self.hello, implicit, None).await?;
        let upgrade = match self.server.security {
            Security::Implicit | Security::Plain => false,
            Security::Required => true,
            Security::Opportunistic => connection.can_starttls(),
        };
        if let Some(tls) = self.tls.clone().filter(|_| upgrade) {
            // On the encrypted connection from here on: what was said before may have been somebody else's.
            connection.starttls(tls, &self.hello).await?;
        }
        if let Some(login) = &self.server.login {
            // PLAIN first, which every server has; over a connection that the login has secured.
            connection.auth(&[Mechanism::Plain, Mechanism::Login], login).await?;
        }
        Ok(connection)
    }

    /// A kept connection on which the server still answers. What is taken and not kept again is closed by its drop.
    async fn kept_alive(&self) -> Option<AsyncSmtpConnection> {
        loop {
            // The last one kept is the one that the server has heard of most recently.
            let Kept { mut connection, since } = self.kept().pop()?;
            if since.elapsed() < IDLE && connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        if connection.has_broken() {
            return;
        }
        let mut kept = self.kept();
        // Servers hang up on what is idle: a connection kept for longer would only be found dead by the next mail.
        kept.retain(|one| one.since.elapsed() < IDLE);
        if kept.len() < CONVERSATIONS {
            kept.push(Kept { connection, since: Instant::now() });
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        // A list of connections cannot be left half-changed by a panic elsewhere.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn late() -> MailResult {
    MailResult::Later { code: None, text: "the mail server did not answer in time".to_owned() }
}

fn later(error: &Error) -> MailResult {
    MailResult::Later { code: code(error), text: told(error) }
}

fn code(error: &Error) -> Option<u16> {
    error.status().map(u16::from)
}

fn told(error: &Error) -> String {
    // Servers repeat the address they refuse; texts are kept and logged.
    plain::without_addresses(&error.to_string(), REPLY_LIMIT)
}
