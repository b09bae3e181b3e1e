//! Mail and in whose name it goes: read by the dispatcher, which sends it, and by the desk, whose pages name the firm too.

use serde::{Deserialize, Serialize};

use super::SecretUrl;

/// `[mail]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// `smtp://…` or `smtps://…`; empty: `.eml` files under the data folder.
    pub url: SecretUrl,
    /// The sender.
    pub from: String,
    /// Where the firm is told of endpoints that fail and of leads that nobody touched; empty: it is not.
    pub alerts: String,
    /// Where mail of deliveries comes back to, each to an address of its own: `bounces+{token}@example.com`; empty: to the sender.
    pub return_path: String,
    /// Where answers to mails go, and where somebody asks to get no more of them; empty: to the sender.
    pub reply_to: String,
    /// How many mails this process hands to the mail server at once, beside `dispatcher.workers`.
    pub conversations: usize,
    /// How long the server may take for one mail, from the beginning of its conversation: seconds.
    pub timeout_s: u64,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            url: SecretUrl::default(),
            from: "Ripen <ripen@localhost>".to_owned(),
            alerts: String::new(),
            return_path: String::new(),
            reply_to: String::new(),
            // Mail servers refuse those that open many.
            conversations: 8,
            // Servers that look through a mail before they take it need a minute, and a mail that is given up then comes twice.
            timeout_s: 120,
        }
    }
}

/// `[firm]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FirmSettings {
    /// What the firm is called in mails and on signed pages; empty: they name the client alone.
    pub name: String,
}
