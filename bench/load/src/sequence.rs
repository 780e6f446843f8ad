//! Which numbered pictures came: lost, doubled and out of order.

use crate::stamp::Stamp;

/// How far back a late or doubled picture is recognised, in pictures: 34 s at 30 a second.
const REMEMBERED: u32 = 1024;
const WORDS: usize = REMEMBERED as usize / 64;

/// What one picture changes in a player's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Numbers skipped; -1 when one that was taken for lost came after all.
    pub(crate) lost: i64,
    /// It had come before.
    pub(crate) doubled: bool,
    /// It came after a later one.
    pub(crate) reordered: bool,
}

/// The numbers that a player saw of one publisher, from its first on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    run: Option<Run>,
}

#[derive(Clone, Debug)]
struct Run {
    publisher: u32,
    first: u32,
    /// The highest number, and when that picture was sent.
    last: u32,
    sent_us: u64,
    /// One bit for each of the last [`REMEMBERED`] numbers that came, by number modulo that.
    seen: [u64; WORDS],
}

impl Sequence {
    /// Forgets everything: the next picture is the first.
    pub(crate) fn restart(&mut self) {
        self.run = None;
    }

    /// Takes the next picture. Another publisher, and a number that starts again though the picture
    /// was sent later, begin anew.
    pub(crate) fn take(&mut self, stamp: &Stamp) -> Change {
        let again = |run: &Run| {
            run.publisher != stamp.publisher
                || stamp.number < run.last && stamp.sent_us > run.sent_us
        };
        match &mut self.run {
            Some(run) if !again(run) => run.take(stamp),
            run => {
                *run = Some(Run::new(stamp));
                Change::default()
            }
        }
    }
}

impl Run {
    fn new(stamp: &Stamp) -> Self {
        let mut run = Self {
            publisher: stamp.publisher,
            first: stamp.number,
            last: stamp.number,
            sent_us: stamp.sent_us,
            seen: [0; WORDS],
        };
        run.set(stamp.number, true);
        run
    }

    fn take(&mut self, stamp: &Stamp) -> Change {
        let number = stamp.number;
        if number > self.last {
            let skipped = number - self.last - 1;
            for missing in 1..=skipped.min(REMEMBERED) {
                self.set(number - missing, false);
            }
            self.set(number, true);
            (self.last, self.sent_us) = (number, stamp.sent_us);
            return Change { lost: i64::from(skipped), ..Change::default() };
        }
        let too_old = self.last - number >= REMEMBERED;
        if number < self.first {
            // From before the first one: a player that joins may be sent older pictures later.
            return Change { reordered: true, ..Change::default() };
        }
        if too_old || self.is_set(number) {
            return Change { doubled: true, ..Change::default() };
        }
        self.set(number, true);
        Change { lost: -1, reordered: true, doubled: false }
    }

    fn set(&mut self, number: u32, seen: bool) {
        let (word, bit) = place(number);
        if seen {
            self.seen[word] |= bit;
        } else {
            self.seen[word] &= !bit;
        }
    }

    fn is_set(&self, number: u32) -> bool {
        let (word, bit) = place(number);
        self.seen[word] & bit != 0
    }
}

const fn place(number: u32) -> (usize, u64) {
    let at = number % REMEMBERED;
    ((at / 64) as usize, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn stamp(number: u32) -> Stamp {
        Stamp { publisher: 1, number, sent_us: u64::from(number) * 33 }
    }

    fn counts(numbers: &[u32]) -> (i64, u32, u32) {
        let mut sequence = Sequence::default();
        let mut sum = (0, 0, 0);
        for &number in numbers {
            let change = sequence.take(&stamp(number));
            sum.0 += change.lost;
            sum.1 += u32::from(change.doubled);
            sum.2 += u32::from(change.reordered);
        }
        sum
    }

    #[test]
    fn an_unbroken_run_has_no_faults() {
        assert_eq!(counts(&[7, 8, 9, 10]), (0, 0, 0));
    }

    #[test]
    fn skipped_numbers_are_lost_until_they_come() {
        assert_eq!(counts(&[1, 2, 5]), (2, 0, 0));
        assert_eq!(counts(&[1, 2, 5, 4]), (1, 0, 1));
        assert_eq!(counts(&[1, 2, 5, 4, 3, 4]), (0, 1, 2));
    }

    #[test]
    fn what_comes_again_is_doubled_however_old() {
        assert_eq!(counts(&[1, 1]), (0, 1, 0));
        let long: Vec<u32> = (0..5000).chain([3]).collect();
        assert_eq!(counts(&long), (0, 1, 0));
    }

    #[test]
    fn another_publisher_and_a_new_run_begin_anew() {
        let mut sequence = Sequence::default();
        sequence.take(&stamp(100));
        let other = Stamp { publisher: 2, number: 7, sent_us: 0 };
        assert_eq!(sequence.take(&other), Change::default());
        let again = Stamp { publisher: 2, number: 0, sent_us: 1000 };
        assert_eq!(sequence.take(&again), Change::default());
        let next = Stamp { publisher: 2, number: 1, sent_us: 2000 };
        assert_eq!(sequence.take(&next), Change::default());
    }

    proptest! {
        #[test]
        fn counts_agree_with_a_set(steps in prop::collection::vec(0_u32..200, 1..300)) {
            let numbers: Vec<u32> = [&[0], &steps[..]].concat();
            let (lost, doubled, _) = counts(&numbers);
            let set: HashSet<u32> = numbers.iter().copied().collect();
            let last = numbers.iter().max().unwrap();
            prop_assert_eq!(lost, i64::from(*last) + 1 - set.len() as i64);
            prop_assert_eq!(doubled as usize, numbers.len() - set.len());
        }

        #[test]
        fn any_stamps_are_taken_without_a_panic(
            stamps in prop::collection::vec((0_u32..2, any::<u32>(), any::<u64>()), 0..50),
        ) {
            let mut sequence = Sequence::default();
            for (publisher, number, sent_us) in stamps {
                sequence.take(&Stamp { publisher, number, sent_us });
            }
        }
    }
}
