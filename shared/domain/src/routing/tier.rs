//! Who is asked one after the other, and why a lead stays where nobody of them can take it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who is asked: first the recipients of the rule, then its fallback, then the owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Those whom the rule names.
    #[default]
    Recipients,
    /// Those who stand in for them.
    Fallback,
    /// The last resort.
    Owner,
}

impl Tier {
    /// All, in order.
    pub const ALL: [Self; 3] = [Self::Recipients, Self::Fallback, Self::Owner];

    /// Who is asked after these.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Recipients => Some(Self::Fallback),
            Self::Fallback => Some(Self::Owner),
            Self::Owner => None,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recipients => "recipients",
            Self::Fallback => "fallback",
            Self::Owner => "owner",
        })
    }
}

/// Why a lead is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldReason {
    /// The client has had as many today as its day may bring.
    ClientFull(u32),
    /// Nobody can take it now.
    NobodyNow(Tier),
    /// Nobody can take it, and that changes only when a person changes something.
    NobodyEver,
}

impl HoldReason {
    /// Whether no hour ends it: a person has to change something first.
    #[must_use]
    pub const fn is_undated(self) -> bool {
        matches!(self, Self::NobodyEver | Self::ClientFull(0))
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientFull(0) => f.write_str("the client takes no leads: its capacity is 0 a day"),
            Self::ClientFull(most) => write!(f, "the client has had the {most} leads a day may bring"),
            Self::NobodyNow(Tier::Recipients) => f.write_str("none of its recipients can take it now"),
            Self::NobodyNow(Tier::Fallback) => f.write_str("neither its recipients nor the fallback can take it now"),
            Self::NobodyNow(Tier::Owner) => f.write_str("nobody can take it now, the owner included"),
            Self::NobodyEver => f.write_str("nobody can take it until a person enables, adds or frees a recipient"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_person_has_no_date_and_what_waits_for_an_hour_has_one() {
        for why in [HoldReason::NobodyEver, HoldReason::ClientFull(0)] {
            assert!(why.is_undated(), "{why}");
        }
        for why in [HoldReason::NobodyNow(Tier::Owner), HoldReason::ClientFull(3)] {
            assert!(!why.is_undated(), "{why}");
        }
    }
}
