//! Sends one mail by SMTP, or files it where no mail server is configured. A filed mail is never called delivered.
//!
//! One attempt within one deadline. Whether and when to try again is the caller's business: [`MailResult`] says whether
//! that makes sense.

mod filed;
mod invitation;
mod message;
mod server;
mod smtp;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use lettre::message::Mailbox;

use crate::trust::Trust;

use self::{filed::Folder, server::Server, smtp::Smtp};
pub use self::{invitation::Invitation, server::InvalidMailUrl};

/// Somebody with an address. The name may hold anything; it is made safe for a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Party<'a> {
    /// The name shown.
    pub name: Option<&'a str>,
    /// The e-mail address.
    pub address: &'a str,
}

/// One mail to one recipient.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Who gets it.
    pub to: Party<'a>,
    /// Who gets the answer to it, if that is not the sender.
    pub reply_to: Option<Party<'a>>,
    /// The subject: may hold anything, is made one line.
    pub subject: &'a str,
    /// The body as plain text.
    pub text: &'a str,
    /// The body as HTML.
    pub html: &'a str,
    /// The appointment it is about, to be put into the recipient's calendar.
    pub invitation: Option<&'a Invitation>,
    /// What makes the mail unique over all attempts: the delivery's id. Becomes `<id@domain of the sender>`.
    pub message_id: &'a str,
    /// What the mail belongs to, such as the client's slug. Becomes `List-Id: <slug.domain of the sender>`.
    pub list_id: &'a str,
    /// The `Date` header.
    pub date: Timestamp,
    /// From here to the server's last word.
    pub deadline: Duration,
}

/// What came of a mail. The texts repeat no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailResult {
    /// The mail server has taken it.
    Delivered {
        /// Its reply.
        reply: String,
    },
    /// Written to a file: there is no mail server to take it.
    Filed {
        /// The file.
        path: PathBuf,
    },
    /// Not now: 4xx, no connection, no answer in time, or a login that was refused.
    Later {
        /// The server's code, if it said one.
        code: Option<u16>,
        /// What happened.
        text: String,
    },
    /// Never: 5xx to this mail, or an address that is none.
    Dead {
        /// The server's code, if it said one.
        code: Option<u16>,
        /// What happened.
        text: String,
    },
}

/// Why mail cannot be sent with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The server's address.
    #[error("mail.url {0}")]
    Url(#[from] InvalidMailUrl),
    /// The sender's address.
    #[error("mail.from must look like name@example.com or Name <name@example.com>")]
    From,
    /// The TLS library refuses the server's name.
    #[error("TLS could not be set up for the mail server")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// The folder for mails cannot be made.
    #[error("the folder for mails cannot be made")]
    Folder(#[source] io::Error),
}

enum MailTransport {
    Smtp(Smtp),
    Files(Folder),
}

/// Sends mail. Keeps connections open between mails.
pub struct Mailer {
    from: Mailbox,
    way: MailTransport,
}

impl Mailer {
    /// Makes a mailer for the server at `url`. Where that is empty, mails are written to `mail/` in `data_dir`.
    ///
    /// `smtp://host` uses TLS where the server offers it, and requires it if the URL holds a password;
    /// `?tls=required|opportunistic|none` says otherwise. `smtps://host` begins with TLS. Ports default to 25, 587 with
    /// required TLS, and 465. Certificates are checked against `trust`.
    ///
    /// # Errors
    /// The URL or the sender is not usable, or the folder cannot be made.
    pub fn new(url: &str, from: &str, data_dir: &Path, trust: &Trust) -> Result<Self, MailerError> {
        // Read at the start: a sender that cannot be parsed would otherwise fail with every mail.
        let from: Mailbox = from.parse().map_err(|_| MailerError::From)?;
        let way = match Server::parse(url)? {
            Some(server) => {
                MailTransport::Smtp(Smtp::new(server, from.email.domain(), trust).map_err(MailerError::Tls)?)
            }
            None => MailTransport::Files(Folder::make(data_dir.join("mail")).map_err(MailerError::Folder)?),
        };
        Ok(Self { from, way })
    }

    /// Whether mails go to a server rather than to files.
    #[must_use]
    pub const fn has_server(&self) -> bool {
        matches!(self.way, MailTransport::Smtp(_))
    }

    /// Connects, logs in and asks the server for a sign of life. For `ripen doctor`; says so where mails are filed.
    pub async fn check(&self, deadline: Duration) -> MailResult {
        match &self.way {
            MailTransport::Smtp(smtp) => smtp.check(deadline).await,
            MailTransport::Files(folder) => MailResult::Filed { path: folder.path().to_owned() },
        }
    }

    /// Makes one attempt. Ends within the deadline whatever the server does.
    pub async fn send(&self, mail: &Mail<'_>) -> MailResult {
        // What cannot be put together will not be next time either.
        let message = match message::compose(&self.from, mail) {
            Ok(message) => message,
            Err(error) => return MailResult::Dead { code: None, text: error.to_string() },
        };
        match &self.way {
            MailTransport::Smtp(smtp) => smtp.send(message.envelope(), &message.formatted(), mail.deadline).await,
            MailTransport::Files(folder) => folder.keep(mail.message_id, message.formatted()).await,
        }
    }
}
