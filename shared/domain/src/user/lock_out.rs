//! How long wrong passwords keep somebody waiting: the more of them in a row, the longer.
//!
//! Per account, so that one person's password cannot be tried out from many places; per address, so that one place cannot try
//! one password on everybody. Both end by themselves, or nobody would need more than an address to keep somebody out for good.

use jiff::SignedDuration;

/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// The first wait; each further wrong password doubles it.
const FIRST: SignedDuration = SignedDuration::from_secs(5);

/// So many tries before a wait they are counted down: who mistyped once is not worried.
const TOLD_OF: u32 = 3;

/// Whose wrong passwords are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockOut {
    /// Those for one account.
    Account,
    /// Those from one network address, behind which a whole office may sit.
    Address,
    /// Those for one account from one address: they lock nothing, and say how many are left before the account's do. Of all places together
    /// a stranger would read from that when somebody signs in elsewhere.
    AccountFromAddress,
}

impl LockOut {
    /// As the key of a count begins.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Address => "address",
            Self::AccountFromAddress => "account_from_address",
        }
    }

    /// One wrong password is forgotten for each such time without another, because in a whole office somebody mistypes every day;
    /// none where only a right one ends the count.
    #[must_use]
    pub const fn forgets_one_every(self) -> Option<SignedDuration> {
        match self {
            Self::Account | Self::AccountFromAddress => None,
            Self::Address => Some(SignedDuration::from_mins(5)),
        }
    }

    /// How many wrong ones in a row cost nothing.
    #[must_use]
    pub const fn free(self) -> u32 {
        match self {
            Self::Account | Self::AccountFromAddress => 5,
            Self::Address => 20,
        }
    }
}

/// How long nothing opens after so many wrong passwords in a row: 5 s, 10 s, 20 s, … up to 15 minutes.
#[must_use]
pub fn locked_for(of: LockOut, failures: u32) -> SignedDuration {
    let over = failures.saturating_sub(of.free());
    if over == 0 {
        return SignedDuration::ZERO;
    }
    // Bounded before it is raised: 2^200 is no duration.
    let doubled = FIRST.checked_mul(1 << (over - 1).min(16)).unwrap_or(LONGEST);
    doubled.min(LONGEST)
}

/// How many wrong passwords are left before somebody has to wait; none where that is far off, or the wait has begun.
#[must_use]
pub fn tries_left(of: LockOut, failures: u32) -> Option<u32> {
    (of.free() + 1).checked_sub(failures).filter(|left| (1..=TOLD_OF).contains(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends() {
        let waits: Vec<_> = (4..9).map(|failures| locked_for(LockOut::Account, failures).as_secs()).collect();
        assert_eq!(waits, [0, 0, 5, 10, 20]);
        assert_eq!(locked_for(LockOut::Account, u32::MAX), LONGEST);
        assert_eq!(locked_for(LockOut::Address, 20), SignedDuration::ZERO);
        assert_eq!(locked_for(LockOut::Address, 21).as_secs(), 5);
    }

    #[test]
    fn tries_are_counted_down_until_the_wait_begins() {
        let left: Vec<_> = (1..8).map(|failures| tries_left(LockOut::AccountFromAddress, failures)).collect();
        assert_eq!(left, [None, None, Some(3), Some(2), Some(1), None, None]);
        let locks = (1..8).find(|failures| !locked_for(LockOut::Account, *failures).is_zero());
        assert_eq!(locks, Some(6), "as the account itself locks");
    }
}
