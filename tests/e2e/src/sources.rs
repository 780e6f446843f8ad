//! Recorded sources: the test card with its tone, encoded once as FLV in cargo's target directory, so that
//! a publisher only copies.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use testcard::{Card, Tone};

use crate::tools;

/// The picture of every source.
pub const WIDTH: usize = 640;
/// The picture of every source.
pub const HEIGHT: usize = 360;
/// The stamps of a source count from here: a full second in milliseconds since 1970-01-01 UTC.
pub const STAMP_BASE_MS: u64 = 1_700_000_000_000;
/// The length of every source, in seconds: longer than any test of `make test` publishes.
pub const SECONDS: u64 = 60;

const STEREO: usize = 2;

/// How a source is made.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its name, unique.
    pub name: &'static str,
    /// Frames a second as numerator and denominator; `None` without video.
    pub rate: Option<(u64, u64)>,
    /// Samples of sound a second; `None` without sound.
    pub sample_rate: Option<u32>,
    /// Encoder arguments.
    pub arguments: &'static str,
    /// Whether it takes a current ffmpeg to make and to publish.
    pub enhanced: bool,
}

const CARD: Source = Source {
    name: "",
    rate: Some((30, 1)),
    sample_rate: Some(48_000),
    arguments: "",
    enhanced: false,
};

/// The command of the project's README: B-frames, a key frame every 250 frames.
pub const SEED: Source = Source {
    name: "seed",
    arguments: "-c:v libx264 -preset veryfast -b:v 2500k -c:a aac -b:a 128k",
    ..CARD
};
/// OBS with a key frame every 2 s, constant bit rate.
pub const OBS: Source = Source {
    name: "obs",
    arguments: "-c:v libx264 -preset veryfast -profile:v high -b:v 1500k -maxrate 1500k -bufsize 1500k \
                -x264-params nal-hrd=cbr:force-cfr=1 -g 60 -c:a aac -b:a 160k",
    ..CARD
};
/// OBS as it comes for a custom server: a key frame every 250 frames, and at cuts of the scene.
pub const OBS_CUSTOM: Source = Source {
    name: "obs-custom",
    arguments: "-vf negate=enable='lt(mod(t\\,11.7)\\,1.7)' -c:v libx264 -preset veryfast -b:v 1500k \
                -maxrate 1500k -bufsize 1500k -x264-params nal-hrd=cbr:force-cfr=1 -c:a aac -b:a 160k",
    ..CARD
};
/// What the README's command makes of most webcams: a chroma format that browsers do not decode.
pub const CHROMA_422: Source = Source {
    name: "422",
    arguments: "-pix_fmt yuv422p -c:v libx264 -preset veryfast -b:v 1500k -g 60 -c:a aac -b:a 128k",
    ..CARD
};
/// Without sound.
pub const VIDEO_ONLY: Source = Source {
    name: "video-only",
    sample_rate: None,
    arguments: "-c:v libx264 -preset veryfast -b:v 800k -g 60",
    ..CARD
};
/// Without a picture.
pub const AUDIO_ONLY: Source =
    Source { name: "audio-only", rate: None, arguments: "-c:a aac -b:a 128k", ..CARD };
/// 50 frames a second.
pub const FPS_50: Source = Source {
    name: "50fps",
    rate: Some((50, 1)),
    arguments: "-c:v libx264 -preset veryfast -b:v 800k -g 100 -c:a aac -b:a 128k",
    ..CARD
};
/// 15 frames a second.
pub const FPS_15: Source = Source {
    name: "15fps",
    rate: Some((15, 1)),
    arguments: "-c:v libx264 -preset veryfast -b:v 500k -g 30 -c:a aac -b:a 128k",
    ..CARD
};
/// The rate of NTSC, whose frames fall between milliseconds, and no B-frames.
pub const FPS_29_97: Source = Source {
    name: "29.97fps",
    rate: Some((30_000, 1_001)),
    arguments: "-c:v libx264 -preset veryfast -bf 0 -b:v 800k -g 60 -c:a aac -b:a 128k",
    ..CARD
};
/// The sample rate of a CD, whose packets are no whole milliseconds.
pub const AUDIO_44100: Source = Source {
    name: "44100hz",
    sample_rate: Some(44_100),
    arguments: "-c:v libx264 -preset veryfast -b:v 800k -g 60 -c:a aac -b:a 128k",
    ..CARD
};
/// Enhanced RTMP: HEVC with AAC.
pub const HEVC: Source = Source {
    name: "hevc",
    arguments: "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=60:min-keyint=60 \
                -b:v 800k -c:a aac -b:a 128k",
    enhanced: true,
    ..CARD
};
/// Enhanced RTMP: AV1 with AAC.
pub const AV1: Source = Source {
    name: "av1",
    arguments: "-c:v libsvtav1 -preset 12 -b:v 800k -g 60 -c:a aac -b:a 128k",
    enhanced: true,
    ..CARD
};
/// Enhanced RTMP: Opus with H.264.
pub const OPUS: Source = Source {
    name: "opus",
    arguments: "-c:v libx264 -preset veryfast -b:v 800k -g 60 -c:a libopus -b:a 96k",
    enhanced: true,
    ..CARD
};

/// All of them.
pub const ALL: [Source; 13] = [
    SEED,
    OBS,
    OBS_CUSTOM,
    CHROMA_422,
    VIDEO_ONLY,
    AUDIO_ONLY,
    FPS_50,
    FPS_15,
    FPS_29_97,
    AUDIO_44100,
    HEVC,
    AV1,
    OPUS,
];

impl Source {
    /// The file; made now if it is not there yet.
    pub fn file(&self) -> PathBuf {
        let dir = tools::target_dir().join("e2e/sources");
        std::fs::create_dir_all(&dir).expect("cargo's target directory is writable");
        let path = dir.join(format!("{}-{:016x}.flv", self.name, self.fingerprint()));
        if path.is_file() {
            return path;
        }
        // Tests are processes of their own: only one of them makes the file, the others wait.
        let lock = File::create(path.with_extension("lock")).expect("a writable directory");
        lock.lock().expect("the file system has locks");
        if !path.is_file() {
            let part = path.with_extension("part");
            self.encode(&part);
            std::fs::rename(&part, &path).expect("a file can be renamed in its directory");
        }
        path
    }

    /// The program that encodes and publishes it.
    pub fn ffmpeg(&self) -> PathBuf {
        if self.enhanced { tools::current_ffmpeg() } else { "ffmpeg".into() }
    }

    /// Distinguishes the files of different recipes.
    fn fingerprint(&self) -> u64 {
        let text = format!("{self:?} {WIDTH} {HEIGHT} {SECONDS} {STAMP_BASE_MS}");
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    fn encode(&self, path: &Path) {
        let sound = path.with_extension("pcm");
        let mut command = Command::new(self.ffmpeg());
        command.args(["-v", "error", "-y"]);
        if let Some((frames, seconds)) = self.rate {
            let rate = format!("{frames}/{seconds}");
            let size = format!("{WIDTH}x{HEIGHT}");
            command.args([
                "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", &rate, "-i", "-",
            ]);
        }
        if let Some(rate) = self.sample_rate {
            std::fs::write(&sound, tone(rate)).expect("a writable directory");
            command.args(["-f", "s16le", "-ac", "2", "-ar", &rate.to_string(), "-i"]).arg(&sound);
        }
        command.args(self.arguments.split_whitespace()).args(["-f", "flv"]).arg(path);
        let mut encoder = command.stdin(Stdio::piped()).spawn().expect("ffmpeg runs");
        let mut pipe = encoder.stdin.take().expect("its input is a pipe");
        if let Some(rate) = self.rate {
            draw(&mut pipe, rate);
        }
        drop(pipe);
        assert!(encoder.wait().is_ok_and(|status| status.success()), "{command:?}");
        drop(std::fs::remove_file(sound));
    }
}

/// The whole sound as 16-bit samples.
fn tone(rate: u32) -> Vec<u8> {
    let mut samples = vec![0; SECONDS as usize * rate as usize * STEREO];
    Tone::new(rate).expect("a usual rate").fill(0, &mut samples);
    samples.into_iter().flat_map(i16::to_le_bytes).collect()
}

/// All pictures, in the encoder's raw format.
fn draw(pipe: &mut impl Write, (frames, seconds): (u64, u64)) {
    let mut card = Card::new(WIDTH, HEIGHT, "whole-server test").expect("an even size");
    for frame in 0..SECONDS * frames / seconds {
        let stamp = STAMP_BASE_MS + frame * 1000 * seconds / frames;
        let picture = card.draw(frame as u32, stamp);
        for plane in [picture.y, picture.u, picture.v] {
            pipe.write_all(plane).expect("ffmpeg takes the picture");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flv::{self, Kind};

    /// The longest distance between key frames, in frames.
    fn longest_group(source: &Source) -> usize {
        let tags = flv::read_file(&std::fs::read(source.file()).unwrap()).unwrap();
        // The body of a configuration is marked; that of the end of the sequence is empty.
        let is_frame = |tag: &&flv::Tag| !tag.is_configuration() && tag.body.len() > 5;
        let frames = tags.iter().filter(|tag| tag.kind == Kind::Video).filter(is_frame);
        let frames: Vec<bool> = frames.map(flv::Tag::is_key_frame).collect();
        frames.split(|key| *key).map(|group| group.len() + 1).max().unwrap_or(0)
    }

    #[test]
    fn every_source_is_made_once_and_is_what_it_says() {
        for source in &ALL {
            let tags = flv::read_file(&std::fs::read(source.file()).unwrap()).unwrap();
            let has = |kind| tags.iter().any(|tag| tag.kind == kind);
            assert_eq!(has(Kind::Video), source.rate.is_some(), "{}", source.name);
            assert_eq!(has(Kind::Audio), source.sample_rate.is_some(), "{}", source.name);
            let last = u64::from(tags.last().unwrap().timestamp);
            assert!(last.abs_diff(SECONDS * 1000) < 200, "{}: {last} ms", source.name);
        }
        assert_eq!((longest_group(&SEED), longest_group(&OBS)), (250, 60));
        assert_eq!(longest_group(&OBS_CUSTOM), 250);
    }
}
