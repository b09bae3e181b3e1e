//! Look-ups of tokens: each asks the database, so whoever tries out wrong ones is refused before it is asked.
//!
//! By address, because nothing else is known of him. Tokens, the links of pages and the return paths of mails are counted apart: a
//! mail server that posts old bounces must not keep out the reps and programs behind the same address, nor they it. Tokens that opened something lately are not refused: a program with a revoked
//! token must not stop another one behind the same address.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use ripen_web::{
    Problem,
    address::Visitor,
    address_rate::{AddressQuota, AddressRate},
};

/// How many tokens are remembered that opened something.
const OPENED_MOST: usize = 4096;

/// What was found lately.
pub struct TokenLookups {
    wrong: AddressRate,
    links: AddressRate,
    return_paths: AddressRate,
    opened: Mutex<HashSet<[u8; 32]>>,
}

impl TokenLookups {
    /// None yet; wrong ones of each kind have this quota.
    pub fn new(wrong: AddressQuota) -> Self {
        let rate = || AddressRate::new(wrong);
        Self { wrong: rate(), links: rate(), return_paths: rate(), opened: Mutex::default() }
    }

    /// Whether the database may be asked about a token.
    ///
    /// # Errors
    /// 429 after too many wrong ones from this address.
    pub fn admit(&self, hash: [u8; 32], visitor: Option<Visitor>) -> Result<(), Problem> {
        let is_known = || self.opened.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash);
        match visitor {
            Some(visitor) if !is_known() => self.wrong.look(visitor.address),
            _ => Ok(()),
        }
    }

    /// Notes what the database answered.
    pub fn note(&self, hash: [u8; 32], visitor: Option<Visitor>, is_found: bool) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if is_found {
            if opened.len() >= OPENED_MOST {
                // What is forgotten is looked up like any other.
                opened.clear();
            }
            opened.insert(hash);
            return;
        }
        opened.remove(&hash);
        drop(opened);
        if let Some(visitor) = visitor {
            // Refused where several were asked about at the same time; the next one hears of it.
            let _ = self.wrong.take(visitor.address);
        }
    }

    /// Counts a link that opens nothing.
    ///
    /// # Errors
    /// 429 after too many wrong ones from this address.
    pub fn note_wrong_link(&self, visitor: Option<Visitor>) -> Result<(), Problem> {
        // Whole links open in any case: they are checked by their signature, before this.
        visitor.map_or(Ok(()), |visitor| self.links.take(visitor.address))
    }

    /// Counts a return path that no mail has.
    ///
    /// # Errors
    /// 429 after too many wrong ones from this address.
    pub fn note_wrong_return_path(&self, visitor: Option<Visitor>) -> Result<(), Problem> {
        visitor.map_or(Ok(()), |visitor| self.return_paths.take(visitor.address))
    }

    /// Forgets the addresses that tried nothing lately. To be called now and then.
    pub fn forget_idle(&self) {
        [&self.wrong, &self.links, &self.return_paths].into_iter().for_each(AddressRate::forget_idle);
    }
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, num::NonZeroU32};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_are_bounded_for_each_address_and_right_ones_are_not() {
        let two = NonZeroU32::new(2).unwrap();
        let lookups = TokenLookups::new(AddressQuota { per_minute: two, burst: two, most: 10, refusal: "Too many." });
        let from = |text: &str| Some(Visitor::from(text.parse::<SocketAddr>().unwrap()));
        let (bot, other) = (from("192.0.2.1:1"), from("192.0.2.2:1"));
        let (right, revoked) = ([1; 32], [2; 32]);
        lookups.note(right, bot, true);
        lookups.note(revoked, bot, true);
        for number in 3..5 {
            lookups.admit([number; 32], bot).unwrap();
            lookups.note([number; 32], bot, false);
        }
        assert!(lookups.admit([5; 32], bot).is_err());
        lookups.admit([5; 32], other).unwrap();
        lookups.admit(right, bot).unwrap();
        lookups.admit(revoked, bot).unwrap();
        lookups.note(revoked, bot, false);
        assert!(lookups.admit(revoked, bot).is_err(), "it was revoked");
        tokio::time::advance(std::time::Duration::from_secs(60)).await;
        lookups.admit([5; 32], bot).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_links_and_return_paths_are_counted_apart() {
        let one = NonZeroU32::MIN;
        let lookups = TokenLookups::new(AddressQuota { per_minute: one, burst: one, most: 10, refusal: "Too many." });
        let office = Some(Visitor::from("192.0.2.1:1".parse::<SocketAddr>().unwrap()));
        lookups.note_wrong_return_path(office).unwrap();
        assert!(lookups.note_wrong_return_path(office).is_err());
        lookups.note_wrong_link(office).unwrap();
        assert!(lookups.note_wrong_link(office).is_err());
        lookups.admit([1; 32], office).unwrap();
        lookups.note([1; 32], office, false);
        assert!(lookups.admit([2; 32], office).is_err());
        // Whose address is not known is not counted.
        lookups.note_wrong_link(None).and_then(|()| lookups.note_wrong_return_path(None)).unwrap();
    }
}
