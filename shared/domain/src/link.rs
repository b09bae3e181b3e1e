//! Signed links: an address that lets whoever holds it do one thing, for a time: say what became of one delivery, or see the
//! open leads of one rep, or choose a password. Mails and payloads carry them, reps follow them. The keys are the installation's; nothing about a
//! link is stored.
//!
//! Keys have numbers, which tokens name. The newest key signs; what the others signed stays good until its own time is over.

pub mod lifetime;
mod link_key;
mod links;
mod opened_link;

use std::sync::{Arc, PoisonError, RwLock};

use hmac::Mac as _;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use self::{
    lifetime::LIVES_S,
    link_key::{NUMBERED, UNNUMBERED},
};
use crate::id::{DeliveryId, RepId, UserId};

pub use link_key::LinkKey;
pub use links::Links;
pub use opened_link::{BadLink, OpenedLink};

/// Named in what is signed, so that a signature made for anything else never opens a link.
const OUTCOME: &[u8] = b"ripen outcome link ";
const REP: &[u8] = b"ripen rep link ";
const USER: &[u8] = b"ripen user link ";
const BOUNCE: &[u8] = b"ripen return path ";
const ID: usize = 16;
const UNTIL: usize = 8;
const NUMBER: usize = 2;
/// 128 bits of the signature are kept: links are typed and wrapped by mail programs (RFC 2104 §5 allows half).
const SIGNATURE: usize = 16;
/// 64 bits of the signature of a return path: the part of an address before the @ has 64 characters, and these tokens are tried out
/// over the network alone.
const SHORT_SIGNATURE: usize = 8;
/// Clocks of processes may differ by so much. A link that was made later still was made by somebody else.
const SKEW: SignedDuration = SignedDuration::from_secs(10 * 60);
/// So long after the next key began to sign, a process that had not read it yet may have signed with the one before.
const GRACE: SignedDuration = SignedDuration::from_secs(60 * 60);
/// The key that signed tokens when they named none.
const FIRST: u16 = 0;

/// What a token says, and the key that signed it.
struct SignedToken {
    id: Uuid,
    until: Timestamp,
    key: LinkKey,
}

/// All keys of the installation, one at least. Clones share them: those that another process made are given to all at once.
#[derive(Clone)]
pub struct LinkKeys(Arc<RwLock<KnownKeys>>);

#[derive(Clone)]
struct KnownKeys {
    first: LinkKey,
    others: Vec<LinkKey>,
}

impl KnownKeys {
    fn iter(&self) -> impl Iterator<Item = &LinkKey> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl LinkKeys {
    /// These keys.
    #[must_use]
    pub fn new(first: LinkKey, others: Vec<LinkKey>) -> Self {
        Self(Arc::new(RwLock::new(KnownKeys { first, others })))
    }

    /// Takes over the keys of another, for every clone.
    pub fn replace(&self, other: &Self) {
        let known = other.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// The number of the newest key, whether it signs already or not.
    #[must_use]
    pub fn newest(&self) -> u16 {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|key| key.number()).max().unwrap_or(FIRST)
    }

    /// The token of a delivery's link that is made now.
    #[must_use]
    pub fn token(&self, delivery: DeliveryId, now: Timestamp) -> String {
        self.made(OUTCOME, delivery.uuid(), now)
    }

    /// The delivery that a token is about.
    ///
    /// # Errors
    /// When it was not made with one of these keys, or is too old.
    pub fn open(&self, token: &str, now: Timestamp) -> Result<OpenedLink<DeliveryId>, BadLink> {
        let OpenedLink { id, made } = self.opened(OUTCOME, token, now)?;
        Ok(OpenedLink { id: DeliveryId::from_uuid(id), made })
    }

    /// The token of a rep's own page that is made now.
    #[must_use]
    pub fn rep_token(&self, rep: RepId, now: Timestamp) -> String {
        self.made(REP, rep.uuid(), now)
    }

    /// The rep whose page a token opens.
    ///
    /// # Errors
    /// When it was not made with one of these keys, or is too old.
    pub fn open_rep(&self, token: &str, now: Timestamp) -> Result<OpenedLink<RepId>, BadLink> {
        let OpenedLink { id, made } = self.opened(REP, token, now)?;
        Ok(OpenedLink { id: RepId::from_uuid(id), made })
    }

    /// The token by which a user chooses a password, made now.
    #[must_use]
    pub fn user_token(&self, user: UserId, now: Timestamp) -> String {
        self.made(USER, user.uuid(), now)
    }

    /// The user who may choose a password by a token, as far as the token knows: what ended it before its time is the account's.
    ///
    /// # Errors
    /// When it was not made with one of these keys, or is too old.
    pub fn open_user(&self, token: &str, now: Timestamp) -> Result<OpenedLink<UserId>, BadLink> {
        let OpenedLink { id, made } = self.opened(USER, token, now)?;
        // Sooner than every token ends: whoever finds it in an old mailbox would own the account.
        match lifetime::end_for_password(made) {
            until if until <= now => Err(BadLink::Expired(until)),
            _ => Ok(OpenedLink { id: UserId::from_uuid(id), made }),
        }
    }

    /// The token of a delivery in the return path of its mail: 52 digits and small letters, which mail servers may write in capitals.
    #[must_use]
    pub fn bounce_token(&self, delivery: DeliveryId, now: Timestamp) -> String {
        let key = self.signing(now);
        let mut token = delivery.uuid().as_bytes().to_vec();
        token.extend(key.number().to_be_bytes());
        let signature = key.signature(BOUNCE, NUMBERED, &token);
        token.extend(&signature[..SHORT_SIGNATURE]);
        hex::encode(token)
    }

    /// The delivery whose mail came back to this token.
    ///
    /// # Errors
    /// When it was not made with one of these keys, or with one that is ended: whoever has that can sign them. It does not expire
    /// otherwise: mail may come back whenever it likes.
    pub fn open_bounce(&self, token: &str, now: Timestamp) -> Result<DeliveryId, BadLink> {
        let bytes = hex::decode(token).map_err(|_| BadLink::Forged)?;
        if bytes.len() != ID + NUMBER + SHORT_SIGNATURE {
            return Err(BadLink::Forged);
        }
        let (signed, signature) = bytes.split_at(ID + NUMBER);
        let (id, number) = signed.split_at(ID);
        let number = number.try_into().map_or(FIRST, u16::from_be_bytes);
        let key = self.numbered(number).ok_or(BadLink::Forged)?;
        key.mac(BOUNCE, NUMBERED, signed).verify_truncated_left(signature).map_err(|_| BadLink::Forged)?;
        if let Some(ended) = key.is_over(now) {
            return Err(BadLink::Ended(ended));
        }
        Uuid::from_slice(id).map(DeliveryId::from_uuid).map_err(|_| BadLink::Forged)
    }

    /// The address of a delivery's page with a token that is made now, where its own opens nothing any more and was made here. What was
    /// ended stays ended: only who is given the new one gets in.
    #[must_use]
    pub fn renewed_outcome(&self, url: &str, links_since: Timestamp, now: Timestamp) -> Option<String> {
        let (before, token) = url.rsplit_once('/')?;
        if self.open(token, now).is_ok_and(|link| !link.is_ended_by(links_since)) {
            return None;
        }
        let id = self.signed(OUTCOME, token).ok()?.id;
        Some(format!("{before}/{}", self.made(OUTCOME, id, now)))
    }

    /// The same of a rep's own page, also where the link is older than one to a list may be.
    #[must_use]
    pub fn renewed_rep(&self, url: &str, links_since: Timestamp, now: Timestamp) -> Option<String> {
        let (before, token) = url.rsplit_once('/')?;
        let opens =
            |link: &OpenedLink<RepId>| !link.is_ended_by(links_since) && !lifetime::is_too_old_for_list(link.made, now);
        if self.open_rep(token, now).is_ok_and(|link| opens(&link)) {
            return None;
        }
        let id = self.signed(REP, token).ok()?.id;
        Some(format!("{before}/{}", self.made(REP, id, now)))
    }

    /// The newest key that signs by now: one just made waits until every process knows it.
    fn signing(&self, now: Timestamp) -> LinkKey {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let signs = known
            .iter()
            .filter(|key| key.signs_from <= now && key.is_over(now).is_none())
            .max_by_key(|key| key.number());
        // With a clock that was set back none may sign yet, and links are needed all the same.
        signs.unwrap_or(&known.first).clone()
    }

    fn numbered(&self, number: u16) -> Option<LinkKey> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|key| key.number() == number).cloned()
    }

    /// When the key after this one began to sign; none where it is the newest.
    fn followed_from(&self, number: u16) -> Option<Timestamp> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|key| key.number() > number).min_by_key(|key| key.number()).map(|key| key.signs_from)
    }

    fn made(&self, purpose: &[u8], id: Uuid, now: Timestamp) -> String {
        let key = self.signing(now);
        let until = now.as_second().saturating_add(LIVES_S);
        // Fixed lengths of all parts: without separators, no two inputs have the same bytes.
        let mut token = id.as_bytes().to_vec();
        // The end is signed with the id: no copy of the token can be given more time.
        token.extend(until.to_be_bytes());
        token.extend(key.number().to_be_bytes());
        let signature = key.signature(purpose, NUMBERED, &token);
        // Half of the digest, 128 bits: nobody guesses it, and the link stays short enough for mails that break lines.
        token.extend(&signature[..SIGNATURE]);
        hex::encode(token)
    }

    /// What a token says that was made with one of these keys, whether it opens anything by now or not.
    fn signed(&self, purpose: &[u8], token: &str) -> Result<SignedToken, BadLink> {
        // Before anything is believed: a token is whatever somebody typed after the slash.
        let bytes = hex::decode(token).map_err(|_| BadLink::Forged)?;
        // `verify_truncated_left` takes any shorter signature, down to one byte: the length must be whole. Tokens from before
        // keys had numbers are shorter by one.
        let shape = match bytes.len() {
            length if length == ID + UNTIL + SIGNATURE => UNNUMBERED,
            length if length == ID + UNTIL + NUMBER + SIGNATURE => NUMBERED,
            _ => return Err(BadLink::Forged),
        };
        let (signed, signature) = bytes.split_at(bytes.len() - SIGNATURE);
        let (id, rest) = signed.split_at(ID);
        let (until, number) = rest.split_at(UNTIL);
        let number = number.try_into().map_or(FIRST, u16::from_be_bytes);
        let key = self.numbered(number).ok_or(BadLink::Forged)?;
        // Compared in constant time by the crate: timing tells nothing about how much was right.
        key.mac(purpose, shape, signed).verify_truncated_left(signature).map_err(|_| BadLink::Forged)?;
        let id = Uuid::from_slice(id).map_err(|_| BadLink::Forged)?;
        let until = until.try_into().map(i64::from_be_bytes).map_err(|_| BadLink::Forged)?;
        let until = Timestamp::from_second(until).map_err(|_| BadLink::Forged)?;
        Ok(SignedToken { id, until, key })
    }

    fn opened(&self, purpose: &[u8], token: &str, now: Timestamp) -> Result<OpenedLink<Uuid>, BadLink> {
        let SignedToken { id, until, key } = self.signed(purpose, token)?;
        // After the signature: only a link that was once good is called expired.
        if until <= now {
            return Err(BadLink::Expired(until));
        }
        // Computed back, so that links can be revoked by when they were made without storing them.
        let made = Timestamp::from_second(until.as_second().saturating_sub(LIVES_S)).map_err(|_| BadLink::Forged)?;
        if let Some(ended) = key.is_over(now) {
            return Err(BadLink::Ended(ended));
        }
        // Whoever has a former key could sign with it for ever: what we make is made by now, and by the key of its time.
        let after = |at: Timestamp, by: SignedDuration| made > at.saturating_add(by).unwrap_or(Timestamp::MAX);
        let is_late = self.followed_from(key.number()).is_some_and(|from| after(from, GRACE));
        if after(now, SKEW) || is_late {
            return Err(BadLink::Forged);
        }
        Ok(OpenedLink { id, made })
    }
}

impl std::fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKeys(…)")
    }
}

#[cfg(test)]
mod tests;
