//! Why an attempt brought no answer: a class for metrics and decisions, and a text that can be shown and logged.
//!
//! The texts come from the operating system, the TLS library and the HTTP parser. None repeats what was sent.

use std::{error::Error, fmt, io};

use crate::{guard::ResolveError, plain};

/// Longest detail kept, in characters.
const DETAIL_LIMIT: usize = 200;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendErrorKind {
    /// The address may not be sent to.
    Refused,
    /// The host name has no address.
    Resolve,
    /// No connection could be made.
    Connect,
    /// No secure connection could be made.
    Tls,
    /// No status within the deadline.
    Timeout,
    /// The endpoint closed the connection without a status.
    Closed,
    /// The answer is not HTTP, or its head is too large.
    Protocol,
    /// Nothing was sent: the call itself cannot be put into a request.
    Unsendable,
}

impl SendErrorKind {
    /// The word for metrics and the database.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::Unsendable => "unsendable",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Refused => "the address may not be sent to",
            Self::Resolve => "the host name could not be resolved",
            Self::Connect => "no connection could be made",
            Self::Tls => "no secure connection could be made",
            Self::Timeout => "no answer in time",
            Self::Closed => "the endpoint closed the connection without an answer",
            Self::Protocol => "the answer is not HTTP as it should be",
            Self::Unsendable => "the webhook could not be put into a request",
        }
    }
}

/// Why an attempt brought no answer. `Display` is safe to show, store and log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    kind: SendErrorKind,
    detail: String,
}

impl SendError {
    pub(super) fn new(kind: SendErrorKind, detail: String) -> Self {
        Self { kind, detail }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> SendErrorKind {
        self.kind
    }

    /// The word for metrics and the database.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        self.kind.class()
    }

    /// Finds the cause that tells most in the client's chain of errors.
    pub(super) fn classify(error: &reqwest::Error) -> Self {
        let causes = causes(error);
        // The first that is known, from the outside in: deeper ones only say how.
        if let Some(found) = causes.iter().find_map(|cause| known(*cause)) {
            return found;
        }
        // The system's own word for it, without its text, which may hold an address.
        let detail = causes.iter().rev().find_map(|cause| cause.downcast_ref::<io::Error>());
        let detail = detail.map(|error| error.kind().to_string()).unwrap_or_default();
        let kind = match () {
            // In this order: a timeout while resolving is a timeout to whoever reads it.
            () if error.is_timeout() => return SendErrorKind::Timeout.into(),
            () if error.is_dns() => SendErrorKind::Resolve,
            () if error.is_connect() => SendErrorKind::Connect,
            () if error.is_request() => SendErrorKind::Closed,
            () => SendErrorKind::Protocol,
        };
        Self::new(kind, detail)
    }
}

impl From<SendErrorKind> for SendError {
    fn from(kind: SendErrorKind) -> Self {
        Self::new(kind, String::new())
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl Error for SendError {}

fn known(cause: &(dyn Error + 'static)) -> Option<SendError> {
    let told = |kind, error: &dyn Error| Some(SendError::new(kind, plain::line(&error.to_string(), DETAIL_LIMIT)));
    if let Some(error) = cause.downcast_ref::<ResolveError>() {
        // Refused by us and not unresolvable: nobody should look for it at their name server.
        let kind = if matches!(error, ResolveError::Refused) { SendErrorKind::Refused } else { SendErrorKind::Resolve };
        return Some(kind.into());
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return told(SendErrorKind::Tls, error);
    }
    // A cause of another kind says nothing that is shown.
    let error = cause.downcast_ref::<hyper::Error>()?;
    if error.is_parse() {
        told(SendErrorKind::Protocol, error)
    } else if error.is_incomplete_message() {
        Some(SendErrorKind::Closed.into())
    } else {
        None
    }
}

/// The error and all its causes, outermost first. An `io::Error` hides the error it wraps from `source()`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = vec![error];
    while let Some(last) = causes.last().copied() {
        let wrapped: Option<&'a (dyn Error + 'static)> =
            // Through `get_ref`, because `source` of an `io::Error` begins after what it wraps.
            last.downcast_ref::<io::Error>().and_then(io::Error::get_ref).map(|inner| inner as _);
        match wrapped.or_else(|| last.source()) {
            Some(next) => causes.push(next),
            None => break,
        }
    }
    causes
}
