//! Dice that fall the same each time: the demonstration differs from start to start by its dates alone, so that what somebody sees
//! in one can be found in another.

use jiff::SignedDuration;

/// A row of throws (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The throws of this number.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The throws of a text.
    pub fn of(text: &str) -> Self {
        // FNV-1a: the standard library's hashes may differ from build to build.
        Self(
            text.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `sides`; 0 without any.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % sides).unwrap_or(0)
    }

    /// In so many of a hundred throws.
    pub fn is_in(&mut self, hundred: usize) -> bool {
        self.roll(100) < hundred
    }

    /// One of these; none of nothing.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.roll(of.len()))
    }

    /// A text of these.
    pub fn words(&mut self, of: &[String]) -> String {
        self.pick(of).cloned().unwrap_or_default()
    }

    /// From nothing to so long, in whole seconds.
    pub fn within(&mut self, longest: SignedDuration) -> SignedDuration {
        let seconds = usize::try_from(longest.as_secs()).unwrap_or(0);
        SignedDuration::from_secs(i64::try_from(self.roll(seconds)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_repeat_and_reach_every_side() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            (0..100).map(|_| dice.roll(6)).collect::<Vec<_>>()
        };
        assert_eq!(throws(1), throws(1));
        assert_ne!(throws(1), throws(2));
        assert!((0..6).all(|side| throws(1).contains(&side)));
        assert_eq!(Dice::new(1).roll(0), 0);
        assert_eq!(Dice::of("a").pick::<u8>(&[]), None);
    }
}
