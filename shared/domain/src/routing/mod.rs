//! Routing: which of a client's reps and endpoints a matured lead goes to, by the client's own document.
//!
//! [`Routing::load`] reads and checks a document, all mistakes at once. [`route`] applies it to one lead and to how the
//! client's recipients stand at an instant; what comes out, [`Routed`], says where the lead goes or until when it is held,
//! and for everybody who was passed over why. A lead is never dropped: what nobody can take now is held. Everything here is
//! pure: who loads recipients and rotations, writes deliveries and releases what was held is the qualifier's and the
//! dispatcher's business.

mod held_order;
mod hours;
mod lead_offer;
mod offer_shows;
mod parse_document;
mod recipient;
mod result;
mod rotation;
mod route;
mod route_reader;
mod rule;
mod surroundings;
mod tier;
mod unreachable;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use held_order::WaitingLead;
pub use hours::{InvalidHours, OpeningHours, Schedule};
pub use lead_offer::{InvalidTransition, LeadOffer, OfferOver};
pub use parse_document::LoadedRouting;
pub use recipient::{Away, Capacity, ClientLimit, Pause, Recipient, RecipientId};
pub use result::{Assignment, Chosen, Delivered, Later, Passed, PassedOver, Routed, RulePassed};
pub use rotation::{Rotation, Turn};
pub use route::{MaturedLead, Sales, route};
pub use surroundings::{NamedRecipient, Surroundings};
pub use tier::{HoldReason, Tier};

use crate::{
    criteria::{Condition, Conditions, Facts},
    delivery::OfferTerms,
    hash::ContentHash,
    lead::words,
};

words! {
    /// How a lead is given to the recipients of a rule.
    Mode "mode" {
        /// Each of them gets it.
        All = "all",
        /// One of them, in turn.
        RoundRobin = "round_robin",
        /// One of them, in turn by weight.
        Weighted = "weighted",
        /// Offered to all of them; who accepts first has it.
        FirstToClaim = "first_to_claim",
    }
}

/// The rule that counts where no other holds. No rule of a document may be called so.
pub const DEFAULT: &str = "default";

/// One client's routing, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Routing {
    about: Option<String>,
    /// In the document's order: the first that holds counts.
    rules: Vec<RoutingRule>,
    /// What counts where none holds.
    default: RoutingRule,
    owner: Option<RuleRecipient>,
    /// How long a lead waits for those who come first before it goes on to those who come next.
    wait_at_most: SignedDuration,
    /// How long an offer stands.
    claim_within: SignedDuration,
    /// What an offer names of the lead.
    offer_shows: offer_shows::OfferShows,
    conditions: Conditions,
    hash: ContentHash,
}

/// Who gets the leads for which a condition holds.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutingRule {
    /// Unique in the document.
    pub id: Arc<str>,
    /// Why, in the manager's words.
    pub because: Arc<str>,
    /// How the recipients get them.
    pub mode: Mode,
    /// Who gets them.
    pub recipients: Vec<RuleRecipient>,
    /// Who gets them while no recipient can, in this order.
    pub fallback: Vec<RuleRecipient>,
    when: RuleCondition,
}

/// When a rule holds.
#[derive(Debug, Clone, PartialEq)]
enum RuleCondition {
    Always,
    Holds(Condition),
    /// The condition no longer fits what the script asks: why.
    Unfit(Arc<str>),
}

/// One recipient of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRecipient {
    /// As the document calls it.
    pub name: Arc<str>,
    /// Who that is; none where nobody is called so any more.
    pub id: Option<RecipientId>,
    /// How many leads it gets for each one that a recipient of weight 1 gets.
    pub weight: u32,
}

impl Routing {
    /// What it is about, in the manager's words.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The rules in the order in which they are asked; the last is the default, which always holds.
    pub fn rules(&self) -> impl Iterator<Item = &RoutingRule> {
        // The default last, as it is asked: what is listed is the order that counts.
        self.rules.iter().chain([&self.default])
    }

    /// Who gets what nobody else can take.
    #[must_use]
    pub const fn owner(&self) -> Option<&RuleRecipient> {
        self.owner.as_ref()
    }

    /// What an offer of a lead says that stands until then.
    #[must_use]
    pub fn offer_terms(&self, facts: &Facts, until: Timestamp, now: Timestamp) -> OfferTerms {
        self.offer_shows.terms(facts, until, now)
    }

    /// What the document says, hashed.
    #[must_use]
    pub const fn hash(&self) -> ContentHash {
        self.hash
    }
}

impl RoutingRule {
    const fn condition(&self) -> Option<&Condition> {
        match &self.when {
            RuleCondition::Holds(condition) => Some(condition),
            // Neither is evaluated: `route` takes the results in the order of the rules that have a condition.
            RuleCondition::Always | RuleCondition::Unfit(_) => None,
        }
    }
}
