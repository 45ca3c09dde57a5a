//! The clock of a story that is told after the fact: each thread stands at the moment of the
//! scene it plays. Ids come from the scene, so that the story is the same each time.

use crm_core::{Environment, HostFailure, Timestamp};
use std::cell::Cell;

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
    static DICE: Cell<u64> = const { Cell::new(0) };
}

/// The environment in which the story is played.
pub(super) struct StoryClock;

impl StoryClock {
    /// The calling thread begins a scene: what it draws from now on belongs to it.
    pub(super) fn scene(number: u64) {
        DICE.set(number.wrapping_add(1).wrapping_mul(0x2545_f491_4f6c_dd1d));
    }

    /// Sets the clock of the calling thread.
    pub(super) fn at(moment: Timestamp) {
        NOW.set(moment.millis());
    }
}

impl Environment for StoryClock {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        Ok(Timestamp::saturating(NOW.get()))
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        let mut dice = Dice(DICE.get());
        let bytes = (u128::from(dice.roll()) << 64 | u128::from(dice.roll())).to_be_bytes();
        DICE.set(dice.0);
        Ok(bytes)
    }
}

/// A small generator of numbers (SplitMix64): from the same seed the same numbers, everywhere.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is at least 1.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    /// A number from `first` to `last`.
    pub(super) fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = u64::try_from(last.saturating_sub(first)).unwrap_or_default();
        first.saturating_add(i64::try_from(self.below(span.saturating_add(1))).unwrap_or_default())
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of them; the default when there is none.
    pub(super) fn pick<T: Copy + Default>(&mut self, of: &[T]) -> T {
        let place = usize::try_from(self.below(of.len() as u64)).unwrap_or_default();
        of.get(place).copied().unwrap_or_default()
    }
}
