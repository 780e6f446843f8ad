use std::sync::Arc;

use bytes::Bytes;
use media::{
    AudioInfo, CodecConfig, Entry, Frame, Kind, Metadata, Timestamp, Track, TrackId, TrackSet,
    VideoInfo,
};
use stream::{Cursor, Limits, Log, Read, Timeline};

use crate::input::Input;

const READERS: usize = 4;

/// A stream's log under pushes of one writer and reads of several.
///
/// Its bounds hold after every push; its indices are never used twice; readers only move forward, start
/// where a decoder can, and are told what they miss.
pub(crate) fn stream_log(data: &[u8]) {
    let mut input = Input::new(data);
    let mut model = Model::new(limits(&mut input));
    while !input.is_empty() {
        let operation = input.u8();
        let reader = usize::from(operation >> 4) % READERS;
        match operation & 15 {
            0 => model.push(Entry::Tracks(tracks(input.u8()))),
            1 => model.push(Entry::Metadata(Arc::new(Metadata::default()))),
            2 => model.readers[reader] = Reader::at(model.log.join()),
            3 => model.readers[reader] = Reader::at(model.log.tail()),
            4 => {
                let cursor = model.log.next_group(model.readers[reader].cursor);
                model.readers[reader] = Reader::at(cursor);
            }
            5..9 => model.read(reader, usize::from(input.u8())),
            _ => {
                let frame = model.frame(operation, &mut input);
                model.push(frame);
            }
        }
    }
    for reader in 0..READERS {
        model.read(reader, usize::MAX);
    }
}

/// The placing of a publisher's time stamps.
///
/// Each track's decode times increase strictly, and the stream's time follows the clock.
pub(crate) fn timeline(data: &[u8]) {
    let mut input = Input::new(data);
    let mut line = Timeline::default();
    let mut newest: Vec<(TrackId, Timestamp)> = Vec::new();
    let mut now = 0;
    while !input.is_empty() {
        let choice = input.u8();
        if choice & 0xf0 == 0xf0 {
            line.restart();
        }
        now += u64::from(input.u8()) << (choice >> 1 & 7);
        let number = choice >> 4 & 1;
        let id = if choice & 1 == 0 { TrackId::video(number) } else { TrackId::audio(number) };
        let stamp = i64::from(input.u32()) - (i64::from(choice & 0x20) << 24);
        let placed = line.place(now, id, Timestamp::from_millis(stamp));
        let late = placed.dts.millis() - now as i64;
        assert!(late < 100_000_000, "the stream's time runs away: {late} ms");
        match newest.iter_mut().find(|(known, _)| *known == id) {
            Some((_, last)) => {
                assert!(placed.dts > *last, "a track's time went back");
                *last = placed.dts;
            }
            None => newest.push((id, placed.dts)),
        }
    }
}

fn limits(input: &mut Input<'_>) -> Limits {
    Limits {
        keep: Timestamp::from_millis(i64::from(input.u8()) * 20),
        max_duration: Timestamp::from_millis(i64::from(input.u8()) * 100),
        max_bytes: usize::from(input.u16()),
        max_entries: 1 + usize::from(input.u8()),
    }
}

fn tracks(choice: u8) -> Arc<TrackSet> {
    let config = CodecConfig::H264 { record: Bytes::new(), info: VideoInfo::default() };
    let video = (choice & 1 != 0).then(|| Track { id: TrackId::video(0), config });
    let config = CodecConfig::Aac { record: Bytes::new(), info: AudioInfo::default() };
    let audio = (choice & 2 != 0).then(|| Track { id: TrackId::audio(0), config });
    let tracks = video.into_iter().chain(audio).collect();
    Arc::new(TrackSet { tracks, discontinuity: u32::from(choice) })
}

/// The log beside everything that was ever pushed to it: an absolute index is a place in `all`.
struct Model {
    log: Log,
    limits: Limits,
    all: Vec<Entry>,
    /// The tracks that are current at each of `all`.
    current: Vec<Arc<TrackSet>>,
    tracks: Arc<TrackSet>,
    readers: [Reader; READERS],
    time: i64,
}

struct Reader {
    cursor: Cursor,
    /// It fell off the log while it ran, and was not told yet.
    fell: bool,
}

impl Reader {
    fn at(cursor: Cursor) -> Self {
        Self { cursor, fell: false }
    }
}

impl Model {
    fn new(limits: Limits) -> Self {
        let log = Log::new(limits);
        let readers = std::array::from_fn(|_| Reader::at(log.join()));
        let (all, current, tracks) = Default::default();
        Self { log, limits, all, current, tracks, readers, time: 0 }
    }

    fn frame(&mut self, operation: u8, input: &mut Input<'_>) -> Entry {
        self.time += i64::from(input.u8() >> 1);
        let early = i64::from(operation >> 6) * 300;
        let dts = Timestamp::from_millis(self.time - early);
        let number = operation >> 5 & 1;
        let video = operation & 1 == 0;
        let track = if video { TrackId::video(number) } else { TrackId::audio(number) };
        let len = usize::from(input.u8()) << (operation & 6);
        let keyframe = !video || operation & 0x1e == 0x1e;
        let data = Bytes::from(vec![0; len]);
        Entry::Frame(Frame { track, dts, pts: dts, keyframe, data })
    }

    fn push(&mut self, entry: Entry) {
        if let Entry::Tracks(tracks) = &entry {
            self.tracks = Arc::clone(tracks);
        }
        assert_eq!(self.log.end(), self.all.len() as u64, "an index was left out");
        self.all.push(entry.clone());
        self.current.push(Arc::clone(&self.tracks));
        self.log.push(entry);
        self.check();
    }

    fn check(&self) {
        let Self { log, limits, .. } = self;
        assert_eq!(log.end(), self.all.len() as u64);
        assert!(log.bytes() <= limits.max_bytes, "too many bytes");
        assert!(log.end() - log.first() <= limits.max_entries as u64, "too many entries");
        assert!(log.get(log.end()).is_none());
        let held = (log.first()..log.end()).map(|index| {
            let entry = log.get(index).expect("the log holds all from its first to its end");
            assert!(same(entry, &self.all[index as usize]), "index {index} holds another entry");
            if let Entry::Frame(frame) = entry { frame.data.len() } else { 0 }
        });
        assert_eq!(held.sum::<usize>(), log.bytes());
        assert_eq!(log.tracks(), &self.tracks);
        log.bytes_per_second();
    }

    /// Reads up to `most` times with one of the readers.
    fn read(&mut self, reader: usize, most: usize) {
        let Self { log, all, current, readers, .. } = self;
        let Reader { cursor, fell } = &mut readers[reader];
        for _ in 0..most {
            let before = cursor.position();
            *fell |= before < log.first() && cursor.is_running();
            match log.read(cursor) {
                Read::Empty => {
                    assert!(cursor.position() >= before, "the reader went back");
                    return;
                }
                Read::Start { tracks, skipped, .. } => {
                    let at = cursor.position();
                    assert!(at >= before + skipped, "the reader went back");
                    assert!(!*fell || skipped > 0, "the reader was not told of its fall");
                    *fell = false;
                    assert_eq!(
                        tracks, &current[at as usize],
                        "the tracks are not those of the start"
                    );
                    let Entry::Frame(frame) = &all[at as usize] else { panic!("no frame") };
                    assert!(frame.keyframe && frame.track.is_default());
                    assert_eq!(frame.track.kind == Kind::Video, tracks.has_video());
                }
                Read::Entry(entry) => {
                    assert!(!*fell, "the reader was not told of its fall");
                    assert!(same(entry, &all[before as usize]), "the reader got another entry");
                    assert_eq!(cursor.position(), before + 1);
                }
            }
        }
    }
}

fn same(one: &Entry, other: &Entry) -> bool {
    match (one, other) {
        (Entry::Frame(one), Entry::Frame(other)) => one == other,
        (Entry::Tracks(one), Entry::Tracks(other)) => Arc::ptr_eq(one, other),
        (Entry::Metadata(one), Entry::Metadata(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}
