//! What a button of a row came to, as the page says it afterwards; and what the pages are asked for besides.

use ripen_store::queues::cursor::QueueCursor;
use ripen_web::extract::NamedFields;
use serde::Deserialize;
use serde_html_form::de::empty_as_none;
use utoipa::ToSchema;

/// What a button of a row came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueueTold {
    /// It is sent, or handled, once more.
    Again,
    /// An arrival is worked like others.
    Released,
    /// It is given up.
    Dropped,
    /// Somebody else saw to it meanwhile.
    Gone,
    /// Nothing was done: it was not said why.
    Why,
    /// Nothing was done: somebody else has the lead by now.
    GivenOn,
}

impl QueueTold {
    /// As an address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::Released => "released",
            Self::Dropped => "dropped",
            Self::Gone => "gone",
            Self::Why => "why",
            Self::GivenOn => "given_on",
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Again => "It is under way again.",
            Self::Released => "Released: it is worked like any other, dated as it was received.",
            Self::Dropped => "Dropped: it stays on record, and nobody works it.",
            Self::Gone => "That was over already: somebody else saw to it meanwhile, and nothing was done now.",
            Self::Why => "Nothing was done: say why in a few words.",
            Self::GivenOn => {
                "Nothing was sent: somebody else has that lead by now, and two would call. Its page says who; \u{201c}ripen delivery retry \u{2026} --confirm\u{201d} sends it all the same."
            }
        }
    }

    /// Whether it is not what was wanted.
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Gone | Self::Why | Self::GivenOn)
    }
}

/// What the page is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct QueuesQuery {
    /// What became of what a button did.
    pub told: Option<QueueTold>,
}

impl NamedFields for QueuesQuery {
    fn hint(_: &str) -> &'static str {
        "Write again, released, dropped, gone, why or given_on."
    }
}

/// Which rows the page of a list shows.
#[derive(Debug, Default, Deserialize)]
pub struct RowsQuery {
    /// Only of this client: its slug.
    pub client: Option<String>,
    /// Of what is held, only what has no date.
    #[serde(default)]
    pub undated: bool,
    /// Behind this row: where the page before ended.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub after: Option<QueueCursor>,
    /// What became of what a button did.
    pub told: Option<QueueTold>,
}

impl NamedFields for RowsQuery {
    fn hint(field: &str) -> &'static str {
        match field {
            "after" => "Write the next of the page before.",
            "undated" => "Write true.",
            "told" => QueuesQuery::hint(field),
            _ => "Write a client's slug.",
        }
    }
}
