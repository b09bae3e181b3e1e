//! From the text of a routing document to a routing that can be applied, or to the list of its mistakes.

use jiff::SignedDuration;

use super::{Routing, route_reader::RouteReader, surroundings::Surroundings};
use crate::{
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
