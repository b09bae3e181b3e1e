//! From the text of a routing document to a routing that can be applied, or to the list of its mistakes.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;

use super::{Routing, recipient::RecipientId};
use crate::{
    criteria::{Condition, ConditionReader, Criteria, Question},
    document::{Mistake, Notes, Section, parse},
    hash::ContentHash,
};

const KEYS: [&str; 9] =
    ["about", "mode", "recipients", "fallback", "owner", "wait_at_most", "claim_within", "offer_shows", "rule"];
const MOST_RULES: usize = 200;
/// How long a lead waits for those who come first where the document does not say: over a weekend.
const DEFAULT_WAIT: SignedDuration = SignedDuration::from_hours(72);
const LONGEST_WAIT_MINUTES: i64 = 90 * 24 * 60;
/// How long an offer stands where the document does not say.
const DEFAULT_CLAIM: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_CLAIM_MINUTES: i64 = 7 * 24 * 60;

/// Somebody whom a document may name: a rep or an endpoint of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRecipient {
    /// Which one. Its text form names it too.
    pub id: RecipientId,
    /// As people call it.
    pub name: Arc<str>,
}

/// What a document is checked against.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The client's reps and endpoints.
    pub recipients: Vec<NamedRecipient>,
    /// The questions whose answers conditions may read.
    pub questions: Vec<Question>,
}

/// Who is called so, and how many are.
pub(super) struct RecipientMatch {
    pub id: Option<RecipientId>,
    pub called: usize,
}

impl Surroundings {
    /// Recipients, and every question of the programs that the client's leads are graded by. Where two programs ask
    /// something under one id, the first one's question counts.
    #[must_use]
    pub fn new<'c>(recipients: Vec<NamedRecipient>, programs: impl IntoIterator<Item = &'c Criteria>) -> Self {
        // Programs share questions: an id stands for one question, that of the program that comes first.
        let mut questions: Vec<Question> = Vec::new();
        for question in programs.into_iter().flat_map(Criteria::questions) {
            if questions.iter().all(|known| known.id != question.id) {
                questions.push(question.clone());
            }
        }
        Self { recipients, questions }
    }

    pub(super) fn find(&self, text: &str) -> RecipientMatch {
        // An id first: a rep may be called like anything, and only an id is never ambiguous.
        if let Ok(id) = text.parse() {
            let known = self.recipients.iter().any(|named| named.id == id);
            return RecipientMatch { id: known.then_some(id), called: usize::from(known) };
        }
        let mut called = self.recipients.iter().filter(|named| *named.name == *text);
        let first = called.next();
        let others = called.count();
        RecipientMatch {
            id: first.map(|named| named.id).filter(|_| others == 0),
            called: usize::from(first.is_some()) + others,
        }
    }
}

/// A routing that passed every check.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedRouting {
    /// Ready to be applied.
    pub routing: Routing,
    /// What is no mistake, but probably not meant; of a stored document also what no longer fits.
    pub warnings: Vec<Mistake>,
}

impl Routing {
    /// Reads and checks a document that somebody wants to put in force.
    ///
    /// # Errors
    /// All mistakes that can be found, in the order of the document, each with its line and column.
    pub fn load(text: &str, around: &Surroundings) -> Result<LoadedRouting, Vec<Mistake>> {
        read(text, around, false)
    }

    /// Reads a document that is in force, against what is there now and the script of one lead's program. A rule that asks
    /// what this script does not, and a recipient who is gone, are warnings: such a rule does not count and such a recipient
    /// is passed over, both with their reason, and the lead goes on.
    ///
    /// # Errors
    /// For mistakes of any other kind, which a document that was checked does not have.
    pub fn load_stored(text: &str, around: &Surroundings) -> Result<LoadedRouting, Vec<Mistake>> {
        read(text, around, true)
    }
}

fn read(text: &str, around: &Surroundings, is_stored: bool) -> Result<LoadedRouting, Vec<Mistake>> {
    let mut notes = Notes::default();
    // A text that is no TOML at all has one mistake; reading on would report keys that are there.
    let Some(table) = parse(text, &mut notes) else { return Err(notes.locate(text)) };
    let root = Section::root(&table);
    root.only(&KEYS, &mut notes);
    let about = root.text("about", &mut notes).map(|about| about.value.to_owned());
    let mut reading = RouteReader::new(text, around, notes, is_stored);
    let wait = reading.wait(&root, "wait_at_most", 0..=LONGEST_WAIT_MINUTES);
    let claim = reading.wait(&root, "claim_within", 1..=LONGEST_CLAIM_MINUTES);
    // Before the rules: they inherit its recipients and mode.
    let default = reading.default_rule(&root);
    let sections = root.sections("rule", "a rule", MOST_RULES, &mut reading.notes);
    let rules: Vec<_> = sections.iter().filter_map(|section| reading.rule(section, default.as_ref())).collect();
    let owner = reading.owner(&root);
    reading.check_claims(&root);
    let offer_shows = reading.offer_shows(&root);
    let RouteReader { conditions, notes, doubts, .. } = reading;
    // Only without any mistake: a routing read in part would send leads where nobody wrote.
    let (Some(default), true) = (default, notes.is_empty()) else { return Err(notes.locate(text)) };
    let routing = Routing {
        about,
        rules,
        default,
        owner,
        wait_at_most: wait.unwrap_or(DEFAULT_WAIT),
        claim_within: claim.unwrap_or(DEFAULT_CLAIM),
        offer_shows,
        conditions: conditions.finish(),
        // Of the text itself: an edited comment is another version too.
        hash: ContentHash::of(text.as_bytes()),
    };
    Ok(LoadedRouting { routing, warnings: doubts.locate(text) })
}

/// A rule that was read, for those behind it.
pub(super) struct Earlier<'d> {
    pub id: &'d str,
    pub condition: Condition,
}

/// What is needed while a document is read.
pub(super) struct RouteReader<'d, 'q> {
    pub around: &'q Surroundings,
    pub conditions: ConditionReader<'d, 'q>,
    pub notes: Notes,
    /// What is no mistake, but probably not meant.
    pub doubts: Notes,
    pub ids: BTreeSet<&'d str>,
    pub earlier: Vec<Earlier<'d>>,
    /// Some rule offers leads.
    pub claims: bool,
    is_stored: bool,
}

impl<'d, 'q> RouteReader<'d, 'q> {
    fn new(text: &'d str, around: &'q Surroundings, notes: Notes, is_stored: bool) -> Self {
        let conditions = ConditionReader::new(text, &around.questions, notes.is_torn());
        let (doubts, ids, earlier) = (Notes::default(), BTreeSet::new(), Vec::new());
        Self { around, conditions, notes, doubts, ids, earlier, claims: false, is_stored }
    }

    /// Notes what does not fit the surroundings: a mistake while a document is checked, and later a warning.
    pub(super) fn unfit(&mut self, at: usize, message: impl FnOnce() -> String) {
        // A stored document that was right when it was set must load later, although a rep has gone: what no longer
        // fits is a warning there and a mistake in a new one.
        let notes = if self.is_stored { &mut self.doubts } else { &mut self.notes };
        notes.add(at, message);
    }

    /// A length of time such as `"15m"`, of so many minutes.
    fn wait(
        &mut self,
        root: &Section<'d>,
        key: &'static str,
        minutes: std::ops::RangeInclusive<i64>,
    ) -> Option<SignedDuration> {
        let text = root.text(key, &mut self.notes)?;
        let wait = in_minutes(text.value).filter(|wait| minutes.contains(wait));
        if wait.is_none() {
            let (least, most) = (minutes.start(), minutes.end() / (24 * 60));
            self.notes.add(text.span.start, || {
                format!("'{key}' must be a length of time such as \"15m\", \"4h\" or \"3d\", from {least}m to {most}d")
            });
        }
        wait.map(SignedDuration::from_mins)
    }

    fn check_claims(&mut self, root: &Section<'d>) {
        if self.claims && root.get("owner").is_none() {
            self.notes.add_missing(root.at, || {
                "mode = \"first_to_claim\" needs 'owner': who gets a lead that nobody claims".into()
            });
        }
        if let Some(unused) = root.get("claim_within").filter(|_| !self.claims) {
            self.doubts.add(unused.span().start, || "'claim_within' counts with mode = \"first_to_claim\" only".into());
        }
    }
}

fn in_minutes(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        _ => return None,
    };
    // By the character's own length: the last one may be any of Unicode.
    let digits = &text[..text.len() - unit.len_utf8()];
    let count: i64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    // Checked: a number that overflows is out of range, not a short wait.
    count.checked_mul(minutes)
}
