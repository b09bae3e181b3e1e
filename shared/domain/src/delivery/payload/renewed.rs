//! An event that goes out once more, or is read once more, with links that open: those that it was frozen with may be over.

use jiff::Timestamp;

use super::{event::ClientEvent, member::Member};
use crate::link::LinkKeys;

impl ClientEvent {
    /// The same, its links made anew where they open nothing any more: their time is over, the key was ended, or those that were made
    /// before `links_since` were. Links that open stay as they are, so that what is sent again is what was sent.
    #[must_use]
    pub fn with_links_that_open(mut self, keys: &LinkKeys, links_since: Timestamp, now: Timestamp) -> Self {
        if let Some(lead) = self.lead_mut() {
            let anew = |url: &str| keys.renewed_outcome(url, links_since, now);
            renew(&mut lead.outcome_url, anew);
            let anew = |url: &str| keys.renewed_rep(url, links_since, now);
            renew(&mut lead.open_leads_url, anew);
        }
        self
    }
}

fn renew(url: &mut Member<String>, anew: impl Fn(&str) -> Option<String>) {
    if let Some(new) = url.get().and_then(|url| anew(url)) {
        *url = new.into();
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        id::{DeliveryId, RepId},
        link::{LinkKey, Links},
    };

    #[test]
    fn links_that_are_over_are_made_anew_and_others_stay() {
        let made: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let now = made + SignedDuration::from_hours(1);
        let (delivery, rep) = (DeliveryId::from_uuid(Uuid::from_u128(1)), RepId::from_uuid(Uuid::from_u128(2)));
        let first = LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH);
        let keys = LinkKeys::new(first.clone(), Vec::new());
        let links = Links::new(keys.clone(), "https://leads.example/ripen");
        let body = json!({"type": "lead.matured", "data": {
            "outcome_url": links.outcome_url(delivery, made), "open_leads_url": links.rep_url(rep, made)}});
        let sent = || ClientEvent::read(body.to_string().as_bytes()).unwrap();
        let read = |keys: &LinkKeys, since: Timestamp| {
            let again = sent().with_links_that_open(keys, since, now);
            let lead = again.lead().unwrap();
            [lead.outcome_url.get().cloned().unwrap(), lead.open_leads_url.get().cloned().unwrap()]
        };
        let stays = [links.outcome_url(delivery, made), links.rep_url(rep, made)];
        assert_eq!(read(&keys, Timestamp::UNIX_EPOCH), stays);
        let fresh = [links.outcome_url(delivery, now), links.rep_url(rep, now)];
        assert_eq!(read(&keys, made + SignedDuration::from_mins(1)), fresh, "they were revoked");
        let second = LinkKey::new(1, [8; 32], made);
        let rotated = LinkKeys::new(first.ended(Some(made)), vec![second.clone()]);
        let by_second = Links::new(rotated.clone(), "https://leads.example/ripen");
        let fresh = [by_second.outcome_url(delivery, now), by_second.rep_url(rep, now)];
        assert_eq!(read(&rotated, Timestamp::UNIX_EPOCH), fresh, "the key was ended");
        assert_eq!(read(&LinkKeys::new(second, Vec::new()), now), stays, "no link of ours is made of what is none");
    }
}
