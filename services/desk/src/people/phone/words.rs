//! What people refused on the telephone, and which number a page dials, as pages show it.

use ripen_domain::call::RefusedNotice;
use ripen_store::call::refusal::CallRefusal;
use uuid::Uuid;

use crate::people::when::When;

/// What a page dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialedNumber {
    /// E.164 with `;ext=`.
    pub number: String,
    /// The id of the call that the next click makes.
    pub call: Uuid,
}

/// Something that can be refused, as a button has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalButton {
    /// As the form posts it.
    pub what: &'static str,
    /// In words.
    pub words: &'static str,
}

/// What was refused, when and to whom.
pub fn refusals(refused: &[CallRefusal], when: &When) -> Vec<String> {
    let one = |one: &CallRefusal| format!("{} ({}, {})", words(one.what), one.by, when.near(one.at));
    refused.iter().map(one).collect()
}

/// What was not refused yet.
pub fn refusable(refused: &[CallRefusal]) -> Vec<RefusalButton> {
    let open = [RefusedNotice::Recording, RefusedNotice::Notice].into_iter();
    let open = open.filter(|what| refused.iter().all(|one| one.what != *what));
    open.map(|what| RefusalButton { what: what.word(), words: words(what) }).collect()
}

const fn words(what: RefusedNotice) -> &'static str {
    match what {
        RefusedNotice::Recording => "Refuses to be recorded",
        RefusedNotice::Notice => "Refuses to be called like this",
    }
}
