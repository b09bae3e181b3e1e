//! Signed links: an address that lets whoever holds it do one thing, for a time: say what became of one delivery, or see the
//! open leads of one rep, or choose a password. Mails and payloads carry them, reps follow them. The keys are the installation's; nothing about a
//! link is stored.
//!
//! Keys have numbers, which tokens name. The newest key signs; what the others signed stays good until its own time is over.

pub mod lifetime;

use std::sync::{Arc, PoisonError, RwLock};

use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use uuid::Uuid;

use self::lifetime::LIVES_S;
use crate::{
    id::{DeliveryId, RepId, UserId},
    masked_address::MaskedAddress,
};

/// Named in what is signed, so that a signature made for anything else never opens a link.
const OUTCOME: &[u8] = b"ripen outcome link ";
const REP: &[u8] = b"ripen rep link ";
const USER: &[u8] = b"ripen user link ";
const BOUNCE: &[u8] = b"ripen return path ";
/// How a token is built: without the number of a key, or with it.
const UNNUMBERED: &[u8] = b"1";
const NUMBERED: &[u8] = b"2";
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

/// A key that links are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey {
    number: u16,
    key: [u8; 32],
    signs_from: Timestamp,
    ended_at: Option<Timestamp>,
}

/// Why a link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Not signed with a key of this installation, cut short or changed.
    #[error("the link is not whole")]
    Forged,
    /// It was good until then.
    #[error("the link has expired")]
    Expired(Timestamp),
    /// The key that it was made with was ended then, whatever time it had left.
    #[error("the link was ended")]
    Ended(Timestamp),
}

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedLink<Id> {
    /// Whose page it is.
    pub id: Id,
    /// When the link was made, to the second: those made before an instant can be ended without storing any.
    pub made: Timestamp,
}

impl<Id> OpenedLink<Id> {
    /// Whether links made before this instant are ended, and this one with them.
    #[must_use]
    pub fn is_ended_by(&self, links_since: Timestamp) -> bool {
        // By the second, which is all that a link tells: one made in the second of the ending is ended too.
        self.made < links_since
    }
}

impl LinkKey {
    /// A key of this number, which signs from then on.
    #[must_use]
    pub const fn new(number: u16, key: [u8; 32], signs_from: Timestamp) -> Self {
        Self { number, key, signs_from, ended_at: None }
    }

    /// The same key; from then on nothing opens that it signed.
    #[must_use]
    pub const fn ended(self, at: Option<Timestamp>) -> Self {
        Self { ended_at: at, ..self }
    }

    fn is_over(&self, now: Timestamp) -> Option<Timestamp> {
        self.ended_at.filter(|at| *at <= now)
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    fn signature(&self, purpose: &[u8], shape: &[u8], signed: &[u8]) -> [u8; 32] {
        self.mac(purpose, shape, signed).finalize().into_bytes().into()
    }

    fn mac(&self, purpose: &[u8], shape: &[u8], signed: &[u8]) -> Hmac<Sha256> {
        let key = hmac::digest::Key::<Hmac<Sha256>>::default();
        // The key is padded to the block as HMAC does: no step that could fail.
        let mut padded = key;
        padded[..self.key.len()].copy_from_slice(&self.key);
        let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&padded);
        // Without the purpose a token of a delivery would open the page of a rep whose id has the same bytes.
        mac.update(purpose);
        mac.update(shape);
        mac.update(signed);
        mac
    }
}

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
        known.iter().map(|key| key.number).max().unwrap_or(FIRST)
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
        token.extend(key.number.to_be_bytes());
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
        let signs =
            known.iter().filter(|key| key.signs_from <= now && key.is_over(now).is_none()).max_by_key(|key| key.number);
        // With a clock that was set back none may sign yet, and links are needed all the same.
        signs.unwrap_or(&known.first).clone()
    }

    fn numbered(&self, number: u16) -> Option<LinkKey> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|key| key.number == number).cloned()
    }

    /// When the key after this one began to sign; none where it is the newest.
    fn followed_from(&self, number: u16) -> Option<Timestamp> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().filter(|key| key.number > number).min_by_key(|key| key.number).map(|key| key.signs_from)
    }

    fn made(&self, purpose: &[u8], id: Uuid, now: Timestamp) -> String {
        let key = self.signing(now);
        let until = now.as_second().saturating_add(LIVES_S);
        // Fixed lengths of all parts: without separators, no two inputs have the same bytes.
        let mut token = id.as_bytes().to_vec();
        // The end is signed with the id: no copy of the token can be given more time.
        token.extend(until.to_be_bytes());
        token.extend(key.number.to_be_bytes());
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
        let is_late = self.followed_from(key.number).is_some_and(|from| after(from, GRACE));
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

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Written by hand: a derived one would print the key in a log.
        f.write_str("LinkKey(…)")
    }
}

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

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn delivery() -> DeliveryId {
        DeliveryId::from_uuid(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001))
    }

    fn keys(byte: u8) -> LinkKeys {
        LinkKeys::new(LinkKey::new(0, [byte; 32], Timestamp::UNIX_EPOCH), Vec::new())
    }

    #[test]
    fn a_link_opens_its_delivery_until_it_expires() {
        let keys = keys(7);
        let token = keys.token(delivery(), now());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(keys.open(&token, now()), Ok(OpenedLink { id: delivery(), made: now() }));
        assert!(keys.open(&token, at("2028-11-21T10:00:00Z")).is_ok());
        assert!(matches!(keys.open(&token, at("2028-11-23T10:00:00Z")), Err(BadLink::Expired(_))));
        assert!(token.len() <= 84 && token.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let url = Links::new(keys, "https://leads.example/").outcome_url(delivery(), now());
        assert_eq!(url, format!("https://leads.example/o/{token}"));
    }

    #[test]
    fn links_to_this_machine_do_not_leave_it() {
        let (here, there) = ("http://127.0.0.1:9000/leads".into(), "https://crm.client.example/leads".into());
        let filed = Links::to_this_machine(keys(7), "http://127.0.0.1:8080", true);
        assert!(filed.for_mail().is_some() && filed.for_webhook(&here).is_some());
        assert!(filed.for_webhook(&there).is_none());
        let sent = Links::to_this_machine(keys(7), "http://127.0.0.1:8080", false);
        assert!(sent.for_mail().is_none() && sent.for_webhook(&here).is_some());
        let public = Links::new(keys(7), "https://leads.example");
        assert!(public.for_mail().is_some() && public.for_webhook(&there).is_some());
    }

    #[test]
    fn a_reps_link_opens_nothing_but_its_page() {
        let keys = keys(7);
        let rep = RepId::from_uuid(Uuid::from_u128(5));
        let token = keys.rep_token(rep, now());
        assert_eq!(keys.open_rep(&token, now()), Ok(OpenedLink { id: rep, made: now() }));
        assert_eq!(keys.open(&token, now()), Err(BadLink::Forged));
        assert_eq!(keys.open_rep(&keys.token(delivery(), now()), now()), Err(BadLink::Forged));
    }

    #[test]
    fn a_users_link_works_for_three_days_and_opens_nothing_else() {
        let ours = keys(7);
        let user = UserId::from_uuid(Uuid::from_u128(9));
        let token = ours.user_token(user, now());
        let later = |hours| now() + SignedDuration::from_hours(hours);
        assert_eq!(ours.open_user(&token, later(71)), Ok(OpenedLink { id: user, made: now() }));
        assert_eq!(ours.open_user(&token, later(72)), Err(BadLink::Expired(later(72))));
        assert_eq!(ours.open_rep(&token, now()), Err(BadLink::Forged));
        assert_eq!(ours.open(&token, now()), Err(BadLink::Forged));
        assert_eq!(ours.open_user(&ours.rep_token(RepId::from_uuid(user.uuid()), now()), now()), Err(BadLink::Forged));
        let url = Links::new(ours, "https://leads.example/").welcome_url(user, now());
        assert_eq!(url, format!("https://leads.example/welcome/{token}"));
    }

    #[test]
    fn a_return_path_names_its_delivery_in_any_case_and_opens_nothing_else() {
        let ours = keys(7);
        let token = ours.bounce_token(delivery(), now());
        assert!(token.len() + "bounces+".len() <= 64, "{token}");
        assert_eq!(ours.open_bounce(&token, now()), Ok(delivery()));
        assert_eq!(ours.open_bounce(&token.to_uppercase(), now()), Ok(delivery()));
        assert_eq!(keys(8).open_bounce(&token, now()), Err(BadLink::Forged));
        assert_eq!(ours.open(&token, now()), Err(BadLink::Forged));
        assert_eq!(ours.open_bounce(&ours.token(delivery(), now()), now()), Err(BadLink::Forged));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(ours.open_bounce(&String::from_utf8(changed).unwrap(), now()), Err(BadLink::Forged), "{at}");
            assert_eq!(ours.open_bounce(&token[..at], now()), Err(BadLink::Forged), "{at}");
        }
    }

    #[test]
    fn a_changed_cut_or_foreign_link_opens_nothing() {
        let ours = keys(7);
        let token = ours.token(delivery(), now());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(ours.open(&changed, now()), Err(BadLink::Forged), "{at}");
            assert_eq!(ours.open(&token[..at], now()), Err(BadLink::Forged), "{at}");
        }
        for bad in ["", "é", &format!("{token}00"), &"0".repeat(80), &"0".repeat(84)] {
            assert_eq!(ours.open(bad, now()), Err(BadLink::Forged), "{bad}");
        }
        assert_eq!(keys(8).open(&token, now()), Err(BadLink::Forged));
    }

    #[test]
    fn a_new_key_signs_after_a_while_and_the_former_ones_links_go_on() {
        let soon = now() + SignedDuration::from_secs(60);
        let first = LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH);
        let keys = LinkKeys::new(first.clone(), Vec::new());
        let sharing = keys.clone();
        let old = keys.token(delivery(), now());
        keys.replace(&LinkKeys::new(first.clone(), vec![LinkKey::new(1, [8; 32], soon)]));
        assert_eq!(sharing.newest(), 1);
        assert_eq!(sharing.token(delivery(), now()), old, "not every process knows the new one yet");
        let new = sharing.token(delivery(), soon);
        assert!(keys.open(&old, soon).is_ok() && keys.open(&new, soon).is_ok());
        let without = LinkKeys::new(first, Vec::new());
        assert!(without.open(&old, soon).is_ok() && without.open(&new, soon) == Err(BadLink::Forged));
    }

    #[test]
    fn a_former_key_signs_nothing_that_is_made_after_its_time() {
        let from = now() + SignedDuration::from_secs(60);
        let first = LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH);
        let both = LinkKeys::new(first.clone(), vec![LinkKey::new(1, [8; 32], from)]);
        // Whoever has the former key alone signs with it at any time.
        let leaked = LinkKeys::new(first.clone(), Vec::new());
        let later = from + SignedDuration::from_hours(2);
        assert_eq!(both.open(&leaked.token(delivery(), later), later), Err(BadLink::Forged));
        assert!(both.open(&leaked.token(delivery(), now()), later).is_ok(), "what was made in its time stays good");
        let slow = from + SignedDuration::from_mins(30);
        assert!(both.open(&leaked.token(delivery(), slow), later).is_ok(), "by a process that was slow to read it");
        let ahead = now() + SignedDuration::from_mins(11);
        assert_eq!(leaked.open(&leaked.token(delivery(), ahead), now()), Err(BadLink::Forged), "not made yet");
        assert!(leaked.open(&leaked.token(delivery(), now() + SignedDuration::from_mins(9)), now()).is_ok());

        let ended = LinkKeys::new(first.ended(Some(from)), vec![LinkKey::new(1, [8; 32], from)]);
        let old = leaked.token(delivery(), now());
        assert!(ended.open(&old, now()).is_ok());
        assert_eq!(ended.open(&old, from), Err(BadLink::Ended(from)));
        assert!(ended.open(&ended.token(delivery(), from), from).is_ok());
        let path = leaked.bounce_token(delivery(), now());
        assert_eq!(ended.open_bounce(&path, now()), Ok(delivery()));
        assert_eq!(ended.open_bounce(&path, from), Err(BadLink::Ended(from)), "whoever has the key signs these too");
        assert_eq!(ended.open_bounce(&ended.bounce_token(delivery(), from), from), Ok(delivery()));
    }

    #[test]
    fn a_link_from_before_keys_had_numbers_still_opens() {
        // Made by an earlier version with thirty-two bytes of seven.
        let key = LinkKey::new(0, [7; 32], Timestamp::UNIX_EPOCH);
        let until = now().as_second() + LIVES_S;
        let mut token = delivery().uuid().as_bytes().to_vec();
        token.extend(until.to_be_bytes());
        let signature = key.signature(b"ripen outcome link 1", b"", &token);
        token.extend(&signature[..SIGNATURE]);
        let token = hex::encode(token);
        assert_eq!(token.len(), 80);
        assert_eq!(keys(7).open(&token, now()), Ok(OpenedLink { id: delivery(), made: now() }));
        assert_eq!(keys(7).open_rep(&token, now()), Err(BadLink::Forged));
    }

    #[test]
    fn what_was_made_before_an_instant_can_be_ended() {
        let opened = keys(7).open(&keys(7).token(delivery(), now()), now()).unwrap();
        assert!(!opened.is_ended_by(Timestamp::UNIX_EPOCH) && !opened.is_ended_by(now()));
        assert!(opened.is_ended_by(now() + SignedDuration::from_millis(1)));
    }
}
