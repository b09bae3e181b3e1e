//! Where links lead: the addresses that mails and payloads hold, and whether whoever gets them could follow one.

use jiff::Timestamp;

use super::LinkKeys;
use crate::{
    id::{DeliveryId, RepId, UserId},
    masked_address::MaskedAddress,
};

/// Makes the addresses of links.
#[derive(Debug, Clone)]
pub struct Links {
    keys: LinkKeys,
    base: String,
    reach: LinkReach,
}

/// Who can follow links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkReach {
    /// Whoever has one.
    Everybody,
    /// Only who is on this machine; and whether mail stays there too.
    ThisMachine { mail_stays: bool },
}

impl Links {
    /// Links under the address by which the outside names this installation.
    #[must_use]
    pub fn new(keys: LinkKeys, public_url: &str) -> Self {
        // Without the slash at the end: addresses would have two, which no route matches.
        Self { keys, base: public_url.trim_end_matches('/').to_owned(), reach: LinkReach::Everybody }
    }

    /// Links that nobody can follow but who is on this machine: what leaves it goes without.
    #[must_use]
    pub fn to_this_machine(keys: LinkKeys, url: &str, mail_stays: bool) -> Self {
        Self { reach: LinkReach::ThisMachine { mail_stays }, ..Self::new(keys, url) }
    }

    /// What mails may hold; none where they leave this machine and the links do not.
    #[must_use]
    pub fn for_mail(&self) -> Option<&Self> {
        (self.reach != LinkReach::ThisMachine { mail_stays: false }).then_some(self)
    }

    /// What a webhook's body may hold; none where its receiver is elsewhere and the links lead to this machine alone.
    #[must_use]
    pub fn for_webhook(&self, to: &MaskedAddress) -> Option<&Self> {
        (self.reach == LinkReach::Everybody || to.is_this_machine()).then_some(self)
    }

    /// Where to say what became of a delivered lead.
    #[must_use]
    pub fn outcome_url(&self, delivery: DeliveryId, now: Timestamp) -> String {
        format!("{}/o/{}", self.base, self.keys.token(delivery, now))
    }

    /// A rep's own page of open leads.
    #[must_use]
    pub fn rep_url(&self, rep: RepId, now: Timestamp) -> String {
        format!("{}/r/{}", self.base, self.keys.rep_token(rep, now))
    }

    /// The keys that sign them.
    #[must_use]
    pub const fn keys(&self) -> &LinkKeys {
        &self.keys
    }

    /// Where a user chooses a password.
    #[must_use]
    pub fn welcome_url(&self, user: UserId, now: Timestamp) -> String {
        format!("{}/welcome/{}", self.base, self.keys.user_token(user, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::LinkKey;

    fn keys() -> LinkKeys {
        LinkKeys::new(LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH), Vec::new())
    }

    #[test]
    fn links_to_this_machine_do_not_leave_it() {
        let (here, there) = ("http://127.0.0.1:9000/leads".into(), "https://crm.client.example/leads".into());
        let filed = Links::to_this_machine(keys(), "http://127.0.0.1:8080", true);
        assert!(filed.for_mail().is_some() && filed.for_webhook(&here).is_some());
        assert!(filed.for_webhook(&there).is_none());
        let sent = Links::to_this_machine(keys(), "http://127.0.0.1:8080", false);
        assert!(sent.for_mail().is_none() && sent.for_webhook(&here).is_some());
        let public = Links::new(keys(), "https://leads.example");
        assert!(public.for_mail().is_some() && public.for_webhook(&there).is_some());
    }
}
