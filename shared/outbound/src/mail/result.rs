//! What came of one attempt to send a mail, and whether another makes sense.

use std::path::PathBuf;

use ripen_domain::delivery::MailStage;

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
    /// The server was not there, or for nobody now: nothing was said of this mail or of who sends it.
    Unreachable {
        /// The server's code, if it said one.
        code: Option<u16>,
        /// What happened.
        text: String,
    },
    /// Not now: 4xx, a conversation that broke off, or no answer in time.
    Later {
        /// The server's code, if it said one.
        code: Option<u16>,
        /// What happened.
        text: String,
    },
    /// The server refuses the firm: its login, its account, its address, or to pass its mail on. Every other mail would be refused too.
    SenderRefused {
        /// The server's code, if it said one.
        code: Option<u16>,
        /// What happened.
        text: String,
        /// Where it said so.
        stage: MailStage,
        /// Whether it was said to one recipient or one mail, and may be about that alone.
        of_one: bool,
    },
    /// The server answered to the recipient or to the mail what is no answer: that is this mail's, as long as others are taken.
    Unreadable {
        /// What it said.
        text: String,
    },
    /// Never: 5xx to this mail, or an address that is none.
    Dead {
        /// The server's code, if it said one.
        code: Option<u16>,
        /// What happened.
        text: String,
        /// Where it said so; what the server never heard of is refused before it.
        stage: MailStage,
        /// For what.
        cause: DeadCause,
    },
}

/// What a mail was refused for that is refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadCause {
    /// There is no such address, or it takes nothing any more: that counts against it.
    Address,
    /// The mailbox takes this one not: it is full, or bars the sender.
    Mailbox,
    /// The mail: its size, its form, or what it has with it.
    Mail,
    /// By no code and no words that are known: perhaps for who sends it, or for what all mails say.
    Unexplained,
}

impl MailResult {
    /// It cannot be put together, or not for this server: another try would find the same.
    pub(super) fn impossible(text: String) -> Self {
        Self::Dead { code: None, text, stage: MailStage::Opening, cause: DeadCause::Mail }
    }
}
