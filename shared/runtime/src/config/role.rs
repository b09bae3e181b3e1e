//! The roles a process can take on.

use std::{fmt, str::FromStr};

/// One part of Ripen's work; a process runs one or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Receives leads.
    Intake,
    /// Decides them.
    Qualifier,
    /// Delivers them.
    Dispatcher,
    /// What people and clients' programs use.
    Desk,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no role {given:?}: there are {}", Role::names())]
pub struct InvalidRole {
    given: String,
}

impl Role {
    /// Every role, in the order of a lead's way.
    pub const ALL: [Self; 4] = [Self::Intake, Self::Qualifier, Self::Dispatcher, Self::Desk];

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Qualifier => "qualifier",
            Self::Dispatcher => "dispatcher",
            Self::Desk => "desk",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let named = Self::ALL.into_iter().find(|role| role.name() == text.trim());
        named.ok_or_else(|| InvalidRole { given: text.chars().take(32).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_by_its_name() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        let refused = "postman".parse::<Role>().unwrap_err();
        assert_eq!(refused.to_string(), "no role \"postman\": there are intake, qualifier, dispatcher, desk");
    }
}
