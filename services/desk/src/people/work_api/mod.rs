//! `/api/v1/work/…`: an agent's work by program: the next lead, a lead by its name or by the number that rings, what is said and asked
//! in the call, what is typed, the disposition and its taking back, the preview; what there is where there is no lead; and why nobody
//! is calling one. The page `/work` is made of the same actions, and of the same readings of what they gave.

mod after;
pub mod calls;
pub mod consent;
pub mod dispositions;
pub mod draft;
pub mod late_note;
pub mod lead;
mod lead_view;
pub mod lease;
pub mod open;
pub mod outcome;
pub mod preview;
mod question_view;
pub mod rang;
pub mod ready;
pub mod slots;
mod unsettled;
mod view;
pub mod why;

use std::collections::BTreeMap;

use ripen_web::{catalogue, openapi::refusals};
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response as Described},
};

/// What may be answered instead to a request that changes something.
pub struct WorkRefusals;

impl IntoResponses for WorkRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::MALFORMED_BODY,
            &catalogue::UNAUTHENTICATED,
            &catalogue::FOREIGN_FORM,
            &catalogue::NOT_FOUND,
            &catalogue::BODY_TOO_SLOW,
            &catalogue::CONFLICT,
            &catalogue::BODY_TOO_LARGE,
            &catalogue::UNSUPPORTED_MEDIA_TYPE,
            &catalogue::INVALID_REQUEST,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ])
    }
}

/// What may be answered instead to a request that only reads.
pub struct WorkReadRefusals;

impl IntoResponses for WorkReadRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[
            &catalogue::INVALID_PARAMETER,
            &catalogue::UNAUTHENTICATED,
            &catalogue::NOT_FOUND,
            &catalogue::CONFLICT,
            &catalogue::TOO_MANY_REQUESTS,
            &catalogue::INTERNAL_ERROR,
            &catalogue::UNAVAILABLE,
        ])
    }
}
