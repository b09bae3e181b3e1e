//! What saving will do, said before it is done.

use ripen_actions::desk::{GoesTo, GradePreview};
use ripen_domain::{lead::Grade, touch::Disposition};

use super::{callback::CallbackSaid, grade::GradeMark, next::next_in_words};
use crate::people::when::When;

/// Who of the client is there for a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientSide {
    /// These, in words.
    Whom(String),
    /// Nobody yet: it waits.
    Nobody {
        /// Until when, in words; empty where somebody has to do something first.
        until: String,
        /// Why.
        why: String,
    },
}

impl ClientSide {
    fn of(preview: &GradePreview, client: &str, when: &When) -> Self {
        match &preview.goes_to {
            None => Self::Whom(client.to_owned()),
            Some(GoesTo::Whom(names)) => Self::Whom(names.clone()),
            Some(GoesTo::Waits { why, until }) => {
                let until = until.map(|at| if when.is_today(at) { when.hour(at) } else { when.whole(at) });
                Self::Nobody { until: until.unwrap_or_default(), why: why.clone() }
            }
        }
    }
}

/// What becomes of the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhatFollows {
    /// Nothing is chosen yet.
    Nothing,
    /// Answers were typed, and nobody was reached: it cannot be saved so.
    Refused,
    /// What was typed, or the time of the next step, cannot be used.
    NotSo {
        /// Why, in a sentence.
        why: String,
    },
    /// It is over already: nothing but the note is kept.
    Over {
        /// Why.
        why: String,
    },
    /// It goes to the client.
    Goes {
        /// To whom.
        to: ClientSide,
    },
    /// The person is called again.
    CallBack {
        /// When, in words; empty where no time is chosen yet.
        at: String,
        /// Where it goes besides: what was said in the call makes it an A.
        to: Option<ClientSide>,
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

impl WhatFollows {
    /// As programs read it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Refused | Self::NotSo { .. } => "refused",
            Self::Over { .. } => "over",
            Self::Goes { .. } => "goes",
            Self::CallBack { .. } => "call_back",
            Self::DoNotContact { .. } => "do_not_contact",
            Self::Review => "review",
            Self::NumberVoid => "number_void",
            Self::Closed { .. } => "closed",
            Self::Again { .. } => "again",
        }
    }

    /// Where the lead goes, in words; none where it waits for somebody who can take it.
    pub fn to(&self) -> Option<&str> {
        match self {
            Self::Goes { to: ClientSide::Whom(to) } | Self::CallBack { to: Some(ClientSide::Whom(to)), .. } => Some(to),
            _ => None,
        }
    }
}

/// A part of what is said of it: pages mark what is a grade and what is somebody's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaidPart {
    /// Words.
    Words(String),
    /// The letter of a grade.
    Grade(&'static str),
    /// A name, or a reason that somebody wrote: in whatever direction it runs.
    Foreign(String),
}

impl SaidPart {
    fn words(words: &str) -> Self {
        Self::Words(words.to_owned())
    }

    fn text(&self) -> &str {
        match self {
            Self::Words(text) | Self::Foreign(text) => text,
            Self::Grade(letter) => letter,
        }
    }
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
    /// What becomes of the lead.
    pub what: WhatFollows,
    /// The same, said.
    pub said: Vec<SaidPart>,
    /// What stands on the button.
    pub button: SaveButton,
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

    /// What is said of it, without marks.
    pub fn words(&self) -> String {
        self.said.iter().map(SaidPart::text).collect()
    }
}

/// What is chosen, and what it is said with.
#[derive(Debug, Clone, Copy)]
pub struct AfterTerms<'a> {
    /// How it went, as far as that is chosen.
    pub disposition: Option<Disposition>,
    /// A wish not to be contacted is for every client of the firm.
    pub for_firm: bool,
    /// What a decision would be.
    pub preview: &'a GradePreview,
    /// The client's name.
    pub client: &'a str,
    /// What was picked for a call back.
    pub callback: &'a CallbackSaid,
    /// How the reader reads instants.
    pub when: &'a When,
    /// Points are not told yet.
    pub hides_points: bool,
}

/// What saving will do.
pub fn after(terms: &AfterTerms<'_>) -> AfterSaving {
    let AfterTerms { preview, client, callback, hides_points, .. } = *terms;
    let outlook = preview.outlook.as_ref();
    let mark = outlook.map(|outlook| GradeMark { letter: outlook.grade.word(), score: outlook.score });
    let becomes = outlook.is_some_and(|outlook| preview.before.is_none_or(|before| before.grade != outlook.grade));
    let what = what_follows(terms, becomes);
    let button = match what {
        WhatFollows::Goes { .. } => SaveButton::Send,
        WhatFollows::CallBack { .. } => SaveButton::Promise,
        WhatFollows::NotSo { .. } if terms.disposition == Some(Disposition::CallBack) => SaveButton::Promise,
        WhatFollows::DoNotContact { .. } => SaveButton::Stop,
        _ => SaveButton::Plain,
    };
    let stands = mark.map(|mark| StandingGrade { mark, becomes, hides_points });
    let said = SentenceTerms { client, undo_s: preview.undo.as_secs(), stands }.parts(&what);
    AfterSaving { what, said, button, client: client.to_owned(), short: callback.short.clone() }
}

fn what_follows(terms: &AfterTerms<'_>, becomes: bool) -> WhatFollows {
    let AfterTerms { disposition, for_firm, preview, client, callback, when, .. } = *terms;
    let outlook = preview.outlook.as_ref();
    // Whatever the disposition, the decision is of the answers: a lead that becomes an A goes.
    let goes = outlook.is_some_and(|outlook| outlook.closed.is_none() && outlook.grade == Grade::A && becomes);
    let goes = goes && !preview.is_handed_over;
    let to = goes.then(|| ClientSide::of(preview, client, when));
    let again = || WhatFollows::Again {
        next: preview.next.as_ref().map(|next| next_in_words(next, &preview.places, when)).unwrap_or_default(),
    };
    match disposition {
        // Refused as a whole when it is saved, a wish not to be contacted too.
        Some(_)
            if preview.over.is_none()
                && let Some(why) = cannot_be_used(preview) =>
        {
            WhatFollows::NotSo { why }
        }
        Some(Disposition::DoNotContact) => WhatFollows::DoNotContact { for_firm },
        _ if let Some(why) = &preview.over => WhatFollows::Over { why: why.clone() },
        None => WhatFollows::Nothing,
        Some(how) if how.is_in_vain() && preview.wrong.iter().any(|error| error.code == "contradicts") => {
            WhatFollows::Refused
        }
        Some(Disposition::CallBack) if !callback.trouble.is_empty() => {
            WhatFollows::NotSo { why: callback.trouble.clone() }
        }
        Some(Disposition::CallBack) => WhatFollows::CallBack { at: callback.there.clone(), to },
        Some(Disposition::NeverEnquired) => WhatFollows::Review,
        Some(Disposition::NumberDead | Disposition::WrongNumber) => WhatFollows::NumberVoid,
        Some(_) => match (outlook.and_then(|outlook| outlook.closed.clone()), to) {
            (Some(why), _) => WhatFollows::Closed { why },
            (None, Some(to)) => WhatFollows::Goes { to },
            (None, None) => again(),
        },
    }
}

/// Why what was typed cannot be saved; none where all of it can, or nobody was reached who could have said it.
fn cannot_be_used(preview: &GradePreview) -> Option<String> {
    let wrong = preview.wrong.iter().find(|error| error.code != "contradicts")?;
    let words = wrong.message.trim_end_matches('.');
    // A sentence of its own, behind that it cannot be saved.
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    Some(format!("{first}{}.", letters.as_str()))
}

/// The grade that there would be.
#[derive(Debug, Clone, Copy)]
struct StandingGrade {
    mark: GradeMark,
    /// It is another than before.
    becomes: bool,
    hides_points: bool,
}

impl StandingGrade {
    fn parts(self) -> [SaidPart; 3] {
        let Self { mark, becomes, hides_points } = self;
        let score = if hides_points { String::new() } else { format!(" {}", mark.score) };
        let verb = if becomes { "Becomes " } else { "Stays " };
        [SaidPart::words(verb), SaidPart::Grade(mark.letter), SaidPart::Words(format!("{score}. "))]
    }
}

/// What everything is said with.
struct SentenceTerms<'a> {
    client: &'a str,
    /// For so many seconds it can be taken back.
    undo_s: i64,
    /// None without criteria.
    stands: Option<StandingGrade>,
}

impl SentenceTerms<'_> {
    fn parts(&self, what: &WhatFollows) -> Vec<SaidPart> {
        let words = SaidPart::words;
        match what {
            WhatFollows::Nothing => vec![words("Choose what happened: then it says here what saving will do.")],
            WhatFollows::Over { why } => vec![
                words("It is over: "),
                SaidPart::Foreign(why.clone()),
                words(". Your note is kept on it, and nothing else is saved."),
            ],
            WhatFollows::Refused => vec![words(
                "It cannot be saved so: nobody was reached who could have answered. Choose “answered”, or put the new \
                 answers back as they were.",
            )],
            WhatFollows::NotSo { why } => vec![words("It cannot be saved so. "), SaidPart::Words(why.clone())],
            WhatFollows::Goes { to } => self.becomes_a(to).into_iter().chain([self.undo()]).collect(),
            WhatFollows::CallBack { at, to } => self.call_back(at, to.as_ref()),
            WhatFollows::DoNotContact { for_firm } => {
                let whose = match for_firm {
                    true => words("any client of the firm"),
                    false => SaidPart::Foreign(self.client.to_owned()),
                };
                let end = words(". This cannot be taken back here.");
                vec![words("Nobody contacts the person any more for "), whose, end]
            }
            WhatFollows::Review => {
                vec![words("Work on it stops, and a manager looks at the consent."), self.undo()]
            }
            WhatFollows::NumberVoid => vec![
                words("The number is given up: it is called by nobody until another number is written down."),
                self.undo(),
            ],
            WhatFollows::Closed { why } => {
                vec![words("It is closed: "), SaidPart::Foreign(why.clone()), words("."), self.undo()]
            }
            WhatFollows::Again { next } => {
                let next = match next.as_str() {
                    "" => "The next step follows from the decision.".to_owned(),
                    next => format!("It {next}."),
                };
                let stands = self.stands.map(StandingGrade::parts).into_iter().flatten();
                stands.chain([SaidPart::Words(next), self.undo()]).collect()
            }
        }
    }

    fn call_back(&self, at: &str, to: Option<&ClientSide>) -> Vec<SaidPart> {
        let mut parts: Vec<_> = match (to, self.stands) {
            (Some(to), _) => self.becomes_a(to).into_iter().chain([SaidPart::words(" ")]).collect(),
            (None, Some(stands)) if !at.is_empty() => stands.parts().to_vec(),
            (None, _) => Vec::new(),
        };
        if at.is_empty() {
            parts.push(SaidPart::words("Choose the day and the time of the call."));
        } else {
            parts.push(SaidPart::Words(format!("Next step: a call on {at}, by you or a free colleague.")));
            parts.push(self.undo());
        }
        parts
    }

    /// Who gets it, and when; or that nobody does yet, and why.
    fn becomes_a(&self, to: &ClientSide) -> Vec<SaidPart> {
        let words = SaidPart::words;
        let becomes = [words("Becomes "), SaidPart::Grade(Grade::A.word())];
        let goes = match to {
            ClientSide::Whom(to) => {
                let when = if self.undo_s > 0 { format!(" in {} s.", self.undo_s) } else { ".".to_owned() };
                vec![words(" and goes to "), SaidPart::Foreign(to.clone()), SaidPart::Words(when)]
            }
            ClientSide::Nobody { until, why } => {
                let until = if until.is_empty() { ": ".to_owned() } else { format!(" until {until}: ") };
                let client = SaidPart::Foreign(self.client.to_owned());
                let waits = words(" and waits for somebody of ");
                vec![waits, client, SaidPart::Words(until), SaidPart::Foreign(why.clone()), words(".")]
            }
        };
        becomes.into_iter().chain(goes).collect()
    }

    fn undo(&self) -> SaidPart {
        SaidPart::Words(match self.undo_s {
            seconds if seconds > 0 => format!(" You can take it back for {seconds} s."),
            _ => String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const B: StandingGrade =
        StandingGrade { mark: GradeMark { letter: "B", score: 50 }, becomes: true, hides_points: false };

    fn said(what: &WhatFollows, stands: Option<StandingGrade>, undo_s: i64) -> String {
        let parts = SentenceTerms { client: "Acme", undo_s, stands }.parts(what);
        parts.iter().map(SaidPart::text).collect()
    }

    #[test]
    fn it_is_one_sentence_whoever_reads_it() {
        let whom = |to: &str| ClientSide::Whom(to.to_owned());
        let goes = WhatFollows::Goes { to: whom("Sam Rep") };
        assert_eq!(said(&goes, Some(B), 20), "Becomes A and goes to Sam Rep in 20 s. You can take it back for 20 s.");
        assert_eq!(said(&goes, Some(B), 0), "Becomes A and goes to Sam Rep.");
        let call = |at: &str, to: Option<&str>| WhatFollows::CallBack { at: at.to_owned(), to: to.map(whom) };
        assert_eq!(
            said(&call("Wed 25 Nov, 10:30 Chicago", None), Some(B), 0),
            "Becomes B 50. Next step: a call on Wed 25 Nov, 10:30 Chicago, by you or a free colleague."
        );
        assert_eq!(
            said(&call("", Some("Acme")), Some(B), 0),
            "Becomes A and goes to Acme. Choose the day and the time of the call."
        );
        assert_eq!(
            said(&call("Wed 25 Nov, 10:30 Chicago", Some("Sam Rep")), Some(B), 20),
            "Becomes A and goes to Sam Rep in 20 s. Next step: a call on Wed 25 Nov, 10:30 Chicago, by you or a free \
             colleague. You can take it back for 20 s."
        );
        let not_then = WhatFollows::NotSo { why: "That is past there: choose a later time.".to_owned() };
        assert_eq!(said(&not_then, None, 20), "It cannot be saved so. That is past there: choose a later time.");
        assert_eq!(said(&call("", None), Some(B), 20), "Choose the day and the time of the call.");
        let again = WhatFollows::Again { next: String::new() };
        assert_eq!(said(&again, None, 0), "The next step follows from the decision.");
        let hidden = StandingGrade { becomes: false, hides_points: true, ..B };
        let again = WhatFollows::Again { next: "can be called now".to_owned() };
        assert_eq!(said(&again, Some(hidden), 0), "Stays B. It can be called now.");
    }

    #[test]
    fn an_a_that_nobody_can_take_yet_waits_and_is_not_said_to_go_anywhere() {
        let waits = |until: &str, why: &str| ClientSide::Nobody { until: until.to_owned(), why: why.to_owned() };
        let goes = WhatFollows::Goes { to: waits("14:05", "none of its recipients can take it now") };
        assert_eq!(
            said(&goes, Some(B), 20),
            "Becomes A and waits for somebody of Acme until 14:05: none of its recipients can take it now. You can take \
             it back for 20 s."
        );
        assert_eq!(goes.to(), None);
        let at = "Wed 25 Nov, 10:30 Chicago".to_owned();
        let call = WhatFollows::CallBack { at, to: Some(waits("", "the client has no enabled endpoint")) };
        assert_eq!(
            said(&call, Some(B), 0),
            "Becomes A and waits for somebody of Acme: the client has no enabled endpoint. Next step: a call on Wed 25 \
             Nov, 10:30 Chicago, by you or a free colleague."
        );
    }
}
