//! What saving will do, said before it is done.

use ripen_actions::desk::GradePreview;
use ripen_domain::{lead::Grade, touch::Disposition};

use super::{callback::CallbackSaid, grade::GradeMark, next::next_in_words};
use crate::people::when::When;

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

    /// Where the lead goes, in words.
    pub fn to(&self) -> Option<&str> {
        match self {
            Self::Goes { to } => Some(to),
            Self::CallBack { to, .. } => to.as_deref(),
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
    let to = goes.then(|| preview.goes_to.clone().unwrap_or_else(|| client.to_owned()));
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
            WhatFollows::Goes { to } => {
                let waits = if self.undo_s > 0 { format!(" after {} s", self.undo_s) } else { String::new() };
                [becomes_a(to).as_slice(), &[SaidPart::Words(format!("{waits}.")), self.undo()]].concat()
            }
            WhatFollows::CallBack { at, to } => self.call_back(at, to.as_deref()),
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

    fn call_back(&self, at: &str, to: Option<&str>) -> Vec<SaidPart> {
        let mut parts = match (to, self.stands) {
            (Some(to), _) => [becomes_a(to).as_slice(), &[SaidPart::words(". ")]].concat(),
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

    fn undo(&self) -> SaidPart {
        SaidPart::Words(match self.undo_s {
            seconds if seconds > 0 => format!(" You can take it back for {seconds} s."),
            _ => String::new(),
        })
    }
}

fn becomes_a(to: &str) -> [SaidPart; 4] {
    let a = SaidPart::Grade(Grade::A.word());
    [SaidPart::words("Becomes "), a, SaidPart::words(" and goes to "), SaidPart::Foreign(to.to_owned())]
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
        let goes = WhatFollows::Goes { to: "Sam Rep".to_owned() };
        assert_eq!(
            said(&goes, Some(B), 20),
            "Becomes A and goes to Sam Rep after 20 s. You can take it back for 20 s."
        );
        assert_eq!(said(&goes, Some(B), 0), "Becomes A and goes to Sam Rep.");
        let call = |at: &str, to: Option<&str>| WhatFollows::CallBack { at: at.to_owned(), to: to.map(str::to_owned) };
        assert_eq!(
            said(&call("Wed 25 Nov, 10:30 Chicago", None), Some(B), 0),
            "Becomes B 50. Next step: a call on Wed 25 Nov, 10:30 Chicago, by you or a free colleague."
        );
        assert_eq!(
            said(&call("", Some("Acme")), Some(B), 0),
            "Becomes A and goes to Acme. Choose the day and the time of the call."
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
}
