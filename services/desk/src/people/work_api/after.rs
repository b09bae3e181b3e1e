//! What saving will do, and what a time for the next call comes to, as programs are told it.

use jiff::Timestamp;
use ripen_domain::calling::Place;
use serde::Serialize;
use utoipa::ToSchema;

use super::unsettled::UnsettledClocks;
use crate::people::{
    clocks::ClocksThere,
    when::When,
    work::{
        after::{AfterSaving, WhatFollows},
        callback::CallbackSaid,
    },
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
    #[schema(example = "Becomes A and goes to Sam Rep in 20 s. You can take it back for 20 s.")]
    words: String,
    /// Where it goes; none where it goes nowhere, or waits for somebody who can take it.
    to: Option<String>,
    /// The disposition is saved. Of a call back, once its time is named.
    saves: bool,
}

impl From<AfterSaving> for AfterView {
    fn from(after: AfterSaving) -> Self {
        let saves = !matches!(
            after.what,
            WhatFollows::Nothing | WhatFollows::Refused | WhatFollows::NotSo { .. } | WhatFollows::Over { .. }
        );
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
    /// What the clocks that may be theirs show then, while it is not settled where they are: `there` is by one of them.
    unsettled: Option<UnsettledClocks>,
    /// By the clock of whoever asks.
    #[schema(example = "17:30 for you, in 24 h")]
    here: Option<String>,
    /// Why it cannot be promised, with what can.
    trouble: Option<String>,
}

impl CallBackView {
    pub fn of(said: CallbackSaid, places: &[Place], when: &When) -> Self {
        let CallbackSaid { at, there, here, trouble, short: _ } = said;
        let unsettled = at.and_then(|at| ClocksThere::of(places, when, at)).map(UnsettledClocks::from);
        Self { at, there: given(there), unsettled, here: given(here), trouble: given(trouble) }
    }
}

fn given(words: String) -> Option<String> {
    Some(words).filter(|words| !words.is_empty())
}
