//! A text that is no usable phone number, and why.

/// Why a text is no usable phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    /// Nothing but white space and characters that nobody sees.
    #[error("is empty")]
    Empty,
    /// Holds no number at all, letters among its digits, or far too long a text.
    #[error("is not a phone number; write it with its country code, such as +1 415 555 0100")]
    NotANumber,
    /// Has too few or too many digits for its country.
    #[error("has too few or too many digits for its country; write it with its country code, such as +1 415 555 0100")]
    Length,
    /// It may be a number without the zero before it, or one without the plus.
    #[error("can be read as two numbers; write it with a plus and its country code, such as +1 415 555 0100")]
    TwoReadings,
    /// A spreadsheet rounded it.
    #[error("was rounded by a spreadsheet and has lost digits; format its column as text")]
    Rounded,
    /// Masked or made up.
    #[error("is nobody's: it is masked or made up")]
    MadeUp,
}
