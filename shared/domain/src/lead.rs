//! What a lead can be: its channel, stage and grade, and what became of it.

use crate::document::nearest;

/// A text that is none of the words it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no {what}: use one of {allowed}")]
pub struct UnknownWord {
    pub(crate) what: &'static str,
    pub(crate) given: String,
    pub(crate) allowed: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident $what:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        // The words are those of the database, of payloads and of documents: renaming one breaks what is stored.
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word used in the API, the database and the criteria.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::lead::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::lead::UnknownWord> {
                // Exactly the word: another spelling would be a second value in every comparison by text.
                Self::ALL.iter().copied().find(|value| value.word() == text).ok_or_else(|| $crate::lead::UnknownWord {
                    what: $what,
                    // Cut: the text may be of any length, and the message is logged and sent back.
                    given: text.chars().take(64).collect(),
                    allowed: Self::ALL.iter().map(|value| value.word()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How a lead arrives, ranked by how close it is to a conversation: the first is the closest.
    Channel "channel" {
        /// Met face to face.
        InPerson = "in_person",
        /// Rang or was rung.
        Phone = "phone",
        /// Wrote in a chat with a person.
        LiveChat = "live_chat",
        /// Sent by somebody who knows both sides.
        Referral = "referral",
        /// Filled in a form on the client's site.
        WebForm = "web_form",
        /// Filled in a form on a campaign's page.
        LandingPage = "landing_page",
        /// Wrote an e-mail.
        Email = "email",
        /// Answered on a social network.
        Social = "social",
        /// Bought from a vendor.
        Vendor = "vendor",
        /// Left details at a trade show.
        TradeShow = "trade_show",
        /// Answered a letter.
        DirectMail = "direct_mail",
        /// Stands on a list.
        List = "list",
    }
}

/// Networks whose name people write where the channel belongs.
const NETWORKS: [&str; 7] = ["facebook", "instagram", "tiktok", "linkedin", "twitter", "snapchat", "youtube"];

impl Channel {
    /// Whether leads come this way out of pages that anybody can read, and with them the token that they post to.
    #[must_use]
    pub const fn has_pages(self) -> bool {
        matches!(self, Self::WebForm | Self::LandingPage | Self::LiveChat | Self::Social)
    }

    /// The channel that a text names as people write it: `Trade Show`, `web-form`, `DIRECT MAIL`.
    #[must_use]
    pub fn as_written(text: &str) -> Option<Self> {
        let said = letters(text);
        Self::ALL.iter().copied().find(|channel| letters(channel.word()) == said)
    }

    /// The channel that a text that names none may mean: `web` may be `web_form`. For advice only, it is never taken for said.
    #[must_use]
    pub fn perhaps(text: &str) -> Option<Self> {
        let said = letters(text);
        if NETWORKS.contains(&said.as_str()) {
            return Some(Self::Social);
        }
        let holds = |channel: &Self| said.len() >= 3 && letters(channel.word()).contains(&said);
        let named = |channel: &Self| channel.word().len() >= 4 && said.contains(&letters(channel.word()));
        let found = Self::ALL.iter().copied().find(|channel| holds(channel) || named(channel));
        found.or_else(|| nearest(text.trim(), Self::ALL.iter().map(|channel| channel.word()))?.parse().ok())
    }
}

/// Letters and digits alone, small.
fn letters(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

words! {
    /// How far a lead has come. Closed leads and customers are not open.
    Stage "stage" {
        /// Anyone who might do business.
        Lead = "lead",
        /// Identity verified and interest expressed.
        Contact = "contact",
        /// The possible business is known.
        Opportunity = "opportunity",
        /// Won.
        Customer = "customer",
        /// No business, with a reason.
        Closed = "closed",
    }
}

words! {
    /// What a client says about a delivered lead.
    OutcomeKind "outcome" {
        /// The rep works it.
        Accepted = "accepted",
        /// Given back, with a reason.
        Returned = "returned",
        /// Later, with a date.
        NotYet = "not_yet",
        /// Sold.
        Won = "won",
        /// Not sold, with a reason.
        Lost = "lost",
    }
}

impl Stage {
    /// Whether the lead still has a next step.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Lead | Self::Contact | Self::Opportunity)
    }
}

words! {
    /// The grade of a decided lead. `A < B < C` in the order of the alphabet: a smaller one is better.
    Grade "grade" {
        /// Ready for the client's sales team.
        A = "A",
        /// Worth working.
        B = "B",
        /// Kept and looked at again.
        C = "C",
    }
}

/// Arrivals closer together than this are one enquiry.
pub const ENQUIRY_APART: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_a_wrong_one_names_the_right_ones() {
        for channel in Channel::ALL {
            assert_eq!(channel.word().parse(), Ok(*channel));
        }
        let error = "webform".parse::<Channel>().unwrap_err().to_string();
        assert!(error.contains("web_form") && error.contains("\"webform\""), "{error}");
    }

    #[test]
    fn a_channel_is_read_as_people_write_it_and_never_guessed() {
        for (said, channel) in [
            ("Trade Show", Channel::TradeShow),
            ("web-form", Channel::WebForm),
            ("WebForm", Channel::WebForm),
            (" DIRECT_MAIL ", Channel::DirectMail),
            ("e-mail", Channel::Email),
        ] {
            assert_eq!(Channel::as_written(said), Some(channel), "{said}");
        }
        for (said, perhaps) in [
            ("web", Some(Channel::WebForm)),
            ("Facebook", Some(Channel::Social)),
            ("referal", Some(Channel::Referral)),
            ("Trade Show 2026", Some(Channel::TradeShow)),
            ("telepathy", None),
            ("", None),
        ] {
            assert_eq!((Channel::as_written(said), Channel::perhaps(said)), (None, perhaps), "{said}");
        }
    }

    #[test]
    fn closed_leads_and_customers_are_not_open() {
        let open: Vec<_> = Stage::ALL.iter().filter(|stage| stage.is_open()).collect();
        assert_eq!(open, [&Stage::Lead, &Stage::Contact, &Stage::Opportunity]);
    }
}
