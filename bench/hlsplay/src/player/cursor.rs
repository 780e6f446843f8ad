//! What of a playlist is to be fetched next.

use crate::playlist::{Media, Part, Segment};

/// How many target durations, and part targets, from the end a player stays that is told no other
/// (RFC 8216bis 4.4.3.8).
const HOLD_BACK: u64 = 3;
/// A playlist that ends this many segments before what was fetched has begun anew; one or two may be
/// an older copy of it.
const BEGUN_ANEW: u64 = 3;

/// The first segment that is not in hand, and how many of its parts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) msn: u64,
    pub(super) part: u32,
    /// The duration of those parts.
    pub(super) taken_us: u64,
}

/// Something to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Segment(Segment),
    Part(Segment, Part),
}

/// What a newer playlist means for a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    No,
    /// So many segments left the playlist before they were fetched.
    Missed(u64),
    /// The numbers begin anew.
    Anew,
}

impl Cursor {
    /// Where playing begins, and how long before the start position that is: as far from the end as
    /// the server wants players to stay, at the beginning of what has ended. `None` when the playlist
    /// is empty.
    pub(super) fn start(media: &Media, parts: bool) -> Option<(Self, u64)> {
        let first = media.segments().first()?;
        let listed = |segment: &&Segment| parts || segment.complete;
        let total: u64 = media.segments().iter().filter(listed).map(|one| one.duration_us).sum();
        let hold_back = match media.part_target_us.filter(|_| parts) {
            Some(target) => media.part_hold_back_us.unwrap_or(target * HOLD_BACK),
            None => media.hold_back_us.unwrap_or(media.target_us * HOLD_BACK),
        };
        let position = if media.ended { 0 } else { total.saturating_sub(hold_back) };
        let mut begin = 0;
        let mut whole = (Self { msn: first.msn, ..Self::default() }, 0);
        let mut part = None;
        for segment in media.segments().iter().filter(listed) {
            if begin <= position {
                whole = (Self { msn: segment.msn, ..Self::default() }, begin);
            }
            let mut taken_us = 0;
            for (one, index) in media.parts(segment).iter().zip(0..) {
                if parts && one.independent && begin + taken_us <= position {
                    let cursor = Self { msn: segment.msn, part: index, taken_us };
                    part = Some((cursor, begin + taken_us));
                }
                taken_us += one.duration_us;
            }
            begin += segment.duration_us;
        }
        let (cursor, begin) = part.unwrap_or(whole);
        Some((cursor, position - begin))
    }

    /// Follows a newer playlist.
    pub(super) fn follow(&mut self, media: &Media) -> Moved {
        let (Some(first), Some((end, _))) = (media.segments().first(), media.next()) else {
            return Moved::No;
        };
        if end + BEGUN_ANEW <= self.msn {
            return Moved::Anew;
        }
        let missed = first.msn.saturating_sub(self.msn);
        if missed == 0 {
            return Moved::No;
        }
        *self = Self { msn: first.msn, ..Self::default() };
        Moved::Missed(missed)
    }

    /// What is there to fetch; steps over what is in hand already and over gaps.
    pub(super) fn next(&mut self, media: &Media, parts: bool) -> Option<Next> {
        loop {
            let segment = media.segment(self.msn)?;
            let listed = if parts { media.parts(segment) } else { &[] };
            match listed.get(self.part as usize) {
                Some(part) if part.gap => self.took_part(part.duration_us),
                Some(part) => return Some(Next::Part(*segment, *part)),
                None if !segment.complete => return None,
                None if segment.gap || !listed.is_empty() => self.took_segment(),
                // All of it: parts are never listed, or not any more. Those in hand come again.
                None => return Some(Next::Segment(*segment)),
            }
        }
    }

    pub(super) fn took_part(&mut self, duration_us: u64) {
        self.part += 1;
        self.taken_us += duration_us;
    }

    pub(super) fn took_segment(&mut self) {
        *self = Self { msn: self.msn + 1, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    const VIDEO: &str = include_str!("../../../../delivery/hls/tests/suite/golden/live-v0.m3u8");
    const AUDIO: &str = include_str!("../../../../delivery/hls/tests/suite/golden/live-a0.m3u8");
    const ENDED: &str = include_str!("../../../../delivery/hls/tests/suite/golden/audio-a0.m3u8");

    fn plain(count: u64, more: &str) -> Media {
        let mut text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:10\n".to_owned();
        (0..count).for_each(|index| write!(text, "#EXTINF:2,\n{index}.ts\n").unwrap());
        Media::parse(&(text + more)).unwrap()
    }

    fn at(msn: u64, part: u32, taken_us: u64) -> Cursor {
        Cursor { msn, part, taken_us }
    }

    #[test]
    fn plain_playing_starts_three_target_durations_before_the_end() {
        assert_eq!(Cursor::start(&plain(6, ""), true), Some((at(13, 0, 0), 0)));
        assert_eq!(Cursor::start(&plain(2, ""), true), Some((at(10, 0, 0), 0)));
        assert_eq!(
            Cursor::start(&plain(6, "#EXTINF:1,\nx.ts\n"), true),
            Some((at(13, 0, 0), 1_000_000))
        );
        assert_eq!(Cursor::start(&plain(0, ""), true), None);
        let wanted = "#EXT-X-SERVER-CONTROL:HOLD-BACK=8\n";
        assert_eq!(Cursor::start(&plain(6, wanted), true), Some((at(12, 0, 0), 0)));
    }

    #[test]
    fn what_has_ended_is_played_from_its_beginning() {
        assert_eq!(Cursor::start(&Media::parse(ENDED).unwrap(), true), Some((at(0, 0, 0), 0)));
    }

    #[test]
    fn low_latency_starts_at_the_last_independent_part_before_the_hold_back() {
        // 4.48 s listed; 0.723 s back is 3.757 s; the key frame before it is at 2 s.
        let video = Media::parse(VIDEO).unwrap();
        assert_eq!(Cursor::start(&video, true), Some((at(101, 0, 0), 1_757_000)));
        // Of sound every part will do: 4.501 s, less 0.768 s, falls into part 6 of segment 101.
        let audio = Media::parse(AUDIO).unwrap();
        let (cursor, lead) = Cursor::start(&audio, true).unwrap();
        assert_eq!((cursor.msn, cursor.part, cursor.taken_us), (101, 6, 1_536_000));
        assert!(lead < 256_000);
        // Without low latency: all that is listed is less than the hold-back.
        assert_eq!(Cursor::start(&video, false), Some((at(100, 0, 0), 0)));
    }

    #[test]
    fn parts_are_taken_one_by_one_and_then_waited_for() {
        let media = Media::parse(VIDEO).unwrap();
        let mut cursor = at(101, 7, 0);
        let mut taken = Vec::new();
        while let Some(Next::Part(_, part)) = cursor.next(&media, true) {
            taken.push(media.text(part.uri).to_owned());
            cursor.took_part(part.duration_us);
        }
        assert_eq!(taken, ["v0-7-101.7.m4s", "v0-7-101.8.m4s", "v0-7-102.0.m4s", "v0-7-102.1.m4s"]);
        assert_eq!(cursor, at(102, 2, 480_000));
    }

    #[test]
    fn a_segment_whose_parts_are_not_listed_any_more_is_taken_whole() {
        let media = plain(3, "");
        let mut cursor = at(11, 2, 480_000);
        let next = cursor.next(&media, true);
        assert!(matches!(next, Some(Next::Segment(segment)) if segment.msn == 11));
    }

    #[test]
    fn gaps_are_stepped_over() {
        let media = plain(1, "#EXT-X-GAP\n#EXTINF:2,\ngap.ts\n#EXTINF:2,\nx.ts\n");
        let mut cursor = at(11, 0, 0);
        assert!(matches!(cursor.next(&media, true), Some(Next::Segment(one)) if one.msn == 12));
    }

    #[test]
    fn what_left_the_playlist_is_missed_and_older_copies_are_waited_out() {
        let media = plain(3, "");
        let mut cursor = at(8, 1, 5);
        assert_eq!(cursor.follow(&media), Moved::Missed(2));
        assert_eq!(cursor, at(10, 0, 0));
        for msn in 10..=15 {
            assert_eq!(at(msn, 0, 0).follow(&media), Moved::No);
        }
        assert_eq!(at(16, 0, 0).follow(&media), Moved::Anew);
        assert_eq!(at(16, 0, 0).follow(&Media::default()), Moved::No);
    }
}
