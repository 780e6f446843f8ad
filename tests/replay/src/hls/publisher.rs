use std::sync::Arc;

use bytes::Bytes;
use hls::{Config, Packager, Presentation};
use media::{
    AudioInfo, CodecConfig, Entry, Frame, Metadata, Timestamp, Track, TrackId, TrackSet, VideoInfo,
};

use super::events::{Files, SAMPLE_RATE};
use super::viewer::{Viewer, ask};
use crate::input::Input;

/// A publisher that may do anything, packaged, presented, and watched.
///
/// What [`Files`] says of the events holds, and what [`Viewer`] says of the playlists and names.
pub(crate) fn hls_stream(data: &[u8]) {
    /// What a publisher does at most, so that no input takes long.
    const MOST_STEPS: usize = 400;
    let mut input = Input::new(data);
    let mut rig = Rig::new(&mut input);
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        rig.step(&mut input);
    }
    rig.viewer.watch(&rig.presentation, &rig.files);
    let mut events = Vec::new();
    rig.packager.end(rig.wall, &mut events);
    rig.take(&events);
    assert!(rig.presentation.is_ended());
    rig.viewer.watch(&rig.presentation, &rig.files);
}

struct Rig {
    packager: Packager,
    presentation: Presentation,
    files: Files,
    viewer: Viewer,
    discontinuity: u32,
    /// The publisher's own time, in milliseconds.
    time: i64,
    /// How far the sound has come.
    sound: i64,
    wall: i64,
    /// The first byte of each frame: to Opus a packet of 20 ms or of 80 ms.
    packet: u8,
}

impl Rig {
    fn new(input: &mut Input<'_>) -> Self {
        let config = Config {
            segment: Timestamp::from_millis(i64::from(input.u8()) * 40),
            part: Timestamp::from_millis(i64::from(input.u8()) * 4),
            session: u32::from(input.u8()),
            first_msn: u64::from(input.u8()),
            window: input.below(20),
        };
        let mut rig = Self {
            packager: Packager::new(config),
            presentation: Presentation::new(),
            files: Files::default(),
            viewer: Viewer::default(),
            discontinuity: 0,
            time: 0,
            sound: 0,
            wall: 1_700_000_000_000,
            packet: 0xf8,
        };
        let set = rig.tracks(input.u8());
        rig.push(&set);
        rig
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.u8() & 15 {
            0 => {
                let choice = input.u8();
                let set = self.tracks(choice);
                self.push(&set);
            }
            1 => {
                let gap = i64::from(input.u16());
                self.time += gap;
                self.wall += if input.flag() { gap } else { 0 };
                if input.flag() {
                    self.sound = self.time;
                }
            }
            2 => self.time = (self.time - i64::from(input.u16() >> 3)).max(0),
            3 => {
                let mut events = Vec::new();
                self.packager.interrupt(self.wall, &mut events);
                self.take(&events);
            }
            4 => self.wall += (i64::from(input.u16()) - 0x8000) << (input.u8() & 7),
            5 => {
                let rate = input.u8();
                self.packet = if rate & 64 == 0 { 0xf8 } else { 0x11 };
                let frame_rate = Some(f64::from(rate));
                let metadata = Metadata { frame_rate, ..Metadata::default() };
                self.push(&Entry::Metadata(Arc::new(metadata)));
            }
            6 => self.frame(input),
            7 => {
                ask(&self.presentation, input);
                self.viewer.expire(&mut self.presentation, self.wall);
            }
            8 => self.viewer.watch(&self.presentation, &self.files),
            _ => self.group(input),
        }
    }

    /// Pictures at an even rate, with sound beside them or without.
    fn group(&mut self, input: &mut Input<'_>) {
        let (count, choice) = (input.u8() & 63, input.u8());
        let (step, jitter) = (1 + i64::from(input.u8()), i64::from(choice >> 5));
        for number in 0..count {
            let lag = if choice & 2 == 0 { 0 } else { step * i64::from(number % 3) };
            let dts = self.time + i64::from(number) % (jitter + 1);
            let key = number == 0 && choice & 1 == 0;
            self.send(TrackId::video(0), dts, lag, key, 60);
            if choice & 16 != 0 {
                self.send(TrackId::video(1), dts, lag, key, 40);
            }
            self.time += step;
            self.wall += step;
            while choice & 4 == 0 && self.sound < self.time {
                self.send(TrackId::audio(0), self.sound, 0, true, 10);
                if choice & 8 != 0 {
                    self.send(TrackId::audio(1), self.sound, 0, true, 5);
                }
                // 1024 samples at 48 kHz.
                self.sound += 21 + i64::from(self.sound % 3 == 0);
            }
        }
    }

    fn frame(&mut self, input: &mut Input<'_>) {
        let choice = input.u8();
        let number = choice >> 1 & 1;
        let track = if choice & 1 == 0 { TrackId::video(number) } else { TrackId::audio(number) };
        let dts = self.time + i64::from(input.u16()) - 0x8000;
        let lag = i64::from(input.u16()) << (choice >> 5);
        self.send(track, dts.max(0), lag, choice & 4 != 0, usize::from(input.u8()));
    }

    fn send(&mut self, track: TrackId, dts: i64, lag: i64, keyframe: bool, len: usize) {
        let (dts, pts) = (Timestamp::from_millis(dts), Timestamp::from_millis(dts + lag));
        let data = Bytes::from(vec![self.packet; len]);
        self.push(&Entry::Frame(Frame { track, dts, pts, keyframe, data }));
    }

    fn push(&mut self, entry: &Entry) {
        let mut events = Vec::new();
        self.packager.push(entry, self.wall, &mut events);
        self.take(&events);
    }

    fn take(&mut self, events: &[hls::Event<Vec<Bytes>>]) {
        for event in events {
            self.presentation.apply(&self.files.place(event));
        }
        self.presentation.last_msn();
    }

    /// Tracks by the bits of `choice`; the highest makes them a discontinuity.
    fn tracks(&mut self, choice: u8) -> Entry {
        let all = [
            (TrackId::video(0), h264(choice & 16 != 0)),
            (TrackId::video(1), h264(false)),
            (TrackId::audio(0), if choice & 32 == 0 { aac() } else { opus() }),
            (TrackId::audio(1), if choice & 64 == 0 { aac() } else { mp3() }),
        ];
        let chosen = all.into_iter().enumerate().filter(|(index, _)| choice >> index & 1 == 1);
        let tracks = chosen.map(|(_, (id, config))| Track { id, config }).collect();
        self.discontinuity += u32::from(choice >> 7);
        Entry::Tracks(Arc::new(TrackSet { tracks, discontinuity: self.discontinuity }))
    }
}

fn h264(large: bool) -> CodecConfig {
    let record = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 2, 0x68, 0xee];
    CodecConfig::H264 {
        record: Bytes::copy_from_slice(&record),
        info: VideoInfo {
            width: if large { 1920 } else { 1280 },
            height: if large { 1080 } else { 720 },
            codec_string: "avc1.64001f".into(),
            frame_rate: large.then_some((60_000, 1001)),
            bit_depth: 8,
            ..VideoInfo::default()
        },
    }
}

fn audio(codec_string: &str, samples_per_frame: u32) -> AudioInfo {
    let codec_string = codec_string.into();
    AudioInfo { sample_rate: SAMPLE_RATE, channels: 2, codec_string, samples_per_frame }
}

fn aac() -> CodecConfig {
    CodecConfig::Aac { record: Bytes::from_static(&[0x11, 0x90]), info: audio("mp4a.40.2", 1024) }
}

fn opus() -> CodecConfig {
    let record = Bytes::from_static(&[0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]);
    CodecConfig::Opus { record, info: audio("opus", 0) }
}

fn mp3() -> CodecConfig {
    CodecConfig::Mp3 { info: audio("mp4a.40.34", 1152) }
}
