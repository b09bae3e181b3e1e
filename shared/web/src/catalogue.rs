//! Every type of problem that Ripen answers with, in one table. Served for people and machines at [`PATH`]; the
//! `type` of a problem points at its line there.

use serde::Serialize;
use utoipa::ToSchema;

/// Where the catalogue is served.
pub const PATH: &str = "/v1/problems";

/// One type of problem (RFC 9457).
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemType {
    /// The fragment of the type's address.
    pub code: &'static str,
    /// HTTP status it comes with.
    pub status: u16,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What the sender can do about it.
    pub remedy: &'static str,
}

impl ProblemType {
    /// Whether it comes with `Retry-After`: the same request may succeed later.
    #[must_use]
    pub fn has_retry_after(&self) -> bool {
        // The others would be refused again: waiting does not mend a body.
        [&ARRIVAL_PENDING, &TOO_MANY_REQUESTS, &UNAVAILABLE, &TOO_MANY_LISTS].contains(&self)
    }
}

macro_rules! catalogue {
    ($($name:ident = $status:literal $code:literal $title:literal, $remedy:literal;)*) => {
        $(
            #[doc = $title]
            pub static $name: ProblemType =
                ProblemType { code: $code, status: $status, title: $title, remedy: $remedy };
        )*
        /// Every type, by status.
        pub static ALL: &[&ProblemType] = &[$(&$name,)*];
    };
}

catalogue! {
    MALFORMED_BODY = 400 "malformed-body" "The body cannot be read",
        "Send a body that is well-formed for its Content-Type; the detail says where it is not. The same bytes will be refused again.";
    INVALID_HEADER = 400 "invalid-header" "A header has an unusable value",
        "Correct the header that the detail names.";
    INVALID_PARAMETER = 400 "invalid-parameter" "A query parameter has an unusable value",
        "Correct the parameter that the detail names.";
    UNAUTHENTICATED = 401 "unauthenticated" "No key, or a wrong one",
        "Send `Authorization: Bearer` with the key or token that was shown when it was made. A lost or expired one is replaced by the firm.";
    SOURCE_PAUSED = 403 "source-paused" "The source is paused",
        "Keep the lead and ask the firm: it has paused this source.";
    FOREIGN_FORM = 403 "foreign-form" "The form is not of this session",
        "Load the page again and send the form from there.";
    NOT_FOUND = 404 "not-found" "Nothing is here",
        "Check the address against the posting document.";
    ARRIVAL_PENDING = 404 "arrival-pending" "The arrival is not stored yet",
        "Ask again after the seconds in Retry-After. An id that this source never received stays pending.";
    METHOD_NOT_ALLOWED = 405 "method-not-allowed" "The method does not work here",
        "Use one of the methods in the Allow header.";
    BODY_TOO_SLOW = 408 "body-too-slow" "The body did not arrive in time",
        "Send the whole body without pauses; nothing was received.";
    CONFLICT = 409 "conflict" "What is there does not allow it",
        "The detail says what stands against it; look at the object again before sending another request.";
    OUTCOME_REFUSED = 409 "outcome-refused" "The outcome is outside the terms",
        "The detail says which rule it is outside of; ask the firm where that is wrong. The same outcome will be refused again.";
    OUTCOME_UNCONFIRMED = 409 "outcome-unconfirmed" "The outcome has to be confirmed",
        "The detail says what it takes back or why it looks like a slip. Send it again with `\"confirm\": true` if it is meant.";
    BODY_TOO_LARGE = 413 "body-too-large" "The body is too large",
        "Send less at once; the detail says the limit.";
    TOO_MANY_LEADS = 413 "too-many-leads" "The array has too many leads",
        "Split the array; the detail says the limit.";
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported-media-type" "The media type is not accepted",
        "Send one of the media types in the detail, in UTF-8, with its Content-Type.";
    INVALID_REQUEST = 422 "invalid-request" "The request cannot be used",
        "Correct the fields in `errors`.";
    INVALID_LEAD = 422 "invalid-lead" "The lead cannot be used",
        "Correct the fields in `errors`. A lead needs a usable e-mail address or phone number; everything else is optional.";
    INVALID_OUTCOME = 422 "invalid-outcome" "The outcome cannot be used",
        "Correct the fields in `errors`: an amount needs its currency, a returned lead a reason, one that is not ready yet a date.";
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency-key-reused" "The Idempotency-Key came with another request",
        "Send another request under another key; under this one only the same request is answered, and the same.";
    TOO_MANY_REQUESTS = 429 "too-many-requests" "Too many requests from this sender",
        "Wait for the seconds in Retry-After, then send again. Arrays carry up to 1,000 leads in one request.";
    INTERNAL_ERROR = 500 "internal-error" "Something went wrong here",
        "Send again with the same Idempotency-Key or external_id: it will not be counted twice.";
    UNAVAILABLE = 503 "unavailable" "Nothing durable can be reached",
        "Wait for the seconds in Retry-After, then send the same again: what was kept nevertheless is not counted twice.";
    TOO_MANY_LISTS = 503 "too-many-lists" "As many lists are on their way as there is room for",
        "Wait for the seconds in Retry-After, then send the list again, one after the other where there are several. Nothing of it was read.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_the_table_is_in_order_of_status() {
        let codes: HashSet<_> = ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), ALL.len());
        assert!(ALL.is_sorted_by_key(|kind| kind.status));
    }
}
