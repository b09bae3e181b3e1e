//! Where a lead goes, and in words why there and not elsewhere: what `ripen route explain` shows and the log of a hold
//! keeps. Holds names of recipients, and nothing of the person.

use std::{collections::BTreeMap, fmt, fmt::Write as _, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Mode,
    recipient::{Away, RecipientId},
    rotation::Rotation,
    tier::{HoldReason, Tier},
};
use crate::id::EndpointId;

/// Who gets a lead, or is offered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Which recipient.
    pub id: RecipientId,
    /// Its name.
    pub name: String,
    /// The endpoints it is reached by.
    pub endpoints: Vec<EndpointId>,
}

/// One delivery that is owed: an endpoint gets a lead once, for however many recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Where to.
    pub endpoint: EndpointId,
    /// For whom, in the document's order.
    pub recipients: Vec<RecipientId>,
}

/// Somebody who gets a lead that all get, but cannot take it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// Who.
    pub chosen: Chosen,
    /// From when it can: then it is asked again whether it still can.
    pub until: Timestamp,
}

/// What happens to a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// It goes to these.
    Given {
        /// Whose turn it was.
        tier: Tier,
        /// Who gets it now.
        to: Vec<Chosen>,
        /// Who gets it too, once they can take it.
        later: Vec<Later>,
        /// The rule's rotation after it, where turns are taken.
        rotation: Option<Rotation>,
    },
    /// It is offered to these: who accepts first has it.
    Offered {
        /// Whose turn it is.
        tier: Tier,
        /// Who may accept.
        to: Vec<Chosen>,
        /// Before this.
        until: Timestamp,
    },
    /// It stays here.
    Held {
        /// Then it is routed again; none where only a person can help.
        until: Option<Timestamp>,
        /// Why.
        why: HoldReason,
    },
}

/// Why a recipient does not get a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// It cannot take it now.
    Away(Away),
    /// It can, and somebody else was before it.
    NotItsTurn {
        /// The name of who was.
        before: String,
    },
    /// It stands in for others, and they can take it or will soon.
    NotNeeded(Tier),
    /// It was asked before and nobody took the lead.
    AskedBefore(Tier),
    /// The rule does not name it.
    NotNamed,
    /// The client takes no more leads now.
    ClientFull,
    /// Nobody is called so.
    Unknown,
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(away) => away.fmt(f),
            Self::NotItsTurn { before } => write!(f, "could take it, but it was the turn of {before}"),
            Self::NotNeeded(tier) => write!(f, "is {tier}: those who come before take it"),
            Self::AskedBefore(tier) => write!(f, "is of the {tier}, whose time to take it is over"),
            Self::NotNamed => f.write_str("is not named by the rule"),
            Self::ClientFull => f.write_str("could take it, but the client takes no more today"),
            Self::Unknown => f.write_str("no rep and no endpoint is called so any more"),
        }
    }
}

/// A recipient that does not get a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// As the document or the client calls it.
    pub name: String,
    /// Who it is, where anybody is called so.
    pub id: Option<RecipientId>,
    /// Why.
    pub why: Passed,
    /// From when it could take one, where that is known and it cannot now.
    pub until: Option<Timestamp>,
}

/// A rule that came before and did not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePassed {
    /// Its id.
    pub id: Arc<str>,
    /// In words.
    pub why: String,
}

/// What one application of a routing to one lead comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The rule that counts; its rotation is kept under this id.
    pub rule: Arc<str>,
    /// Why that rule, in the manager's words.
    pub because: Arc<str>,
    /// How it gives leads.
    pub mode: Mode,
    /// The rules before it.
    pub rules: Vec<RulePassed>,
    /// Everybody who does not get it.
    pub passed: Vec<PassedOver>,
    /// What happens.
    pub assignment: Assignment,
}

impl Routed {
    /// Who gets it or is offered it now.
    #[must_use]
    pub fn chosen(&self) -> &[Chosen] {
        match &self.assignment {
            Assignment::Given { to, .. } | Assignment::Offered { to, .. } => to,
            Assignment::Held { .. } => &[],
        }
    }

    /// The deliveries owed now, each endpoint once, in the order of its first recipient.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivered> {
        // One delivery for each endpoint: a webhook behind several reps gets the lead once.
        let mut places = BTreeMap::new();
        let mut deliveries: Vec<Delivered> = Vec::new();
        for (chosen, endpoint) in self.chosen().iter().flat_map(|one| one.endpoints.iter().map(move |to| (one, *to))) {
            let place = *places.entry(endpoint).or_insert_with(|| {
                deliveries.push(Delivered { endpoint, recipients: Vec::new() });
                deliveries.len() - 1
            });
            deliveries[place].recipients.push(chosen.id);
        }
        deliveries
    }

    /// All of it in words, line by line. Instants are shown in `zone`.
    #[must_use]
    pub fn explain(&self, zone: &TimeZone) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, zone);
        text
    }

    fn write(&self, text: &mut String, zone: &TimeZone) -> fmt::Result {
        let names = |to: &[Chosen]| to.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        writeln!(text, "Rule {} ({}): {}", self.rule, self.mode, self.because)?;
        match &self.assignment {
            Assignment::Given { tier, to, later, .. } => {
                writeln!(text, "Goes to {}{}", names(to), standing_in(*tier))?;
                later.iter().try_for_each(|one| {
                    writeln!(text, "Goes to {} too, from {}", one.chosen.name, shown(one.until, zone))
                })?;
            }
            Assignment::Offered { tier, to, until } => {
                writeln!(text, "Offered to {}{} until {}", names(to), standing_in(*tier), shown(*until, zone))?;
            }
            Assignment::Held { until: Some(until), why } => {
                writeln!(text, "Held until {}: {why}", shown(*until, zone))?;
            }
            Assignment::Held { until: None, why } => writeln!(text, "Held: {why}")?,
        }
        for (place, passed) in self.passed.iter().enumerate() {
            if place == 0 {
                writeln!(text, "\nPassed over")?;
            }
            let until = passed.until.map(|until| format!("; from {}", shown(until, zone))).unwrap_or_default();
            writeln!(text, "  {}: {}{until}", passed.name, passed.why)?;
        }
        for (place, rule) in self.rules.iter().enumerate() {
            if place == 0 {
                writeln!(text, "\nRules that did not count")?;
            }
            writeln!(text, "  {}: {}", rule.id, rule.why)?;
        }
        Ok(())
    }
}

const fn standing_in(tier: Tier) -> &'static str {
    match tier {
        Tier::Recipients => "",
        Tier::Fallback => " (fallback)",
        Tier::Owner => " (owner)",
    }
}

fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%A, %-d %B %Y, %H:%M %Z").to_string()
}
