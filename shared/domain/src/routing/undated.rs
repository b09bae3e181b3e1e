//! What is held without a date: a person has to do something first, or the receiver. It is looked at again all the same, now and then;
//! when that is says nothing of when it goes on.

use super::HoldReason;

/// Nobody of the client could be given it.
pub const UNDELIVERABLE: &str = "it could be delivered to none of the client's endpoints";
/// Nobody of the client takes leads.
pub const NO_ENDPOINT: &str = "the client has no enabled endpoint";
/// Behind the name of the one who is to have it.
pub const HAS_NO_ENDPOINT: &str = "who has no enabled endpoint";
/// Behind the name of the one who is to have it.
pub const NOT_DELIVERED_TO: &str = "to whom it could not be delivered";
/// Before the lead that it is compared with.
pub const PERHAPS_SAME: &str = "perhaps the same person's as";
/// Before the mistake.
pub const UNUSABLE_ROUTING: &str = "the client's routing cannot be used";
/// Before why.
pub const CANNOT_BE_ROUTED: &str = "cannot be routed";

/// Nothing goes out to the client.
pub const PAUSED: &str = "the client is paused";

/// As the lease of a delivery says it, and the attempt that was answered so.
const OF_ENDPOINT: [&str; 5] = [
    PAUSED,
    "the endpoint is disabled",
    "the endpoint answered 410 Gone",
    "the endpoint keeps failing; goes out as soon as it works again",
    "its rep has left",
];

/// Whether no date says when what is held for this reason goes on.
#[must_use]
pub fn is_undated(reason: &str) -> bool {
    [UNDELIVERABLE, NO_ENDPOINT].contains(&reason)
        || OF_ENDPOINT.contains(&reason)
        || [HoldReason::NobodyEver, HoldReason::ClientFull(0)].iter().any(|known| known.to_string() == reason)
        || [HAS_NO_ENDPOINT, NOT_DELIVERED_TO].iter().any(|end| reason.ends_with(end))
        || [PERHAPS_SAME, UNUSABLE_ROUTING, CANNOT_BE_ROUTED].iter().any(|start| reason.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::Tier;

    #[test]
    fn what_waits_for_a_person_has_no_date_and_what_waits_for_an_hour_has_one() {
        for reason in [
            HoldReason::NobodyEver.to_string(),
            HoldReason::ClientFull(0).to_string(),
            UNDELIVERABLE.to_owned(),
            format!("has an appointment with Dana on Monday (apt_1), {HAS_NO_ENDPOINT}"),
            format!("{PERHAPS_SAME} lead_1"),
            format!("{UNUSABLE_ROUTING}: 1:1: what"),
            "the client is paused".to_owned(),
        ] {
            assert!(is_undated(&reason), "{reason}");
        }
        for reason in [
            HoldReason::NobodyNow(Tier::Owner).to_string(),
            HoldReason::ClientFull(3).to_string(),
            "waits for Dana Hill".to_owned(),
            "on offer to Dana Hill".to_owned(),
            String::new(),
        ] {
            assert!(!is_undated(&reason), "{reason}");
        }
    }
}
