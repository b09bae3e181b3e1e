//! Signed links: an address that lets whoever holds it do one thing, for a time: say what became of one delivery, or see the
//! open leads of one rep. Mails and payloads carry them, reps follow them. The key is the installation's; nothing about a
//! link is stored.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use uuid::Uuid;

use crate::id::{DeliveryId, RepId};

/// Sales close late: a link works for 24 months of 30.44 days.
const LIVES_S: i64 = 24 * 2_629_746;
/// Named in what is signed, so that a signature made for anything else never opens a link.
const OUTCOME: &[u8] = b"ripen outcome link 1";
const REP: &[u8] = b"ripen rep link 1";
const ID: usize = 16;
const UNTIL: usize = 8;
/// 128 bits of the signature are kept: links are typed and wrapped by mail programs (RFC 2104 §5 allows half).
const SIGNATURE: usize = 16;

/// The key that links are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey([u8; 32]);

/// Why a link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Not signed with this key, cut short or changed.
    #[error("the link is not whole")]
    Forged,
    /// It was good until then.
    #[error("the link has expired")]
    Expired(Timestamp),
}

impl LinkKey {
    /// From the bytes that the database keeps.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The token of a delivery's link that is made now.
    #[must_use]
    pub fn token(&self, delivery: DeliveryId, now: Timestamp) -> String {
        self.made(OUTCOME, delivery.uuid(), now)
    }

    /// The delivery that a token is about.
    ///
    /// # Errors
    /// When it was not made with this key, or is too old.
    pub fn open(&self, token: &str, now: Timestamp) -> Result<DeliveryId, BadLink> {
        self.opened(OUTCOME, token, now).map(|(id, _)| DeliveryId::from_uuid(id))
    }

    /// The token of a rep's own page that is made now.
    #[must_use]
    pub fn rep_token(&self, rep: RepId, now: Timestamp) -> String {
        self.made(REP, rep.uuid(), now)
    }

    /// The rep whose page a token opens, and when it was made, to the second.
    ///
    /// # Errors
    /// When it was not made with this key, or is too old.
    pub fn open_rep(&self, token: &str, now: Timestamp) -> Result<(RepId, Timestamp), BadLink> {
        self.opened(REP, token, now).map(|(id, made)| (RepId::from_uuid(id), made))
    }

    fn made(&self, purpose: &[u8], id: Uuid, now: Timestamp) -> String {
        let until = now.as_second().saturating_add(LIVES_S);
        // Fixed lengths of all parts: without separators, no two inputs have the same bytes.
        let mut token = id.as_bytes().to_vec();
        // The end is signed with the id: no copy of the token can be given more time.
        token.extend(until.to_be_bytes());
        let signature = self.signature(purpose, &token);
        // Half of the digest, 128 bits: nobody guesses it, and the link stays short enough for mails that break lines.
        token.extend(&signature[..SIGNATURE]);
        hex::encode(token)
    }

    fn opened(&self, purpose: &[u8], token: &str, now: Timestamp) -> Result<(Uuid, Timestamp), BadLink> {
        // Before anything is believed: a token is whatever somebody typed after the slash.
        let bytes = hex::decode(token).map_err(|_| BadLink::Forged)?;
        // `verify_truncated_left` takes any shorter signature, down to one byte: the length must be whole.
        if bytes.len() != ID + UNTIL + SIGNATURE {
            return Err(BadLink::Forged);
        }
        let (signed, signature) = bytes.split_at(ID + UNTIL);
        // Compared in constant time by the crate: timing tells nothing about how much was right.
        self.mac(purpose, signed).verify_truncated_left(signature).map_err(|_| BadLink::Forged)?;
        let (id, until) = signed.split_at(ID);
        let id = Uuid::from_slice(id).map_err(|_| BadLink::Forged)?;
        let until = until.try_into().map(i64::from_be_bytes).map_err(|_| BadLink::Forged)?;
        let until = Timestamp::from_second(until).map_err(|_| BadLink::Forged)?;
        // After the signature: only a link that was once good is called expired.
        if until <= now {
            return Err(BadLink::Expired(until));
        }
        // Computed back, so that links of a rep can be revoked by when they were made without storing them.
        let made = Timestamp::from_second(until.as_second().saturating_sub(LIVES_S)).map_err(|_| BadLink::Forged)?;
        Ok((id, made))
    }

    fn signature(&self, purpose: &[u8], signed: &[u8]) -> [u8; 32] {
        self.mac(purpose, signed).finalize().into_bytes().into()
    }

    fn mac(&self, purpose: &[u8], signed: &[u8]) -> Hmac<Sha256> {
        let key = hmac::digest::Key::<Hmac<Sha256>>::default();
        // The key is padded to the block as HMAC does: no step that could fail.
        let mut padded = key;
        padded[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&padded);
        // Without the purpose a token of a delivery would open the page of a rep whose id has the same bytes.
        mac.update(purpose);
        mac.update(signed);
        mac
    }
}

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Written by hand: a derived one would print the key in a log.
        f.write_str("LinkKey(…)")
    }
}

/// Makes the addresses of links.
#[derive(Debug, Clone)]
pub struct Links {
    key: LinkKey,
    base: String,
}

impl Links {
    /// Links under the address by which the outside names this installation.
    #[must_use]
    pub fn new(key: LinkKey, public_url: &str) -> Self {
        // Without the slash at the end: addresses would have two, which no route matches.
        Self { key, base: public_url.trim_end_matches('/').to_owned() }
    }

    /// Where to say what became of a delivered lead.
    #[must_use]
    pub fn outcome_url(&self, delivery: DeliveryId, now: Timestamp) -> String {
        format!("{}/o/{}", self.base, self.key.token(delivery, now))
    }

    /// A rep's own page of open leads.
    #[must_use]
    pub fn rep_url(&self, rep: RepId, now: Timestamp) -> String {
        format!("{}/r/{}", self.base, self.key.rep_token(rep, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn delivery() -> DeliveryId {
        DeliveryId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001))
    }

    #[test]
    fn a_link_opens_its_delivery_until_it_expires() {
        let key = LinkKey::new([7; 32]);
        let token = key.token(delivery(), now());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(key.open(&token, now()), Ok(delivery()));
        assert_eq!(key.open(&token, at("2028-11-21T10:00:00Z")), Ok(delivery()));
        assert!(matches!(key.open(&token, at("2028-11-23T10:00:00Z")), Err(BadLink::Expired(_))));
        assert!(token.len() <= 80 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let url = Links::new(key, "https://leads.example/").outcome_url(delivery(), now());
        assert_eq!(url, format!("https://leads.example/o/{token}"));
    }

    #[test]
    fn a_reps_link_opens_nothing_but_its_page() {
        let key = LinkKey::new([7; 32]);
        let rep = RepId::from_uuid(Uuid::from_u128(5));
        let token = key.rep_token(rep, now());
        assert_eq!(key.open_rep(&token, now()), Ok((rep, now())));
        assert_eq!(key.open(&token, now()), Err(BadLink::Forged));
        assert_eq!(key.open_rep(&key.token(delivery(), now()), now()), Err(BadLink::Forged));
    }

    #[test]
    fn a_changed_cut_or_foreign_link_opens_nothing() {
        let key = LinkKey::new([7; 32]);
        let token = key.token(delivery(), now());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(key.open(&changed, now()), Err(BadLink::Forged), "{at}");
            assert_eq!(key.open(&token[..at], now()), Err(BadLink::Forged), "{at}");
        }
        for bad in ["", "é", &format!("{token}00"), &"0".repeat(80)] {
            assert_eq!(key.open(bad, now()), Err(BadLink::Forged), "{bad}");
        }
        assert_eq!(LinkKey::new([8; 32]).open(&token, now()), Err(BadLink::Forged));
    }
}
