//! What the law leaves of the day, as far as it is known: hours, holidays and calls per number, by country and state. The rules
//! are shipped as `data/calling-rules.toml`, each with its source and date. A firm may be stricter; to be laxer it gives a reason.

use std::{fmt, str::FromStr, sync::LazyLock};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    CallLimit, Day, Holiday, InvalidCalling, Region, Window,
    window::{days_of, short},
};
use crate::lead::words;

/// The file as a firm can read it.
pub const SHIPPED_RULES: &str = include_str!("../../data/calling-rules.toml");

words! {
    /// What a shipped rule speaks of.
    RuleSubject "subject of a calling rule" {
        /// Hours of the day and days of the week.
        Hours = "hours",
        /// Days of the year.
        Holidays = "holidays",
        /// Calls per number.
        Calls = "calls",
    }
}

/// Rules that count in a country or state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingRule {
    /// Where.
    pub place: Region,
    /// The only hours in which people are called; none where the rule says nothing of hours.
    pub hours: Vec<OpenHours>,
    /// Days on which nobody is called.
    pub holidays: Vec<Holiday>,
    /// How often one number is called.
    pub calls: Vec<CallLimit>,
    /// The law or regulation.
    pub source: String,
    /// When somebody last looked.
    pub as_of: Date,
}

impl CallingRule {
    /// Whether it says something of this.
    #[must_use]
    pub const fn speaks_of(&self, subject: RuleSubject) -> bool {
        match subject {
            RuleSubject::Hours => !self.hours.is_empty(),
            RuleSubject::Holidays => !self.holidays.is_empty(),
            RuleSubject::Calls => !self.calls.is_empty(),
        }
    }

    /// The hours of a day.
    pub(super) fn on(&self, day: Day) -> impl Iterator<Item = Window> {
        self.hours.iter().filter(move |open| (open.first..=open.last).contains(&day)).map(|open| open.window)
    }
}

/// `US-RI: mon-fri 09:00-18:00, sat 10:00-17:00 (R.I. Gen. Laws § 5-61-3.6)`
impl fmt::Display for CallingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let holidays = (!self.holidays.is_empty()).then(|| format!("not on {} holidays", self.holidays.len()));
        let calls = self.calls.iter().map(|limit| format!("calls per number: {limit}"));
        let said: Vec<_> = self.hours.iter().map(ToString::to_string).chain(holidays).chain(calls).collect();
        write!(f, "{}: {} ({})", self.place, said.join(", "), self.source)
    }
}

/// The same hours on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenHours {
    first: Day,
    last: Day,
    window: Window,
}

impl FromStr for OpenHours {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        let invalid = || InvalidCalling::Exception(short(text));
        let (days, hours) = text.split_once(' ').ok_or_else(invalid)?;
        let (from, to) = hours.split_once('-').ok_or_else(invalid)?;
        let (first, last) = days_of(days).ok_or_else(|| InvalidCalling::Days(short(days)))?;
        Ok(Self { first, last, window: Window::new(from.parse()?, to.parse()?)? })
    }
}

impl fmt::Display for OpenHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (Day::Monday, Day::Sunday) => f.write_str("all")?,
            (first, last) if first == last => write!(f, "{first}")?,
            (first, last) => write!(f, "{first}-{last}")?,
        }
        write!(f, " {}", self.window)
    }
}

/// All rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallingRules {
    rules: Vec<CallingRule>,
}

/// A document that is no file of rules.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRules {
    /// No such TOML.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A part says nothing.
    #[error("{0}")]
    Part(#[from] InvalidCalling),
    /// No date.
    #[error("{0}")]
    Date(#[from] jiff::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    rule: Vec<RuleEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    place: String,
    #[serde(default)]
    hours: Vec<String>,
    #[serde(default)]
    holidays: Vec<String>,
    #[serde(default)]
    calls: Vec<String>,
    source: String,
    as_of: String,
}

static SHIPPED: LazyLock<CallingRules> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "part of the program: a test reads the file, and no rule must go missing in silence"
    )]
    CallingRules::read(SHIPPED_RULES).expect("the shipped rules can be read")
});

impl CallingRules {
    /// Those that come with this program.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads a document.
    ///
    /// # Errors
    /// Says what is wrong with the first entry that says nothing.
    pub fn read(document: &str) -> Result<Self, InvalidRules> {
        let file: RulesFile = toml::from_str(document)?;
        let rules = file.rule.into_iter().map(RuleEntry::read).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// All of them, as in the file.
    #[must_use]
    pub fn all(&self) -> &[CallingRule] {
        &self.rules
    }

    /// Those that count in a place: its own and its country's.
    pub fn of(&self, place: Region) -> impl Iterator<Item = &CallingRule> {
        self.rules.iter().filter(move |rule| place.is_in(rule.place))
    }

    /// When somebody last looked at the entry that nobody has looked at for longest.
    #[must_use]
    pub fn oldest(&self) -> Option<Date> {
        self.rules.iter().map(|rule| rule.as_of).min()
    }
}

impl RuleEntry {
    fn read(self) -> Result<CallingRule, InvalidRules> {
        let place = self.place.parse().map_err(|()| InvalidCalling::Place(self.place.clone()))?;
        let all = |texts: &[String]| texts.iter().map(|text| text.parse()).collect::<Result<Vec<Holiday>, _>>();
        Ok(CallingRule {
            place,
            hours: self.hours.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            holidays: all(&self.holidays)?,
            calls: self.calls.iter().map(|text| text.parse()).collect::<Result<_, _>>()?,
            source: self.source,
            as_of: self.as_of.parse()?,
        })
    }
}

/// A shipped rule that a firm does not keep, and why it need not: `US-UT holidays: the person asked for the call`, or as a
/// table `{ place = "US-UT", what = "holidays", why = "…" }`. Without `what`, all rules of the place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LooseningForm", into = "String")]
pub struct Loosening {
    /// Whose rules.
    pub place: Region,
    /// Which of them; all where missing.
    pub what: Option<RuleSubject>,
    /// The firm's reason, in words.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "write { place = \"US-UT\", what = \"holidays\", why = \"they asked for the call\" }, or \"US-UT holidays: they asked\""
)]
enum LooseningForm {
    Text(String),
    Table(LooseningTable),
}

/// A key that is misspelt must not loosen more than was meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseningTable {
    place: String,
    what: Option<String>,
    why: String,
}

impl Loosening {
    /// Whether the rule's part does not count.
    #[must_use]
    pub fn covers(&self, rule: &CallingRule, subject: RuleSubject) -> bool {
        self.place == rule.place && self.what.is_none_or(|what| what == subject)
    }

    fn new(place: &str, what: Option<&str>, why: &str) -> Result<Self, InvalidCalling> {
        let invalid = || {
            InvalidCalling::Loosening(short(&format!(
                "{place}{}: {why}",
                what.map_or(String::new(), |what| format!(" {what}"))
            )))
        };
        let what = what.map(|what| what.parse().map_err(|_| invalid())).transpose()?;
        let why = why.trim();
        if !why.chars().any(char::is_alphabetic) {
            return Err(invalid());
        }
        let place = place.parse().map_err(|()| InvalidCalling::Place(short(place)))?;
        Ok(Self { place, what, why: why.to_owned() })
    }
}

impl FromStr for Loosening {
    type Err = InvalidCalling;

    fn from_str(text: &str) -> Result<Self, InvalidCalling> {
        let (head, why) = text.split_once(':').ok_or_else(|| InvalidCalling::Loosening(short(text)))?;
        match head.split_ascii_whitespace().collect::<Vec<_>>()[..] {
            [place] => Self::new(place, None, why),
            [place, what] => Self::new(place, Some(what), why),
            _ => Err(InvalidCalling::Loosening(short(text))),
        }
    }
}

impl TryFrom<LooseningForm> for Loosening {
    type Error = InvalidCalling;

    fn try_from(form: LooseningForm) -> Result<Self, InvalidCalling> {
        match form {
            LooseningForm::Text(text) => text.parse(),
            LooseningForm::Table(table) => Self::new(&table.place, table.what.as_deref(), &table.why),
        }
    }
}

impl fmt::Display for Loosening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            Some(what) => write!(f, "{} {what}: {}", self.place, self.why),
            None => write!(f, "{}: {}", self.place, self.why),
        }
    }
}

impl From<Loosening> for String {
    fn from(loosening: Loosening) -> Self {
        loosening.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rule_is_read_and_names_its_source_and_its_date() {
        let rules = CallingRules::shipped().all();
        for rule in rules {
            assert!(rule.source.len() > 10, "{rule}");
            assert!(RuleSubject::ALL.iter().any(|subject| rule.speaks_of(*subject)), "{rule} says nothing");
            assert!(rule.as_of >= "2026-01-01".parse().unwrap(), "{rule}");
            assert!(rule.hours.iter().all(|open| open.to_string().parse() == Ok(*open)), "{rule}");
        }
        let mut places: Vec<_> = rules.iter().map(|rule| rule.place).collect();
        places.sort_unstable();
        assert!(places.is_sorted_by(|one, next| one < next), "two entries speak of one place");
        assert!(CallingRules::shipped().oldest().is_some());
    }

    #[test]
    fn a_state_is_under_its_countrys_rules_too() {
        let sources = |place: &str| -> Vec<String> {
            CallingRules::shipped().of(place.parse().unwrap()).map(|rule| rule.place.to_string()).collect()
        };
        assert_eq!(sources("US-FL"), ["US", "US-FL"]);
        assert_eq!(sources("US-PR"), ["US"]);
        assert_eq!(sources("FR"), ["FR"]);
        assert!(sources("JP").is_empty());
    }

    #[test]
    fn a_loosening_needs_a_place_and_a_reason() {
        for text in ["US-UT holidays: the person asked for the call", "US: all our calls are answers"] {
            assert_eq!(text.parse::<Loosening>().unwrap().to_string(), text);
        }
        for (text, why) in [
            ("US-UT", "loosens nothing"),
            ("US-UT:", "loosens nothing"),
            ("US-UT: ...", "loosens nothing"),
            ("US-UT sundays: they asked", "loosens nothing"),
            ("Utah: they asked", "is no place"),
        ] {
            assert!(text.parse::<Loosening>().unwrap_err().to_string().contains(why), "{text}");
        }
        let table: Loosening = toml::from_str::<std::collections::BTreeMap<String, Loosening>>(
            "a = { place = 'US-UT', what = 'calls', why = 'asked' }",
        )
        .unwrap()
        .remove("a")
        .unwrap();
        assert_eq!(table.to_string(), "US-UT calls: asked");
        let slip = "a = { place = 'US-UT', waht = 'calls', why = 'asked' }";
        let refused = toml::from_str::<std::collections::BTreeMap<String, Loosening>>(slip).unwrap_err().to_string();
        assert!(refused.contains("what = \"holidays\""), "{refused}");
    }

    #[test]
    fn a_file_that_says_nothing_is_refused() {
        let entry = |more: &str| format!("[[rule]]\nplace = 'US-FL'\nsource = 's'\nas_of = '2026-01-01'\n{more}");
        assert!(CallingRules::read(&entry("hours = ['all 08:00-20:00']")).is_ok());
        for more in ["hours = ['always']", "calls = ['3']", "holidays = ['soon']", "sundays = true"] {
            assert!(CallingRules::read(&entry(more)).is_err(), "{more}");
        }
        assert!(CallingRules::read("[[rule]]\nplace = 'Florida'\nsource = 's'\nas_of = '2026-01-01'").is_err());
    }
}
