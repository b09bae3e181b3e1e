//! What saving will do, said before it is done.

use ripen_actions::desk::GradePreview;
use ripen_domain::{lead::Grade, touch::Disposition};

use super::{callback::CallbackSaid, form::WorkForm, grade::GradeMark, next::next_in_words};
use crate::people::when::When;

/// What becomes of the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhatFollows {
    /// Nothing is chosen yet.
    Nothing,
    /// Answers were typed, and nobody was reached: it cannot be saved so.
    Refused,
    /// It is over already: nothing but the note is kept.
    Over {
        /// Why.
        why: String,
    },
    /// It goes to the client.
    Goes {
        /// Where, in words.
        to: String,
    },
    /// The person is called again.
    CallBack {
        /// When, in words; empty where no time is chosen yet.
        at: String,
        /// Where it goes besides: what was said in the call makes it an A.
        to: Option<String>,
    },
    /// Nobody contacts the person any more.
    DoNotContact {
        /// For every client of the firm.
        for_firm: bool,
    },
    /// A manager looks at the consent.
    Review,
    /// The number is given up.
    NumberVoid,
    /// It is closed.
    Closed {
        /// Why.
        why: String,
    },
    /// It is worked again.
    Again {
        /// When, and what is done then, after "it"; empty where that is not known.
        next: String,
    },
}

/// What stands on the button that saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveButton {
    /// It sends the lead.
    Send,
    /// It promises a call.
    Promise,
    /// It ends all contact.
    Stop,
    /// It saves.
    Plain,
}

/// What saving will do.
#[derive(Debug, Clone)]
pub struct AfterSaving {
    /// What it would be; none without criteria.
    pub mark: Option<GradeMark>,
    /// It is another grade than before.
    pub becomes: bool,
    /// What becomes of the lead.
    pub what: WhatFollows,
    /// What stands on the button.
    pub button: SaveButton,
    /// For so many seconds it can be taken back.
    pub undo_s: i64,
    /// The client's name.
    pub client: String,
    /// `Wed 10:30`, where a call back is promised.
    pub short: String,
}

impl AfterSaving {
    /// Whether it goes to the client beside what else becomes of it.
    pub fn sends(&self) -> bool {
        matches!(&self.what, WhatFollows::CallBack { to: Some(_), .. })
    }
}

/// What saving the form will do.
pub fn after(form: &WorkForm, preview: &GradePreview, client: &str, said: &CallbackSaid, when: &When) -> AfterSaving {
    let outlook = preview.outlook.as_ref();
    let mark = outlook.map(|outlook| GradeMark { letter: outlook.grade.word(), score: outlook.score });
    let becomes = outlook.is_some_and(|outlook| preview.before.is_none_or(|before| before.grade != outlook.grade));
    // Whatever the disposition, the decision is of the answers: a lead that becomes an A goes.
    let goes = outlook.is_some_and(|outlook| outlook.closed.is_none() && outlook.grade == Grade::A && becomes);
    let goes = goes && !preview.is_handed_over;
    let to = goes.then(|| preview.goes_to.clone().unwrap_or_else(|| client.to_owned()));
    let again = || WhatFollows::Again {
        next: preview.next.as_ref().map(|next| next_in_words(next, &preview.places, when)).unwrap_or_default(),
    };
    let what = match form.disposition() {
        Some(Disposition::DoNotContact) => WhatFollows::DoNotContact { for_firm: form.text("stop_for") == "firm" },
        _ if let Some(why) = &preview.over => WhatFollows::Over { why: why.clone() },
        None => WhatFollows::Nothing,
        Some(how) if how.is_in_vain() && preview.wrong.iter().any(|error| error.code == "contradicts") => {
            WhatFollows::Refused
        }
        Some(Disposition::CallBack) => WhatFollows::CallBack { at: said.there.clone(), to },
        Some(Disposition::NeverEnquired) => WhatFollows::Review,
        Some(Disposition::NumberDead | Disposition::WrongNumber) => WhatFollows::NumberVoid,
        Some(_) => match (outlook.and_then(|outlook| outlook.closed.clone()), to) {
            (Some(why), _) => WhatFollows::Closed { why },
            (None, Some(to)) => WhatFollows::Goes { to },
            (None, None) => again(),
        },
    };
    let button = match what {
        WhatFollows::Goes { .. } => SaveButton::Send,
        WhatFollows::CallBack { .. } => SaveButton::Promise,
        WhatFollows::DoNotContact { .. } => SaveButton::Stop,
        _ => SaveButton::Plain,
    };
    let (client, short, undo_s) = (client.to_owned(), said.short.clone(), preview.undo.as_secs());
    AfterSaving { mark, becomes, what, button, undo_s, client, short }
}
