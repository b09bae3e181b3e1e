//! Identifiers: a UUID inside, a TypeID text form (`lead_01h…`) outside.
//!
//! The prefix makes an id say what it is wherever a person meets it; parsing refuses an id of another kind.

use std::{fmt, str::FromStr};

use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

/// Why a text is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {expected}_…: {given:?}")]
pub struct InvalidId {
    expected: &'static str,
    given: String,
}

fn render(prefix: &'static str, id: Uuid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let kind = DynamicType::new(prefix).map_err(|_| fmt::Error)?;
    fmt::Display::fmt(&TypeSafeId::from_type_and_uuid(kind, id), f)
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, InvalidId> {
    TypeSafeId::<DynamicType>::from_str(text)
        .ok()
        // Of another kind: a lead's id given for a delivery would otherwise just not be found.
        .filter(|id| id.type_prefix() == prefix)
        .map(|id| id.uuid())
        // Cut: the text may be of any length, and the message is logged and sent back.
        .ok_or_else(|| InvalidId { expected: prefix, given: text.chars().take(64).collect() })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The prefix of the text form.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that is known to identify this kind of thing.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID inside, as the database keeps it.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                render(Self::PREFIX, self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                render(Self::PREFIX, self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse(Self::PREFIX, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A company the firm qualifies leads for.
    ClientId = "client";
    /// A line of business with its own criteria.
    ProgramId = "program";
    /// One version of a program's criteria.
    CriteriaId = "criteria";
    /// Where a client's leads come from.
    SourceId = "source";
    /// One submission from one source.
    ArrivalId = "arr";
    /// One human being for one client.
    PersonId = "person";
    /// One piece of possible business of a person under one program.
    LeadId = "lead";
    /// One application of one criteria version to one lead.
    DecisionId = "dec";
    /// The moment a lead became A.
    MaturationId = "mat";
    /// Where a client wants A leads.
    EndpointId = "endpoint";
    /// A client's sales person.
    RepId = "rep";
    /// One matured lead owed to one endpoint.
    DeliveryId = "dlv";
    /// A time that was agreed between a lead's person and a rep.
    AppointmentId = "appt";
    /// A mail that is owed to somebody.
    NoticeId = "notice";
    /// Somebody who works with Ripen under a name and a role.
    UserId = "user";
    /// What a client's program authenticates with.
    TokenId = "token";
    /// A call that was made, or tried.
    CallId = "call";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form_and_refuses_another_kind() {
        let id = LeadId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001));
        let text = id.to_string();
        assert!(text.starts_with("lead_"), "{text}");
        assert_eq!(text.parse(), Ok(id));
        assert!(text.parse::<ArrivalId>().is_err());
        for bad in ["", "lead_", "lead_zzz", "lead_!1234567890123456789012345", "01h455vb4pex5vsknk084sn02q"] {
            assert!(bad.parse::<LeadId>().is_err(), "{bad}");
        }
    }
}
