//! The mark between two pages of a list, in an address.

use ripen_domain::id::LeadId;
use ripen_store::lead::list::LeadCursor;
use serde::Deserialize;

/// Where a page ended, as an address carries it: a number, a dot, a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PageMark(pub LeadCursor);

impl TryFrom<String> for PageMark {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts = text.split_once('.');
        let cursor =
            parts.and_then(|(at, lead)| Some(LeadCursor { at: at.parse().ok()?, lead: lead.parse::<LeadId>().ok()? }));
        cursor.map(Self).ok_or("no mark of a page")
    }
}

impl std::fmt::Display for PageMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0.at, self.0.lead)
    }
}
