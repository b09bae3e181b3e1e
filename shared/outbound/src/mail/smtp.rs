//! Hands mails to one SMTP server over connections that are kept open between mails.
//!
//! The connections are kept here and not in lettre's own pool: that one takes back a connection whose conversation was
//! given up half-way, at a deadline, and the next mail would then be sent into the middle of the last one. Here a
//! connection is kept only after the server's last word on a mail.
//!
//! A mail's time begins with its conversation: those that wait for one would otherwise be given up in the middle of theirs, after
//! the server took them, and be sent again.

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
        commands::{Data, Mail as MailFrom, Rcpt, Starttls},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
        response::Response,
    },
};
use ripen_domain::delivery::MailStage;
use tokio::{
    sync::Semaphore,
    time::{timeout, timeout_at},
};

use super::{
    answers::Answers,
    content_sent::ContentSent,
    refusal::{Refused, judge},
    result::MailResult,
    server::{Security, Server},
};
use crate::{plain, trust::Trust};

/// Conversations at once where nobody says otherwise; mail servers refuse those that open many.
const CONVERSATIONS: usize = 8;
/// To connect, greet, secure and log in: nothing was said of the mail until then, so that it can be given up soon.
const OPENING: Duration = Duration::from_secs(20);
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
    /// As many connections are kept as there are conversations.
    most: usize,
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
        let smtp = Self { server, hello, tls, conversations: Semaphore::new(0), most: 0, kept: Mutex::default() };
        Ok(smtp.with_conversations(CONVERSATIONS))
    }

    /// So many conversations at once, at least one.
    pub(super) fn with_conversations(self, most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self { conversations: Semaphore::new(most), most, ..self }
    }

    pub(super) async fn send(
        &self,
        envelope: &Envelope,
        mail: (&[u8], &ContentSent),
        deadline: Duration,
    ) -> MailResult {
        // Taken before a connection: the bound is on what the server sees.
        let Ok(_permit) = self.conversations.acquire().await else { return late() };
        let begun = tokio::time::Instant::now();
        let connection = match timeout(deadline.min(OPENING), self.connected()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return failed(MailStage::Opening, &error),
            Err(_) => return unanswered(),
        };
        // Over all that follows: a server that answers every step just in time must not hold the place for ever.
        timeout_at(begun + deadline, self.converse(connection, envelope, mail)).await.unwrap_or_else(|_| late())
    }

    pub(super) async fn check(&self, deadline: Duration) -> MailResult {
        match timeout(deadline, self.open()).await {
            Err(_) => unanswered(),
            Ok(Err(error)) => failed(MailStage::Opening, &error),
            Ok(Ok(connection)) => {
                // Kept: the first mail after a check finds it.
                self.keep(connection);
                MailResult::Delivered { reply: "the mail server is ready".to_owned() }
            }
        }
    }

    /// A connection that is ready for a mail. Whatever the server says until then is not about the mail.
    async fn connected(&self) -> Result<AsyncSmtpConnection, Error> {
        match self.kept_alive().await {
            Some(connection) => Ok(connection),
            None => self.open().await,
        }
    }

    async fn converse(
        &self,
        mut connection: AsyncSmtpConnection,
        envelope: &Envelope,
        mail: (&[u8], &ContentSent),
    ) -> MailResult {
        match hand_over(&mut connection, envelope, mail).await {
            Ok(response) => {
                // Only after the server's last word: in the middle of a conversation the next mail would be part of
                // this one.
                self.keep(connection);
                let reply = format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" "));
                MailResult::Delivered { reply: plain::without_addresses(&reply, REPLY_LIMIT) }
            }
            // The connection is closed by its drop: the server is in the middle of a mail that is given up.
            Err(Broken::Server(step, error)) => failed(step, &error),
            // Another try would find the same server.
            Err(Broken::Unable(why)) => MailResult::impossible(why.to_owned()),
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.server.host.as_str(), self.server.port);
        let implicit = if self.server.security == Security::Implicit { self.tls.clone() } else { None };
        let answers = Answers::connect(server, CONNECT, implicit).await?;
        let connect = || AsyncSmtpConnection::connect_with_transport(Box::new(answers.clone()), &self.hello);
        let mut connection = connect().await?;
        let upgrade = match self.server.security {
            Security::Implicit | Security::Plain => false,
            Security::Required => true,
            Security::Opportunistic => connection.can_starttls(),
        };
        if let Some(tls) = self.tls.clone().filter(|_| upgrade) {
            // On the encrypted connection from here on: what was said before may have been somebody else's.
            if connection.can_starttls() {
                connection.command(Starttls).await?;
                answers.secure(tls).await?;
                connection = connect().await?;
            } else {
                // Says that the server has none.
                connection.starttls(tls, &self.hello).await?;
            }
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
        if kept.len() < self.most {
            kept.push(Kept { connection, since: Instant::now() });
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        // A list of connections cannot be left half-changed by a panic elsewhere.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a mail was not handed over.
enum Broken {
    /// The server refused or failed at this step.
    Server(MailStage, Error),
    /// The server cannot take such a mail.
    Unable(&'static str),
}

/// Hands one mail over, step by step: what a refusal means depends on where it comes.
async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    (message, content): (&[u8], &ContentSent),
) -> Result<Response, Broken> {
    let offers = |extension| connection.server_info().supports_feature(extension);
    let mut options = Vec::new();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    if !addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii()) {
        if !offers(Extension::SmtpUtfEight) {
            return Err(Broken::Unable("the mail server takes no address beyond ASCII (SMTPUTF8)"));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !message.is_ascii() {
        if !offers(Extension::EightBitMime) {
            return Err(Broken::Unable("the mail server takes no mail beyond ASCII (8BITMIME)"));
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let at = |step| move |error| Broken::Server(step, error);
    let from = MailFrom::new(envelope.from().cloned(), options);
    connection.command(from).await.map_err(at(MailStage::Sender))?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(at(MailStage::Recipient))?;
    }
    connection.command(Data).await.map_err(at(MailStage::Content))?;
    content.begins();
    connection.message(message).await.map_err(at(MailStage::Content))
}

/// What a failure at a step comes to.
fn failed(step: MailStage, error: &Error) -> MailResult {
    let (code, text) = (code(error), told(error));
    let Some(reply) = code.filter(|_| error.is_permanent()) else {
        return match step {
            // Until it has heard of a recipient it would say so of any mail: nothing was said of this one.
            MailStage::Opening | MailStage::Sender => MailResult::Unreachable { code, text },
            // The server is there, and says so of this mail.
            MailStage::Recipient | MailStage::Content if is_unreadable(error) => MailResult::Unreadable { text },
            _ => MailResult::Later { code, text },
        };
    };
    // On the server's own words: what is told has no addresses any more, and may be cut.
    match judge(step, reply, &in_full(error)) {
        Refused::Sender => MailResult::SenderRefused { code: Some(reply), text, stage: step, of_one: false },
        Refused::SenderOrRecipient => MailResult::SenderRefused { code: Some(reply), text, stage: step, of_one: true },
        Refused::One(cause) => MailResult::Dead { code: Some(reply), text, stage: step, cause },
    }
}

const UNANSWERED: &str = "the mail server did not answer in time";

/// Not even that it is there.
fn unanswered() -> MailResult {
    MailResult::Unreachable { code: None, text: UNANSWERED.to_owned() }
}

/// Not what it thinks of this mail.
fn late() -> MailResult {
    MailResult::Later { code: None, text: UNANSWERED.to_owned() }
}

fn code(error: &Error) -> Option<u16> {
    error.status().map(u16::from)
}

/// The server's words without the library's.
fn in_full(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Whether something came that is no answer; not where nothing more came.
fn is_unreadable(error: &Error) -> bool {
    error.is_response() && in_full(error) != HUNG_UP
}

/// As lettre says that the server hung up.
const HUNG_UP: &str = "incomplete response";

fn told(error: &Error) -> String {
    let words = in_full(error);
    let text = if words == HUNG_UP {
        "the mail server hung up".to_owned()
    } else if is_unreadable(error) {
        // The parser's words end with what it met.
        let met = words.split_once(" at: ").map_or("", |(_, met)| met.trim());
        let met = if met.is_empty() { String::new() } else { format!(": {met}") };
        format!("the mail server's answer cannot be read{met}")
    } else {
        error.to_string()
    };
    // Servers repeat the address they refuse; texts are kept and logged.
    plain::without_addresses(&text, REPLY_LIMIT)
}
