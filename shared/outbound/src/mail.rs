//! Sends one mail by SMTP, or files it where no mail server is configured. A filed mail is never called delivered.
//!
//! One attempt within one deadline. Whether and when to try again is the caller's business: [`MailResult`] says whether
//! that makes sense.

mod answers;
mod content_sent;
mod filed;
mod invitation;
mod message;
mod outgoing;
mod refusal;
mod result;
mod return_path;
mod server;
mod smtp;

use std::{io, path::Path, time::Duration};

use lettre::{Address, address::Envelope, message::Mailbox};
use ripen_domain::link::LinkKeys;

use crate::trust::Trust;

pub use self::{
    content_sent::ContentSent,
    invitation::Invitation,
    outgoing::{Mail, Party},
    refusal::is_of_sender_in_report,
    result::{DeadCause, MailResult},
    return_path::{InvalidReturnPath, check_return_path},
    server::InvalidMailUrl,
};
use self::{filed::Folder, return_path::ReturnPath, server::Server, smtp::Smtp};

/// Why mail cannot be sent with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The server's address.
    #[error("mail.url {0}")]
    Url(#[from] InvalidMailUrl),
    /// The sender's address.
    #[error("mail.from must look like name@example.com or Name <name@example.com>")]
    From,
    /// Where mail comes back to.
    #[error("mail.return_path {0}")]
    ReturnPath(#[from] InvalidReturnPath),
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
    /// Where deliveries come back to; the sender where none.
    return_path: Option<ReturnPath>,
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
        Ok(Self { from, way, return_path: None })
    }

    /// Has what comes back name its delivery: in `template`, such as `bounces+{token}@example.com`, each mail of a delivery puts its
    /// own token, signed with these keys. With an empty template mail comes back to the sender.
    ///
    /// # Errors
    /// The template is no address with `{token}` before the @, or its tokens would make that part too long.
    pub fn with_return_path(self, template: &str, keys: LinkKeys) -> Result<Self, MailerError> {
        Ok(Self { return_path: ReturnPath::parse(template, keys)?, ..self })
    }

    /// With so many conversations at once, at least one; others wait for theirs.
    #[must_use]
    pub fn with_conversations(self, most: usize) -> Self {
        let way = match self.way {
            MailTransport::Smtp(smtp) => MailTransport::Smtp(smtp.with_conversations(most)),
            files @ MailTransport::Files(_) => files,
        };
        Self { way, ..self }
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

    /// Makes one attempt. Waits for a conversation, and ends within the deadline from then on whatever the server does.
    pub async fn send(&self, mail: &Mail<'_>) -> MailResult {
        self.send_telling(mail, &ContentSent::default()).await
    }

    /// The same, and tells meanwhile whether the server may have the mail: whoever breaks it off has to know.
    pub async fn send_telling(&self, mail: &Mail<'_>, content: &ContentSent) -> MailResult {
        // What cannot be put together will not be next time either.
        let message = match message::compose(&self.from, mail) {
            Ok(message) => message,
            Err(error) => return MailResult::impossible(error.to_string()),
        };
        match &self.way {
            MailTransport::Smtp(smtp) => {
                let envelope = self.envelope(message.envelope(), mail);
                smtp.send(&envelope, (&message.formatted(), content), mail.deadline).await
            }
            MailTransport::Files(folder) => folder.keep(mail.message_id, message.formatted()).await,
        }
    }

    /// With the return path of the mail's delivery, where it has one. The header keeps the sender that people see.
    fn envelope(&self, plain: &Envelope, mail: &Mail<'_>) -> Envelope {
        let own = self.return_path.as_ref().zip(mail.delivery);
        let own: Option<Address> = own.and_then(|(path, delivery)| path.of(delivery, mail.date));
        let made = own.and_then(|from| Envelope::new(Some(from), plain.to().to_vec()).ok());
        made.unwrap_or_else(|| plain.clone())
    }
}
