//! Names of people, compared so that a way of spelling does not make two of one person, and a shared number not one of two.
//!
//! Letters are folded; honorifics, order, initials, short forms and slips of the pen do not matter; a given name or a family
//! name of its own, Jr against Sr, and Mr against Mrs do. Nothing here knows persons.

use std::sync::LazyLock;

use strsim::{jaro_winkler, osa_distance};

use super::{
    family_names::is_written_first,
    fold::{are_one_but_doubled, are_one_with_umlaut, folded, is_latin},
    gender::{Address, address_of},
    given_names::{
        Relation, are_of_one, are_two_endings, is_cut_or_mistyped, is_known, is_mistyped, is_slip_of_form, relation,
    },
};

/// Two words that are more alike than this differ by a slip of the pen (Jaro–Winkler).
const ALIKE: f64 = 0.84;
/// Shorter given names are near to many others.
const FEWEST_OF_GIVEN: usize = 5;
/// Of words written together and apart, more.
const JOINED_ALIKE: f64 = 0.94;

/// How two names stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameMatch {
    /// They name two people.
    Contradict,
    /// They differ by no more than a slip of the pen may, and as the names of two people do: `Frank` and `Franka`. People decide.
    Alike,
    /// One of them is missing.
    Unnamed,
    /// They can be of one person, as they can be of that person's relatives: initials, a first or a family name alone, Jr
    /// against nothing, two scripts.
    MayBe,
    /// They are of one person.
    Same,
}

/// Which of two people of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    Junior,
    Senior,
    Numbered(u8),
}

/// A name, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadName {
    words: Vec<String>,
    generation: Option<Generation>,
    address: Option<Address>,
}

const MEN: [&str; 8] = ["mr", "mister", "herr", "senor", "monsieur", "signor", "sig", "sir"];
const WOMEN: [&str; 13] =
    ["mrs", "ms", "miss", "mx", "frau", "fraulein", "senora", "senorita", "sra", "srta", "madame", "mme", "signora"];
/// Before a name, and no word of it.
const TITLES: [&str; 16] = [
    "dr",
    "prof",
    "professor",
    "doctor",
    "rev",
    "fr",
    "hon",
    "dipl",
    "ing",
    "capt",
    "familie",
    "fam",
    "family",
    "famille",
    "familia",
    "eheleute",
];
/// Behind a name, and no word of it.
const DEGREES: [&str; 7] = ["phd", "md", "esq", "mba", "cpa", "dds", "family"];
/// Behind a name that is written without blanks, and no part of it.
static HONORIFICS: LazyLock<Vec<String>> = LazyLock::new(|| {
    ["様", "さん", "さま", "先生", "氏", "女士", "小姐", "님", "씨"].iter().map(|end| folded(end).concat()).collect()
});
/// Between two people, or two family names.
const JOINTS: [&str; 4] = ["and", "und", "y", "et"];
/// Before the family name that somebody was born with.
const BORN: [&str; 3] = ["geb", "geborene", "nee"];

fn generation_of(word: &str) -> Option<Generation> {
    Some(match word {
        "jr" | "jnr" | "junior" => Generation::Junior,
        "sr" | "snr" | "senior" => Generation::Senior,
        "ii" | "2nd" => Generation::Numbered(2),
        "iii" | "3rd" => Generation::Numbered(3),
        "iv" | "4th" => Generation::Numbered(4),
        _ => return None,
    })
}

impl ReadName {
    /// Reads a name as it was written.
    #[must_use]
    pub fn read(written: &str) -> Self {
        let mut words = folded(written);
        let mut read = Self::default();
        // `Sr` before a name is a señor, after it a father. A name may be nothing but what looks like a title.
        while words.len() > 1 {
            let first = words[0].as_str();
            let (is_man, is_woman) = (MEN.contains(&first) || first == "sr", WOMEN.contains(&first));
            let is_joint = read.address.is_some() && JOINTS.contains(&first);
            if !is_man && !is_woman && !is_joint && !TITLES.contains(&first) {
                break;
            }
            // `Mr and Mrs` is both.
            read.address = match (read.address, is_man, is_woman) {
                (None, true, _) => Some(Address::Man),
                (None, _, true) if first != "mx" => Some(Address::Woman),
                (before, false, false) => before,
                (Some(Address::Man), true, _) => Some(Address::Man),
                (Some(Address::Woman), _, true) => Some(Address::Woman),
                _ => None,
            };
            words.remove(0);
        }
        let bare = words.last().and_then(|last| HONORIFICS.iter().find_map(|end| last.strip_suffix(end.as_str())));
        if let Some(bare) = bare.map(str::to_owned) {
            words.pop();
            words.push(bare);
        }
        words.retain(|word| !word.is_empty());
        while words.len() > 1 {
            let last = words[words.len() - 1].as_str();
            let generation = generation_of(last);
            if generation.is_none() && !DEGREES.contains(&last) {
                break;
            }
            read.generation = read.generation.or(generation);
            words.pop();
        }
        let last = words.len().saturating_sub(1);
        let is_none = |at: usize, word: &str| JOINTS.contains(&word) || 0 < at && at < last && BORN.contains(&word);
        let words = words.into_iter().enumerate().filter(|(at, word)| !is_none(*at, word));
        read.words = words.map(|(_, word)| word).collect();
        read
    }

    /// Nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether the given name is an initial alone.
    pub(super) fn begins_with_initial(&self) -> bool {
        self.words.first().is_some_and(|first| is_initial(first))
    }

    /// How many of its words are more than an initial.
    #[must_use]
    pub fn whole_words(&self) -> usize {
        self.words.iter().filter(|word| !is_initial(word)).count()
    }

    /// Whether it is the same name and says more of it: more whole words, or a form that is as long at least in place of another one
    /// (`Samuel` of `Sam`, `John` of `Jack`). A slip of the pen says nothing more.
    pub(super) fn says_more_than(&self, other: &Self) -> bool {
        let is_form = |word: &String, known: &String| {
            word_against(word, known) == WordMatch::Form && word.chars().count() >= known.chars().count()
        };
        let is_longer =
            |word: &String| !other.words.contains(word) && other.words.iter().any(|known| is_form(word, known));
        self.against(other) >= NameMatch::MayBe
            && (self.whole_words() > other.whole_words() || self.words.iter().any(is_longer))
    }

    /// How this name stands to another.
    #[must_use]
    pub fn against(&self, other: &Self) -> NameMatch {
        if self.words.is_empty() || other.words.is_empty() {
            return NameMatch::Unnamed;
        }
        if self.is_apart(other) {
            return NameMatch::Contradict;
        }
        let words = words_against(&self.words, &other.words);
        let may_differ = self.generation != other.generation;
        if words == NameMatch::Same && may_differ { NameMatch::MayBe } else { words }
    }
}

impl ReadName {
    /// Whether it is the same given name beside another family name. Of the words of a whole name that is the first; where they
    /// were swapped, one that the table knows, or one beside words of which it knows none.
    #[must_use]
    pub fn shares_given(&self, other: &Self) -> bool {
        if self.words.len() < 2 || other.words.len() < 2 || self.is_apart(other) {
            return false;
        }
        // Written apart in one of them: `Jord an`.
        let (mine, theirs) = (joined_like(&self.words, &other.words), joined_like(&other.words, &self.words));
        mine.iter().enumerate().any(|(at, one)| {
            theirs.iter().enumerate().any(|(place, two)| {
                let is_swapped = (at == 0) != (place == 0);
                let is_given = (at, place) == (0, 0)
                    || is_known(one) && is_known(two)
                    || is_swapped && !knows_beside(&mine, at) && !knows_beside(&theirs, place);
                is_given && !is_initial(one) && !is_initial(two) && is_one_given(one, two)
            })
        })
    }

    /// Whether nothing but slips of the pen parts it from a name that is alike: none of its words is another name that people have,
    /// nor the same one with the ending of a couple's, nor a given name that no table knows and that differs by more than a slip.
    #[must_use]
    pub fn is_slip_of(&self, other: &Self) -> bool {
        let (mine, theirs) = (joined_like(&self.words, &other.words), joined_like(&other.words, &self.words));
        // Twins are called Minjun and Minji.
        let is_anywhere = mine.iter().chain(&theirs).any(|word| is_written_first(word));
        mine.iter().enumerate().all(|(at, one)| {
            let alike = |two: &String| matches!(word_against(one, two), WordMatch::Form | WordMatch::Alike);
            theirs.iter().enumerate().filter(|(_, two)| alike(two)).all(|(place, two)| {
                let is_given = is_anywhere || (at, place) == (0, 0);
                let are_two = is_known(one) && is_known(two) || are_two_endings(one, two);
                (!are_two || is_cut_or_mistyped(one, two)) && !(is_given && are_slips_apart(one, two))
            })
        })
    }

    /// Whether nothing parts it from another name but one slip of the pen in a given name that the table knows, which makes a word of
    /// it that is nobody's name: `Donan Stone` is Donna Stone. Brothers are called Barry and Harry: another first letter is a slip only
    /// where the caller says that it may be, by `begins_otherwise`.
    #[must_use]
    pub fn is_mistyped(&self, other: &Self, begins_otherwise: bool) -> bool {
        let (mine, theirs) = (joined_like(&self.words, &other.words), joined_like(&other.words, &self.words));
        let mut theirs_left: Vec<&str> = theirs.iter().map(String::as_str).collect();
        let mut mine_left: Vec<&str> = mine.iter().map(String::as_str).collect();
        mine_left.retain(|word| match theirs_left.iter().position(|known| word == known) {
            Some(at) => {
                theirs_left.remove(at);
                false
            }
            None => true,
        });
        let ([one], [two]) = (&mine_left[..], &theirs_left[..]) else { return false };
        mine.len() > 1
            && self.generation == other.generation
            && is_mistyped(one, two)
            && (begins_otherwise || one.chars().next() == two.chars().next())
    }

    /// Jr against Sr, Mr against Mrs.
    fn is_apart(&self, other: &Self) -> bool {
        let apart = |one, other| matches!((one, other), (Some(one), Some(other)) if one != other);
        apart(self.generation, other.generation)
            || self.address.zip(other.address).is_some_and(|(a, b)| a != b)
            || self.is_addressed_unlike(other)
            || other.is_addressed_unlike(self)
    }

    /// `Frau Low` against Peter Low: a title beside a family name alone, and the other sex's given name. Beside a given name a title
    /// says little: forms have one by default.
    fn is_addressed_unlike(&self, named: &Self) -> bool {
        let given = named.words.first().filter(|_| named.words.len() > 1).and_then(|given| address_of(given));
        self.words.len() == 1 && self.address.zip(given).is_some_and(|(title, given)| title != given)
    }
}

/// Whether another word than this one is a given name of the table.
fn knows_beside(words: &[String], at: usize) -> bool {
    words.iter().enumerate().any(|(place, word)| place != at && is_known(word))
}

fn is_one_given(one: &str, two: &str) -> bool {
    match word_against(one, two) {
        WordMatch::Equal => true,
        WordMatch::Form | WordMatch::Alike => !may_be_two(one, two) || are_one_slip_apart(one, two),
        WordMatch::Initial | WordMatch::Other => false,
    }
}

fn is_initial(word: &str) -> bool {
    word.chars().count() == 1 && is_latin(word)
}

fn words_against(one: &[String], other: &[String]) -> NameMatch {
    let (one, other) = (joined_like(one, other), joined_like(other, one));
    if one.concat() == other.concat() || are_one_turned(&one, &other) {
        return NameMatch::Same;
    }
    // Two ways of writing: nothing shows that they differ.
    if one.iter().all(|word| is_latin(word)) != other.iter().all(|word| is_latin(word)) {
        return NameMatch::MayBe;
    }
    let (fewer, more) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    if let [word] = &fewer[..]
        && are_initials(word, more)
    {
        return NameMatch::MayBe;
    }
    let mut left: Vec<&str> = more.iter().map(String::as_str).collect();
    let mut waiting: Vec<&str> = fewer.iter().map(String::as_str).collect();
    let (mut is_initial, mut are_two, mut has_equal) = (false, false, false);
    // What fits best is matched first: `Ann A Lee` is `A Ann Lee` by two words and an initial.
    for wanted in [WordMatch::Equal, WordMatch::Form, WordMatch::Alike, WordMatch::Initial] {
        waiting.retain(|word| match left.iter().position(|known| word_against(word, known) == wanted) {
            Some(at) => {
                let known = left.remove(at);
                is_initial |= wanted == WordMatch::Initial;
                has_equal |= wanted == WordMatch::Equal && word.chars().count() > 1;
                are_two |= matches!(wanted, WordMatch::Form | WordMatch::Alike)
                    && are_two_given(PlacedWord::of(fewer, word), PlacedWord::of(more, known), has_equal);
                false
            }
            None => true,
        });
    }
    if !waiting.is_empty() {
        return NameMatch::Contradict;
    }
    if are_two || are_given_turned(fewer, more) || is_named_after(fewer, more) {
        return NameMatch::Alike;
    }
    let is_part = fewer.len() == 1 && more.len() > 1;
    if is_initial || is_part { NameMatch::MayBe } else { NameMatch::Same }
}

/// Whether two names of a script without blanks are one, written apart with the family name last, and together with it first.
fn are_one_turned(one: &[String], other: &[String]) -> bool {
    let is_turned = |apart: &[String], whole: &[String]| matches!((apart, whole), ([given, family], [whole]) if !is_latin(whole) && *whole == format!("{family}{given}"));
    is_turned(one, other) || is_turned(other, one)
}

/// Whether two names have the same given names in another order before the same family name: María José is a woman, and José
/// María a man.
fn are_given_turned(one: &[String], other: &[String]) -> bool {
    let [first, second, .., family] = one else { return false };
    let [other_first, other_second, .., other_family] = other else { return false };
    one.len() == other.len()
        && (family, first, second) == (other_family, other_second, other_first)
        && first != second
        && is_known(first)
        && is_known(second)
}

/// Whether a name is the end of another that has one more given name before it, both of them known: Mohammed Ahmed Ali may be the son
/// of Ahmed Ali. Where the second is the one a person goes by, people say so.
fn is_named_after(fewer: &[String], more: &[String]) -> bool {
    fewer.len() > 1
        && more.len() == fewer.len() + 1
        && more[1..] == *fewer
        && more.first().zip(fewer.first()).is_some_and(|(one, other)| is_known(one) && is_known(other) && one != other)
}

/// Whether a word is the initials of a name, in a word of their own: the `TB` of Tom Baker. A name that people have is none (`Al`).
fn are_initials(word: &str, of: &[String]) -> bool {
    of.len() > 1
        && is_latin(word)
        && !is_known(word)
        && !is_written_first(word)
        && word.chars().eq(of.iter().filter_map(|word| word.chars().next()))
}

/// A word and where it stands in its name.
#[derive(Clone, Copy)]
struct PlacedWord<'n> {
    word: &'n str,
    is_first: bool,
    /// Another word of the name is a given name of the table.
    is_beside_given: bool,
    /// The name begins with another word, which is a family name that is written first.
    is_behind_family: bool,
}

impl<'n> PlacedWord<'n> {
    fn of(words: &[String], word: &'n str) -> Self {
        let is_first = words.first().is_some_and(|first| first == word);
        let is_behind_family = !is_first && words.first().is_some_and(|first| is_written_first(first));
        let is_beside_given = words.iter().any(|other| other != word && is_known(other));
        Self { word, is_first, is_beside_given, is_behind_family }
    }
}

/// Whether two words that are alike are given names, by where they stand, and may be those of two people. A family name that
/// is written first is known by the given name beside it. Beside the same family name, one slip makes no other of a name that
/// nobody has.
fn are_two_given(one: PlacedWord<'_>, other: PlacedWord<'_>, is_family_same: bool) -> bool {
    let are_two =
        |one: &str, other: &str| may_be_two(one, other) && !(is_family_same && are_one_slip_apart(one, other));
    match (one.is_first, other.is_first) {
        (true, true) => are_two(one.word, other.word),
        _ if one.is_behind_family || other.is_behind_family => are_two(one.word, other.word),
        (false, false) => false,
        _ if one.is_beside_given || other.is_beside_given => are_two_endings(one.word, other.word),
        _ => are_two(one.word, other.word),
    }
}

/// Whether two given names that no table knows are one with a letter left out, put in, mistaken or swapped: `Priya`, `Prya`. Not
/// the first letter, by which brothers differ (`Rohit`, `Mohit`), and not an ending, by which a couple does (`Amit`, `Amita`).
fn are_one_slip_apart(one: &str, other: &str) -> bool {
    !is_known(one)
        && !is_known(other)
        && one.chars().count().max(other.chars().count()) >= FEWEST_OF_GIVEN
        && one.chars().next() == other.chars().next()
        && osa_distance(one, other) <= 1
        && !are_two_endings(one, other)
}

/// Whether two given names that no table knows differ by more than a slip of the pen, or two in a long one.
fn are_slips_apart(one: &str, other: &str) -> bool {
    let most = if one.chars().count().max(other.chars().count()) <= 7 { 1 } else { 2 };
    !is_known(one) && !is_known(other) && osa_distance(one, other) > most
}

/// Whether two given names that are alike may be those of two people: `Amit` and `Amita`, `Frank` and `Franka`. Not where one
/// is in the table, which the other is a slip of, nor where letters of unknown ones are swapped or doubled.
fn may_be_two(one: &str, other: &str) -> bool {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    match (is_known(one), is_known(other)) {
        (false, false) => letters(one) != letters(other) && !are_one_but_doubled(one, other),
        _ => !are_of_one(one, other),
    }
}

/// The words, two of them as one where the other name writes them together: `Anne Marie`, `O Brien`, `van der Berg`.
fn joined_like(words: &[String], other: &[String]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let run = (2..=3).rev().filter(|run| at + run <= words.len());
        let together = run.map(|run| (run, words[at..at + run].concat()));
        let found = together.into_iter().find(|(_, together)| {
            // Nearly letter by letter: `Robert Hall` begins as `Roberta` does, and is not that name written apart.
            let is_it =
                |word: &String| jaro_winkler(word, together) >= JOINED_ALIKE && osa_distance(word, together) <= 1;
            other.iter().any(|word| is_it(word) && !words.contains(word))
        });
        match found {
            Some((run, together)) => {
                joined.push(together);
                at += run;
            }
            None => {
                joined.push(words[at].clone());
                at += 1;
            }
        }
    }
    joined
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordMatch {
    Equal,
    Form,
    Alike,
    Initial,
    Other,
}

fn word_against(one: &str, other: &str) -> WordMatch {
    if one == other || are_one_with_umlaut(one, other) {
        return WordMatch::Equal;
    }
    if is_initial(one) || is_initial(other) {
        return if one.chars().next() == other.chars().next() { WordMatch::Initial } else { WordMatch::Other };
    }
    // Numbers tell apart whatever is beside them.
    if one.chars().chain(other.chars()).any(|c| c.is_ascii_digit()) {
        return WordMatch::Other;
    }
    match relation(one, other) {
        Relation::Forms => WordMatch::Form,
        Relation::Others => WordMatch::Other,
        Relation::Near if are_alike(one, other) => WordMatch::Alike,
        Relation::Near => WordMatch::Other,
        Relation::Unknown if are_alike(one, other) || is_slip_of_form(one, other) => WordMatch::Alike,
        Relation::Unknown => WordMatch::Other,
    }
}

/// Whether a slip of the pen makes one word into the other: most of it is the same, or one letter of some, two of many, were
/// left out, put in, mistaken or swapped.
fn are_alike(one: &str, other: &str) -> bool {
    let slips = match one.chars().count().max(other.chars().count()) {
        0..=2 => return false,
        3 if one.chars().next() != other.chars().next() => return false,
        3..=6 => 1,
        _ => 2,
    };
    jaro_winkler(one, other) >= ALIKE || osa_distance(one, other) <= slips
}
