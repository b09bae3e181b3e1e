//! Ways to reach a person, normalised so that the same address or number is the same text. `Debug` masks them.

mod dial_code;
mod email;
mod mention;
mod phone;
mod redaction;
mod spelling;

pub use dial_code::DialCode;
pub use email::{Email, InvalidEmail, bare_address};
pub use mention::mentioned;
pub use phone::{InvalidPhone, Phone, ReadPhone, extension_written, is_extension, is_no_extension};
pub use redaction::{WITHHELD, without};

/// One way to recognise a person within a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity {
    /// By e-mail address.
    Email(Email),
    /// By phone number; people behind one switchboard have an extension each.
    Phone(Phone),
}

impl Identity {
    /// By the mailbox of an address, whichever of its names was written.
    #[must_use]
    pub fn of_email(email: &Email) -> Self {
        Self::Email(email.mailbox())
    }

    /// The same way to the person under its other name: versions before kept what was written.
    #[must_use]
    pub fn twin(&self) -> Option<Self> {
        match self {
            Self::Email(email) => email.twin().map(Self::Email),
            Self::Phone(_) => None,
        }
    }

    /// An identity as the database keeps it, normalised already.
    #[must_use]
    pub fn stored(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "email" => Some(Self::Email(Email::stored(value))),
            "phone" => Some(Self::Phone(Phone::normalised(value))),
            _ => None,
        }
    }

    /// The word the database keeps: `email` or `phone`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Phone(_) => "phone",
        }
    }

    /// The normalised value.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Phone(phone) => phone.as_str(),
        }
    }
}
