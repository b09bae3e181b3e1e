//! The ways a call can go, in the order in which the desk has them, each with its key. What one does is said by `after`.

use ripen_domain::touch::Disposition;

/// A way a call can go, with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DispositionKey {
    /// The digit.
    pub key: &'static str,
    /// Which.
    pub disposition: Disposition,
    /// In words.
    pub words: &'static str,
}

/// The digits: the first eight in the order in which the desk has them, then what happens seldom.
pub const DISPOSITIONS: [DispositionKey; 10] = [
    key("1", Disposition::Answered, "Answered"),
    key("2", Disposition::NoAnswer, "No answer"),
    key("3", Disposition::Voicemail, "Voicemail"),
    key("4", Disposition::CallBack, "Call back…"),
    key("5", Disposition::WrongNumber, "Wrong number"),
    key("6", Disposition::ReachedOther, "Reached other"),
    key("7", Disposition::NotInterested, "Not interested"),
    key("8", Disposition::DoNotContact, "Do not contact"),
    key("9", Disposition::NeverEnquired, "Never enquired"),
    key("0", Disposition::NumberDead, "Number dead"),
];

const fn key(key: &'static str, disposition: Disposition, words: &'static str) -> DispositionKey {
    DispositionKey { key, disposition, words }
}

impl DispositionKey {
    /// It happens seldom.
    pub const fn is_rare(&self) -> bool {
        matches!(self.disposition, Disposition::NeverEnquired | Disposition::NumberDead)
    }

    /// It is this one.
    pub fn is(&self, chosen: &Option<Disposition>) -> bool {
        *chosen == Some(self.disposition)
    }
}
