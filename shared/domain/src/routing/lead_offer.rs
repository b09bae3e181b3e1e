//! First to claim: a lead that is offered to several and belongs to the one who accepts first. Who is offered it next, when
//! nobody does, is for `route` to say; here is only what may follow what. In the database the guard is one update that
//! names the state it leaves, so that of two who accept at once exactly one wins.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{recipient::RecipientId, tier::Tier};

/// Where a lead that is offered stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadOffer {
    /// Several may take it.
    Offered {
        /// Whose turn it is: the recipients', the fallback's.
        tier: Tier,
        /// Who may take it.
        to: BTreeSet<RecipientId>,
        /// Before this.
        until: Timestamp,
    },
    /// It belongs to somebody.
    Taken {
        /// Who accepted first.
        by: RecipientId,
        /// When.
        at: Timestamp,
        /// Who was offered it too and is told that it is gone.
        others: BTreeSet<RecipientId>,
    },
    /// Nobody took it in time, or all declined.
    Lapsed {
        /// Whose turn it is now; none after the owner's.
        next: Option<Tier>,
        /// Who was offered it and is told that it is gone.
        to: BTreeSet<RecipientId>,
    },
}

/// How an offer ended for one to whom it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferOver {
    /// This one took it.
    Won(Timestamp),
    /// Somebody else did.
    Taken(Timestamp),
    /// The time is over.
    TimeOver(Timestamp),
    /// It stands, but not for this one any more: passed, or others are asked now.
    NotYours,
}

/// Why a step cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTransition {
    /// Somebody was faster.
    #[error("somebody else took this lead at {0}")]
    Taken(Timestamp),
    /// The time is over.
    #[error("the time to take this lead was over at {0}")]
    TooLate(Timestamp),
    /// Others are asked now.
    #[error("the time to take this lead is over: others are asked now")]
    Lapsed,
    /// Others were asked.
    #[error("this lead is not offered to you")]
    NotOffered,
    /// The time is not over yet.
    #[error("this lead can be taken until {0}")]
    StillOffered(Timestamp),
}

impl LeadOffer {
    /// How it ended for one to whom it was made; none while it can be taken.
    #[must_use]
    pub fn over(&self, who: RecipientId, now: Timestamp) -> Option<OfferOver> {
        match self {
            Self::Taken { by, at, .. } if *by == who => Some(OfferOver::Won(*at)),
            // By whom is nobody's business who does not have it.
            Self::Taken { at, .. } => Some(OfferOver::Taken(*at)),
            Self::Offered { to, .. } if !to.contains(&who) => Some(OfferOver::NotYours),
            Self::Offered { until, .. } if now >= *until => Some(OfferOver::TimeOver(*until)),
            Self::Offered { .. } => None,
            Self::Lapsed { .. } => Some(OfferOver::NotYours),
        }
    }

    /// Somebody accepts. Who has it already may accept again: the answer is the same.
    ///
    /// # Errors
    /// When it is somebody else's, the time is over, or it was not offered to this one.
    pub fn accept(self, by: RecipientId, now: Timestamp) -> Result<Self, InvalidTransition> {
        match self {
            // Who has it and says so again is answered the same: programs repeat requests whose answer was lost.
            Self::Taken { by: first, .. } if first == by => Ok(self),
            Self::Taken { at, .. } => Err(InvalidTransition::Taken(at)),
            Self::Lapsed { .. } => Err(InvalidTransition::Lapsed),
            Self::Offered { mut to, until, .. } => {
                // Before the time: whether an offer still stands is no business of somebody it was not made to.
                if !to.remove(&by) {
                    return Err(InvalidTransition::NotOffered);
                }
                // The instant itself is over: `lapse` takes the other side, so that both never hold.
                if now >= until {
                    return Err(InvalidTransition::TooLate(until));
                }
                Ok(Self::Taken { by, at: now, others: to })
            }
        }
    }

    /// Somebody does not want it. Once nobody is left the time is over.
    ///
    /// # Errors
    /// When it is not offered to this one any more.
    pub fn decline(self, by: RecipientId) -> Result<Self, InvalidTransition> {
        match self {
            Self::Taken { at, .. } => Err(InvalidTransition::Taken(at)),
            Self::Lapsed { .. } => Err(InvalidTransition::Lapsed),
            Self::Offered { tier, mut to, until } => {
                if !to.remove(&by) {
                    return Err(InvalidTransition::NotOffered);
                }
                // The last one has passed: nobody is left to wait for.
                if to.is_empty() {
                    return Ok(Self::Lapsed { next: tier.next(), to });
                }
                Ok(Self::Offered { tier, to, until })
            }
        }
    }

    /// The time is over and nobody accepted.
    ///
    /// # Errors
    /// When somebody did, or the time is not over.
    pub fn lapse(self, now: Timestamp) -> Result<Self, InvalidTransition> {
        match self {
            Self::Taken { at, .. } => Err(InvalidTransition::Taken(at)),
            // Said twice is said once: two sweeps may see the same offer.
            Self::Lapsed { .. } => Ok(self),
            Self::Offered { until, .. } if now < until => Err(InvalidTransition::StillOffered(until)),
            Self::Offered { tier, to, .. } => Ok(Self::Lapsed { next: tier.next(), to }),
        }
    }
}

#[cfg(test)]
mod tests;
