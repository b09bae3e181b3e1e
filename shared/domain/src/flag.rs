//! What of a submission could not be used as it came: which field, why, and the words that were not understood, so that
//! whoever calls the person can see them. The raw body still holds all of it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{contact::Phone, lead::words};

words! {
    /// Why something was flagged.
    FlagCode "flag" {
        /// The e-mail address cannot be used; the phone can.
        EmailUnusable = "email_unusable",
        /// The phone number cannot be used; the e-mail can.
        PhoneUnusable = "phone_unusable",
        /// The phone number fits its country's length but no known range.
        PhoneDoubtful = "phone_doubtful",
        /// The posted time is no time, lies before 2000, or after its receipt by more than clocks differ: the time of receipt counts.
        SubmittedAtUnusable = "submitted_at_unusable",
        /// The time zone is none that the tz database knows.
        TimeZoneUnknown = "time_zone_unknown",
        /// The country is none of ISO 3166's two-letter codes.
        CountryUnknown = "country_unknown",
        /// The channel is none of Ripen's words; the source's was used.
        ChannelUnknown = "channel_unknown",
        /// An optional field had another type than its own and was kept under `extra`.
        FieldUnusable = "field_unusable",
        /// A text was not in the encoding it named, nor in UTF-8: in which it is was guessed.
        EncodingGuessed = "encoding_guessed",
        /// A spreadsheet's formula came without what it computes: nothing is known of it.
        NoStoredValue = "no_stored_value",
        /// A spreadsheet shows the number by a format that may add to it, such as a plus or leading zeros, and that is not read.
        NumberFormat = "number_format",
        /// A spreadsheet rounded the number: it has lost digits, and names nothing.
        Rounded = "rounded",
        /// Nearly the name of a field, or another address or number under a name of the sender's own: it was kept under `extra`.
        UnknownField = "unknown_field",
        /// Control characters were taken out of a text.
        ControlCharacters = "control_characters",
        /// A text was longer than its limit and was cut; the raw body has it whole.
        TextCut = "text_cut",
        /// The external id does not name one lead, with so many bodies, or with those of strangers under it: the lead stands for itself.
        ExternalIdShared = "external_id_shared",
        /// The field held several phone numbers: the first is used.
        SecondPhone = "second_phone",
        /// Words stood beside the phone number, such as `after 5 pm`: the number is used, and whoever calls reads the words.
        PhoneRemark = "phone_remark",
        /// The field held an address or a number, which must not be contacted: it is not told.
        SecondSuppressed = "second_suppressed",
        /// Under one external id came another name, another address and another number: the newest are used.
        AnotherPerson = "another_person",
        /// It was said before what is known: that stands.
        OlderThanKnown = "older_than_known",
        /// Its sender says that the person must not be contacted: nobody does, for this client.
        DoNotContact = "do_not_contact",
        /// Among other words it may say that the person must not be contacted: somebody has to read it before they are.
        WishUnclear = "wish_unclear",
        /// The phone number leads to somebody else, as a call told: it was not used.
        WrongNumber = "wrong_number",
        /// The answer is no number.
        NoNumber = "no_number",
        /// The answer could be two numbers: 450.000.
        UnclearNumber = "unclear_number",
        /// The number is less or more than the question allows.
        OutOfRange = "out_of_range",
        /// The answer is no date.
        NoDate = "no_date",
        /// The answer could be two dates: 03/04/2027.
        UnclearDate = "unclear_date",
        /// The answer is neither yes nor no.
        NoYesOrNo = "no_yes_or_no",
        /// The answer is none of the question's choices.
        UnknownChoice = "unknown_choice",
        /// The answer is no text.
        NoText = "no_text",
        /// The script asks no such question.
        UnknownQuestion = "unknown_question",
    }
}

impl FlagCode {
    /// Whether what is said shows it, whoever looks: bodies that differ in such a flag alone are the same.
    pub(crate) const fn is_of_what_is_said(self) -> bool {
        matches!(
            self,
            Self::EncodingGuessed
                | Self::NoStoredValue
                | Self::NumberFormat
                | Self::Rounded
                | Self::UnknownField
                | Self::DoNotContact
                | Self::WishUnclear
        )
    }

    /// Whether it is about how a text was read out of a file: whoever read it there alone can say so.
    #[must_use]
    pub const fn is_of_reading(self) -> bool {
        matches!(self, Self::EncodingGuessed | Self::NoStoredValue | Self::NumberFormat)
    }

    /// The field that earlier versions meant, which kept the code alone; empty where it could be any.
    const fn field(self) -> &'static str {
        match self {
            Self::EmailUnusable => "email",
            Self::PhoneUnusable | Self::PhoneDoubtful | Self::SecondPhone | Self::PhoneRemark | Self::WrongNumber => {
                "phone"
            }
            Self::SubmittedAtUnusable => "submitted_at",
            Self::TimeZoneUnknown => "time_zone",
            Self::CountryUnknown => "country",
            Self::ChannelUnknown => "channel",
            Self::ExternalIdShared | Self::AnotherPerson => "external_id",
            _ => "",
        }
    }
}

/// Most characters of the words that are kept with a flag.
const LONGEST: usize = 120;

/// Something in a submission that could not be used as it came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Flag {
    /// The field, or the id of the question; empty where that is not known.
    pub field: String,
    /// Why.
    pub code: FlagCode,
    /// The words that could not be understood, cut where they go on for long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// What may have been meant: the nearest question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meant: Option<String>,
}

impl Flag {
    /// A flag without words.
    #[must_use]
    pub fn new(field: &str, code: FlagCode) -> Self {
        Self { field: field.to_owned(), code, said: None, meant: None }
    }

    /// As versions flagged it that did not tell these apart; none where they flagged nothing.
    pub(crate) fn before_it_was_told_apart(&self) -> Option<Self> {
        match self.code {
            FlagCode::Rounded if self.field == "external_id" => Some(Self::new(&self.field, FlagCode::FieldUnusable)),
            code if code.is_of_what_is_said() => None,
            _ => Some(self.clone()),
        }
    }

    /// With what may have been meant.
    #[must_use]
    pub fn meaning(self, meant: &str) -> Self {
        Self { meant: Some(meant.to_owned()), ..self }
    }

    /// With the words that could not be understood, in one line and cut.
    #[must_use]
    pub fn saying(self, words: &str) -> Self {
        let line: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = line.trim();
        let mut said: String = line.chars().take(LONGEST).collect();
        if said.len() < line.len() {
            said.push('…');
        }
        Self { said: Some(said).filter(|said| !said.is_empty()), ..self }
    }

    /// Without its words, which must not be told: what they say must not be contacted.
    pub fn withhold(&mut self) {
        (self.code, self.said, self.meant) = (FlagCode::SecondSuppressed, None, None);
    }

    /// A number that leads to somebody else, as a call told. Not told whole: flags go to the client, and it is a stranger's.
    #[must_use]
    pub fn wrong_number(void: &Phone) -> Self {
        let digits = void.number();
        let last = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default();
        Self::new("phone", FlagCode::WrongNumber).saying(&format!("ends in {last}"))
    }

    /// Without its words, which must not be told: they hold a stranger's number.
    pub fn withhold_void(&mut self, void: &Phone) {
        let wrong = Self::wrong_number(void);
        (self.code, self.said, self.meant) = (wrong.code, wrong.said, None);
    }

    /// One line for people: `budget: no_number ("about half a million")`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let what = self.code.word().replace('_', " ");
        let mut line = if self.field.is_empty() { what } else { format!("{}: {what}", self.field) };
        if let Some(said) = &self.said {
            line.push_str(&format!(" ({said})"));
        }
        if let Some(meant) = &self.meant {
            line.push_str(&format!(", did you mean {meant}?"));
        }
        line
    }
}

/// The words may be contact data.
impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.field, self.code)
    }
}

/// Flags as they are stored: of this version, or of those before, which kept codes alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredFlag {
    Code(FlagCode),
    Whole {
        #[serde(default)]
        field: String,
        code: FlagCode,
        #[serde(default)]
        said: Option<String>,
        #[serde(default)]
        meant: Option<String>,
    },
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match StoredFlag::deserialize(deserializer)? {
            StoredFlag::Code(code) => Self::new(code.field(), code),
            StoredFlag::Whole { field, code, said, meant } => Self { field, code, said, meant },
        })
    }
}

/// How often a field was flagged for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagCount {
    /// The field.
    pub field: String,
    /// Why.
    pub code: FlagCode,
    /// How often.
    pub count: usize,
}

/// Counts flags by field and code: of a list, of a source.
#[must_use]
pub fn counted<'f>(flags: impl IntoIterator<Item = &'f Flag>) -> Vec<FlagCount> {
    let mut counts: BTreeMap<(&str, FlagCode), usize> = BTreeMap::new();
    for flag in flags {
        *counts.entry((&flag.field, flag.code)).or_default() += 1;
    }
    counts.into_iter().map(|((field, code), count)| FlagCount { field: field.to_owned(), code, count }).collect()
}

/// The flags of one arrival, as far as a lead's other arrivals leave them standing.
pub struct FlaggedArrival {
    /// What could not be used of it.
    pub flags: Vec<Flag>,
    /// The questions that were answered after it.
    pub answered_since: Vec<String>,
}

/// What is still not understood of a lead: per field the flags of the newest arrival that has any, without questions that
/// were answered since. Arrivals come newest first.
#[must_use]
pub fn standing(arrivals: impl IntoIterator<Item = FlaggedArrival>) -> Vec<Flag> {
    let mut standing: Vec<Flag> = Vec::new();
    for arrival in arrivals {
        let known: Vec<_> = standing.iter().map(|flag| flag.field.clone()).collect();
        let new = arrival.flags.into_iter();
        let new = new.filter(|flag| !known.contains(&flag.field) && !arrival.answered_since.contains(&flag.field));
        standing.extend(new);
    }
    standing.sort();
    standing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_earlier_versions_are_read() {
        let read: Vec<Flag> = serde_json::from_str(
            r#"["phone_unusable", "text_cut", {"field": "budget", "code": "no_number", "said": "about half a million"}]"#,
        )
        .unwrap();
        assert_eq!(read[0], Flag::new("phone", FlagCode::PhoneUnusable));
        assert_eq!(read[1], Flag::new("", FlagCode::TextCut));
        assert_eq!(read[2], Flag::new("budget", FlagCode::NoNumber).saying("about half a million"));
        let again: Vec<Flag> = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        assert_eq!(read[2].in_words(), "budget: no number (about half a million)");
    }

    #[test]
    fn long_words_are_cut_and_stay_one_line() {
        let flag = Flag::new("budget", FlagCode::NoNumber).saying(&"é\n".repeat(200));
        let said = flag.said.unwrap();
        assert!(said.chars().count() == LONGEST + 1 && said.ends_with('…') && !said.contains('\n'));
    }

    #[test]
    fn flags_are_counted_by_field_and_code() {
        let flags = [
            Flag::new("budget", FlagCode::NoNumber).saying("a lot"),
            Flag::new("budget", FlagCode::NoNumber).saying("some"),
            Flag::new("phone", FlagCode::PhoneUnusable),
        ];
        let counts: Vec<_> = counted(&flags).into_iter().map(|one| (one.field, one.count)).collect();
        assert_eq!(counts, [("budget".to_owned(), 2), ("phone".to_owned(), 1)]);
    }

    #[test]
    fn a_newer_arrival_and_a_later_answer_take_a_flag_away() {
        let flag = |field: &str, said: &str| Flag::new(field, FlagCode::NoNumber).saying(said);
        let newest = FlaggedArrival { flags: vec![flag("budget", "much")], answered_since: vec![] };
        let oldest = FlaggedArrival {
            flags: vec![flag("budget", "some"), flag("rooms", "few")],
            answered_since: vec!["rooms".into()],
        };
        assert_eq!(standing([newest, oldest]), [flag("budget", "much")]);
    }

    #[test]
    fn debug_shows_no_words() {
        assert_eq!(format!("{:?}", Flag::new("phone", FlagCode::PhoneUnusable).saying("415")), "phone:phone_unusable");
    }
}
