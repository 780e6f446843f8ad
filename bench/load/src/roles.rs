//! Which player does what: most behave, given shares do not.

/// How a player treats the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes everything as it comes.
    Steady,
    /// Reads nothing after its first picture.
    Frozen,
    /// Reads at a part of the stream's bit rate.
    Slow,
    /// Stops reading for 5 s, then reads for 5 s.
    Pausing,
    /// Leaves, and comes back some seconds later.
    Leaving,
}

/// Shares of the players that misbehave, 0 to 1 each and together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shares {
    pub(crate) frozen: f64,
    pub(crate) slow: f64,
    pub(crate) pausing: f64,
    pub(crate) leaving: f64,
}

/// Deals the roles out: exact in number, spread over the players, the same in every run.
#[derive(Clone, Debug)]
pub(crate) struct Casting {
    players: u64,
    stride: u64,
    bounds: [(u64, Role); 4],
    parse_one_in: u64,
}

impl Casting {
    /// Of the well-behaved players one in `parse_one_in` is parsed.
    pub(crate) fn new(players: usize, shares: Shares, parse_one_in: usize) -> Self {
        let players = players.max(1) as u64;
        let mut end = 0.0;
        let bounds = [
            (shares.frozen, Role::Frozen),
            (shares.slow, Role::Slow),
            (shares.pausing, Role::Pausing),
            (shares.leaving, Role::Leaving),
        ];
        let bounds = bounds.map(|(share, role)| {
            end += share * players as f64;
            (end.round() as u64, role)
        });
        // A stride near the golden section, without a common divisor: ranks are spread evenly.
        let mut stride = ((players as f64 * 0.618) as u64).max(1);
        while gcd(stride, players) != 1 {
            stride += 1;
        }
        Self { players, stride, bounds, parse_one_in: parse_one_in.max(1) as u64 }
    }

    /// The role of the player with this index, and whether its pictures are parsed one by one.
    pub(crate) fn of(&self, index: usize) -> (Role, bool) {
        let rank = index as u64 * self.stride % self.players;
        match self.bounds.iter().find(|(end, _)| rank < *end) {
            Some((_, role)) => (*role, false),
            None => {
                let well_behaved = rank - self.bounds[3].0;
                (Role::Steady, well_behaved.is_multiple_of(self.parse_one_in))
            }
        }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_are_exact_and_spread() {
        let shares = Shares { frozen: 0.2, slow: 0.1, ..Shares::default() };
        let casting = Casting::new(1000, shares, 20);
        let roles: Vec<_> = (0..1000).map(|index| casting.of(index)).collect();
        let count = |role| roles.iter().filter(|(other, _)| *other == role).count();
        assert_eq!((count(Role::Frozen), count(Role::Slow), count(Role::Steady)), (200, 100, 700));
        assert_eq!(roles.iter().filter(|(_, parsed)| *parsed).count(), 35);
        let early = roles[..100].iter().filter(|(role, _)| *role == Role::Frozen).count();
        assert!((15..=25).contains(&early), "{early}");
    }

    #[test]
    fn without_shares_all_behave_and_all_are_parsed() {
        let casting = Casting::new(7, Shares::default(), 1);
        assert!((0..7).all(|index| casting.of(index) == (Role::Steady, true)));
    }

    proptest! {
        #[test]
        fn every_rank_is_dealt_once(players in 1_usize..400, frozen in 0.0_f64..0.5, slow in 0.0_f64..0.5) {
            let casting = Casting::new(players, Shares { frozen, slow, ..Shares::default() }, 3);
            let bad = (0..players).filter(|&index| casting.of(index).0 != Role::Steady).count();
            prop_assert_eq!(bad, ((frozen + slow) * players as f64).round() as usize);
        }
    }
}
