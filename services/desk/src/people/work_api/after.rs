//! What saving will do, and what a time for the next call comes to, as programs are told it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::people::work::{
    after::{AfterSaving, WhatFollows},
    callback::CallbackSaid,
};

/// What saving will do.
#[derive(Serialize, ToSchema)]
pub struct AfterView {
    /// `goes` (to the client), `call_back`, `again` (it is worked again), `closed`, `do_not_contact`, `review` (a manager looks at the
    /// consent), `number_void`; `nothing` while no disposition is chosen; `refused` where answers were typed and nobody was reached;
    /// `over` where nothing but the note is kept.
    #[schema(value_type = String, example = "goes")]
    what: &'static str,
    /// The same in words, as the page says it.
    #[schema(example = "Becomes A and goes to Sam Rep after 20 s. You can take it back for 20 s.")]
    words: String,
    /// Where it goes; none where it goes nowhere.
    to: Option<String>,
    /// The disposition is saved. Of a call back, once its time is named.
    saves: bool,
}

impl From<AfterSaving> for AfterView {
    fn from(after: AfterSaving) -> Self {
        let saves = !matches!(after.what, WhatFollows::Nothing | WhatFollows::Refused | WhatFollows::Over { .. });
        Self { what: after.what.word(), words: after.words(), to: after.what.to().map(str::to_owned), saves }
    }
}

/// What a time comes to that is named for the next call.
#[derive(Serialize, ToSchema)]
pub struct CallBackView {
    /// When it falls due; none where nobody can be called then.
    at: Option<Timestamp>,
    /// The same by the clock where the person is.
    #[schema(example = "Wed 25 Nov, 10:30 Chicago")]
    there: Option<String>,
    /// By the clock of whoever asks.
    #[schema(example = "17:30 for you, in 24 h")]
    here: Option<String>,
    /// Why it cannot be promised, with what can.
    trouble: Option<String>,
}

impl From<CallbackSaid> for CallBackView {
    fn from(said: CallbackSaid) -> Self {
        let CallbackSaid { at, there, here, trouble, short: _ } = said;
        Self { at, there: given(there), here: given(here), trouble: given(trouble) }
    }
}

fn given(words: String) -> Option<String> {
    Some(words).filter(|words| !words.is_empty())
}
