//! What clients are told, as types: the event with its data, and in that the lead, its person, notes, reasons. Webhooks, mails,
//! signed pages and the API write or show these and nothing else.
//!
//! A body is frozen once and shown for years. So the types are versioned by added members only; what a version does not know,
//! under a name or as a value, is kept as it stands, and a body that is read is written again as the same bytes.

mod event;
mod later;
mod lead;
mod member;
mod offered_facts;
mod renewed;
mod withheld;

pub use event::{ClientEvent, EventData, EventDetail};
pub use later::{
    DeadDelivery, DisabledEndpoint, EndpointTest, LeadOutcome, LeadRecall, LeadSuppression, LeadTaken, RecordedOutcome,
};
pub use lead::{
    AssignedRep, CriteriaName, HandoverKind, LeadCall, LeadChange, LeadContact, LeadData, LeadFlag, LeadHandover,
    LeadNamed, LeadNote, LeadReason, LeadSource, LeadUpdate, UpdateKind,
};
pub use member::Member;
pub use offered_facts::{OfferTerms, OfferedFact};

/// An object of a payload: each member as it stands there, and what has other names beside them. `Debug` shows nothing, for
/// most of it is contact data.
macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(
                $(#[$member_doc])*
                #[serde(skip_serializing_if = "Member::is_absent")]
                pub $member: Member<$type>,
            )*
            /// Members that this version does not know.
            #[serde(flatten)]
            pub more: Map<String, Value>,
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}
use payload;
