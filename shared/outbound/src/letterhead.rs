//! What stands around every mail: who sends it, for which client, to whom; and the words of the questions in it.

use jiff::Timestamp;
use ripen_domain::{calling::Hours, criteria::QuestionWords, delivery::ClientEvent};

use crate::plain;

/// Longest name, in characters.
const NAME: usize = 80;

/// Whose mail it is. Empty names are left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Letterhead<'a> {
    /// The firm that sends it.
    pub firm: &'a str,
    /// The client that it is for.
    pub client: &'a str,
    /// How the questions are asked whose answers it tells.
    pub questions: &'a [QuestionWords],
    /// It goes to the client's fallback, and not where its leads usually go.
    pub is_fallback: bool,
    /// What the person's local time is told by; no local time is told where there is none.
    pub calling: Option<CallingTerms<'a>>,
    /// Of an update, what its reader was told of the lead last: what stands in there is no news.
    pub told_before: Option<&'a ClientEvent>,
    /// Of what went wrong, whom it touches.
    pub names: AlarmNames<'a>,
}

/// By what it is told when a person may be called.
#[derive(Debug, Clone, Copy)]
pub struct CallingTerms<'a> {
    /// When people may be called.
    pub hours: &'a Hours,
    /// Where the person is taken to be who says no country: the client's, ISO 3166 alpha-2.
    pub country: &'a str,
    /// When the mail is written.
    pub now: Timestamp,
}

/// Whom it touches that something went wrong, as far as that is known.
#[derive(Clone, Copy, Default)]
pub struct AlarmNames<'a> {
    /// The person whose lead it is.
    pub person: Option<&'a str>,
    /// The rep it was for.
    pub rep: Option<&'a str>,
    /// Where it was to go.
    pub endpoint: Option<&'a str>,
}

/// The names are contact data.
impl std::fmt::Debug for AlarmNames<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AlarmNames(…)")
    }
}

/// The same as templates write it.
pub(crate) struct MailHead {
    pub(crate) client: String,
    /// Who gets it: `for Rosa Delgado`.
    pub(crate) reader: Option<String>,
    /// Who sends it, and that nothing watches.
    pub(crate) footer: String,
}

impl MailHead {
    pub(crate) fn of(letterhead: &Letterhead<'_>, reader: Option<&str>) -> Self {
        let (firm, client) = (plain::line(letterhead.firm, NAME), plain::line(letterhead.client, NAME));
        let reader = reader.map(|reader| plain::line(reader, NAME)).filter(|reader| !reader.is_empty());
        let by = match (firm.is_empty(), client.is_empty()) {
            (true, true) => None,
            (true, false) => Some(format!("Sent for {client}.")),
            (false, true) => Some(format!("Sent by {firm}.")),
            (false, false) => Some(format!("Sent by {firm} for {client}.")),
        };
        let footer = [by.as_deref(), Some("Nothing in this mail watches whether you read it.")];
        Self {
            client,
            reader: reader.map(|reader| format!("for {reader}")),
            footer: footer.into_iter().flatten().collect::<Vec<_>>().join(" "),
        }
    }
}
