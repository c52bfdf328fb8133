//! Chance for simulations.

/// Numbers that look like chance and are the same every time: the minimal standard generator of Park and
/// Miller (1988).
pub(super) struct ChanceNumbers(pub(super) u64);

impl ChanceNumbers {
    /// Between 0 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }

    /// How many of `tries` succeed.
    pub(super) fn successes(&mut self, tries: u64, chance: f64) -> u64 {
        (0..tries).filter(|_| self.next() < chance).count() as u64
    }

    /// A number of events of which `mean` are expected.
    pub(super) fn events(&mut self, mean: f64) -> u64 {
        self.successes(1_000, mean / 1_000.0)
    }
}
