//! Any source: the promises hold.

use media::{Entry, Frame, Timestamp};
use proptest::prelude::*;

use crate::checker::check;
use crate::delta::check_playlist;
use crate::rig::{Rig, WALL};
use crate::source::{A0, V0, aac, frame, h264, tracks};

/// One thing that a publisher does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Pictures at an even rate, with a keyframe first or not.
    Group { frames: u8, step_ms: u16, jitter: u8, key: bool, b_frames: bool },
    /// Time passes without frames of one kind or of both.
    Silence { ms: u16, video: bool, audio: bool },
    /// Time stamps go back.
    Back { ms: u16 },
    /// The publisher comes back; its time stamps start anywhere.
    Return { at: u16, told: bool, with_audio: bool },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (1u8..120, 8u16..120, 0u8..6, prop::bool::weighted(0.8), any::<bool>()).prop_map(
            |(frames, step_ms, jitter, key, b_frames)| Step::Group { frames, step_ms, jitter, key, b_frames }
        ),
        2 => (0u16..6_000, any::<bool>(), any::<bool>())
            .prop_map(|(ms, video, audio)| Step::Silence { ms, video, audio }),
        1 => (0u16..4_000).prop_map(|ms| Step::Back { ms }),
        1 => (any::<u16>(), any::<bool>(), prop::bool::weighted(0.8))
            .prop_map(|(at, told, with_audio)| Step::Return { at, told, with_audio }),
    ]
}

/// A publisher that does such things.
struct Publisher {
    entries: Vec<(Entry, i64)>,
    video: f64,
    audio: f64,
    wall: f64,
    count: u32,
    noise: u32,
    interrupts: Vec<usize>,
}

impl Publisher {
    fn new() -> Self {
        Self {
            entries: vec![(tracks(0, &[(V0, h264()), (A0, aac())]), WALL)],
            video: 0.0,
            audio: 0.0,
            wall: 0.0,
            count: 0,
            noise: 1,
            interrupts: Vec::new(),
        }
    }

    fn send(&mut self, frame: Frame) {
        self.entries.push((Entry::Frame(frame), WALL + self.wall as i64));
    }

    fn sound_until(&mut self, time: f64) {
        while self.audio < time {
            self.send(frame(A0, self.audio, 0.0, true, 100));
            self.audio += 1_024.0 / 48.0;
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Group { frames, step_ms, jitter, key, b_frames } => {
                for n in 0..frames {
                    self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let noise = f64::from(self.noise >> 16) / 65_536.0 * f64::from(jitter);
                    let lag = if b_frames { f64::from(step_ms) * f64::from(n % 3) } else { 0.0 };
                    let mut picture = frame(V0, self.video + noise, lag, key && n == 0, 500);
                    picture.pts = picture.pts.max(picture.dts);
                    self.send(picture);
                    self.video += f64::from(step_ms);
                    self.wall += f64::from(step_ms);
                    self.sound_until(self.video);
                }
            }
            Step::Silence { ms, video, audio } => {
                let ms = f64::from(ms);
                self.wall += ms;
                if video {
                    self.video += ms;
                }
                if audio {
                    self.audio = self.audio.max(self.video);
                }
                self.sound_until(self.video);
            }
            Step::Back { ms } => {
                self.video = (self.video - f64::from(ms)).max(0.0);
                self.audio = self.audio.min(self.video);
            }
            Step::Return { at, told, with_audio } => {
                if told {
                    self.interrupts.push(self.entries.len());
                }
                self.count += 1;
                self.video = f64::from(at);
                self.audio = if with_audio { self.video } else { f64::INFINITY };
                let both = [(V0, h264()), (A0, aac())];
                let set = tracks(self.count, if with_audio { &both } else { &both[..1] });
                self.entries.push((set, WALL + self.wall as i64));
            }
        }
    }
}

fn run(steps: &[Step]) -> Rig {
    let mut publisher = Publisher::new();
    for step in steps {
        publisher.take(*step);
    }
    let mut rig = Rig::new();
    for (index, (entry, wall_ms)) in publisher.entries.iter().enumerate() {
        if publisher.interrupts.contains(&index) {
            rig.interrupt(*wall_ms);
        }
        rig.push(entry, *wall_ms);
        if index % 50 == 0 && rig.presentation.is_ready() {
            check_playlist(&rig.presentation.media(V0, false).unwrap());
            rig.presentation.expired(*wall_ms);
        }
    }
    rig.end(WALL + publisher.wall as i64);
    for track in rig.files.keys() {
        check_playlist(&rig.presentation.media(*track, false).unwrap());
    }
    rig
}

proptest! {
    #[test]
    fn every_promise_holds_for_any_source(steps in prop::collection::vec(step(), 1..40)) {
        check(&run(&steps));
    }

    #[test]
    fn any_entries_at_all_are_taken_without_a_panic(
        frames in prop::collection::vec(
            (any::<bool>(), any::<bool>(), -1_000_000i64..100_000_000, 0i64..1_000_000, 0usize..50),
            0..300,
        ),
    ) {
        let mut rig = Rig::new();
        rig.push(&tracks(0, &[(V0, h264()), (A0, aac())]), WALL);
        for (video, keyframe, dts, lag, len) in frames {
            let dts = Timestamp::from_ticks(dts);
            let pts = dts + Timestamp::from_ticks(lag);
            let track = if video { V0 } else { A0 };
            let data = vec![0; len].into();
            rig.push(&Entry::Frame(Frame { track, dts, pts, keyframe, data }), WALL);
        }
        rig.end(WALL);
        check(&rig);
    }
}
