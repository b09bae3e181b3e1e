//! What a client's offers name of a lead, by its routing document: `offer_shows = ["grade", "place", "answers.budget"]`.
//! Whatever is asked for, an offer never says who it is or how to reach them, and never shows words in which that may stand.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::route_reader::RouteReader;
use crate::{
    criteria::{Facts, Kind, Question},
    delivery::{Member, OfferTerms, OfferedFact},
    document::{Section, did_you_mean, quoted},
};

/// Who it is, and how to reach them.
const CONTACT: [&str; 9] =
    ["name", "first_name", "last_name", "email", "phone", "phone_extension", "contact", "address", "appointment"];
/// What people and programs write in words of their own.
const WORDS: [&str; 7] = ["notes", "note", "text", "texts", "extra", "flags", "referred_by"];
/// Before the id of a question.
const ANSWER: &str = "answers.";

/// What offers name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OfferShows {
    facts: Vec<OfferedFact>,
    /// The questions whose answers are named.
    questions: Vec<Question>,
}

/// The document's member, of TOML.
const MEMBER: &str = "offer_shows";

impl OfferShows {
    /// Where the document does not say.
    fn usual(questions: &[Question]) -> Self {
        let mut shows = Self { facts: OfferedFact::USUAL.to_vec(), questions: Vec::new() };
        shows.add_typed(questions);
        shows
    }

    fn add_typed(&mut self, questions: &[Question]) {
        for question in questions.iter().filter(|question| question.kind != Kind::Text) {
            self.add(question);
        }
    }

    fn add(&mut self, question: &Question) {
        if self.questions.iter().all(|known| known.id != question.id) {
            self.questions.push(question.clone());
        }
    }

    /// What an offer of this lead says.
    pub(super) fn terms(&self, facts: &Facts, until: Timestamp, now: Timestamp) -> OfferTerms {
        let shown = |question: &Question| {
            let value = question.answer_without_words(facts.answers.get(&*question.id)?, now)?;
            Some((question.id.to_string(), value))
        };
        let answers: Map<String, Value> = self.questions.iter().filter_map(shown).collect();
        OfferTerms {
            until: until.into(),
            shows: Member::Is(self.facts.clone()),
            answers: Member::Is(answers),
            ..OfferTerms::default()
        }
    }
}

impl<'d> RouteReader<'d, '_> {
    /// What the document's offers name. Comes after the rules: only then it is known whether anything is offered.
    pub(super) fn offer_shows(&mut self, root: &Section<'d>) -> OfferShows {
        let questions = &self.around.questions;
        let Some(value) = root.get(MEMBER) else { return OfferShows::usual(questions) };
        let at = value.span().start;
        if !self.claims {
            self.doubts.add(at, || "'offer_shows' counts with mode = \"first_to_claim\" only".into());
        }
        let mut shows = OfferShows { facts: Vec::new(), questions: Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.notes.add(at, || {
                "'offer_shows' must be a list: write offer_shows = [\"grade\", \"place\", \"answers\"]".into()
            });
            return shows;
        };
        let mut seen = Vec::new();
        for element in array.iter() {
            let at = element.span().start;
            let Some(text) = element.get_ref().as_str() else {
                self.notes.add(at, || "what an offer shows is a word in quotes, such as \"place\"".into());
                continue;
            };
            if seen.contains(&text) {
                self.notes.add(at, || format!("{} stands twice in 'offer_shows'", quoted(text)));
            }
            seen.push(text);
            self.offered_fact(text, at, &mut shows);
        }
        shows
    }

    fn offered_fact(&mut self, text: &str, at: usize, shows: &mut OfferShows) {
        if let Ok(fact) = text.parse::<OfferedFact>() {
            shows.facts.push(fact);
            if fact == OfferedFact::Answers {
                shows.add_typed(&self.around.questions);
            }
            return;
        }
        if let Some(id) = text.strip_prefix(ANSWER) {
            return self.offered_answer(id, at, shows);
        }
        // `lead.email` is `email`.
        let last = text.rsplit('.').next().unwrap_or(text);
        if CONTACT.contains(&last) {
            self.notes.add(at, || {
                format!(
                    "an offer never names {}: who it is and how to reach them is told to whoever takes it",
                    quoted(text)
                )
            });
        } else if WORDS.contains(&last) {
            self.notes.add(at, || {
                format!("an offer never shows {}: names and phone numbers may stand in such words", quoted(text))
            });
        } else {
            self.notes.add(at, || {
                let words: Vec<_> = OfferedFact::ALL.iter().map(|fact| fact.word()).collect();
                let hint = did_you_mean(text, words.iter().copied());
                format!("an offer cannot show {}{hint} (one of {}, answers.QUESTION)", quoted(text), words.join(", "))
            });
        }
    }

    fn offered_answer(&mut self, id: &str, at: usize, shows: &mut OfferShows) {
        match self.around.questions.iter().find(|question| *question.id == *id) {
            Some(question) if question.kind != Kind::Text => shows.add(question),
            Some(_) => self.unfit(at, || {
                format!(
                    "an offer never shows {}: the question asks for a text, in which a name or a phone number may stand",
                    quoted(id)
                )
            }),
            None => {
                let known: Vec<_> = self.around.questions.iter().map(|question| &*question.id).collect();
                let hint = did_you_mean(id, known.iter().copied());
                self.unfit(at, || format!("no script asks {}{hint}", quoted(id)));
            }
        }
    }
}
