//! The H.264 encoder against ffmpeg, with the test card as picture.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use codecs::h264::{Colour, Complexity, Encoded, Encoder, Error, I420, Settings};
use testcard::{Card, stamp};

const START_MS: u64 = 1_700_000_000_000;

fn settings() -> Settings {
    Settings {
        width: 640,
        height: 360,
        frame_rate: 30.0,
        bitrate: 800_000,
        complexity: Complexity::Medium,
        colour: Colour::Bt709,
    }
}

/// A test card with grain, which gives rate control something to do.
struct Source {
    card: Card,
    luma: Vec<u8>,
    width: usize,
    noise: u32,
}

impl Source {
    fn new(settings: &Settings) -> Self {
        let (width, height) = (settings.width as usize, settings.height as usize);
        let card = Card::new(width, height, "codec test").unwrap();
        Self { card, luma: Vec::new(), width, noise: 1 }
    }

    fn encode(&mut self, encoder: &mut Encoder, frame: u32, idr: bool) -> Encoded {
        let picture = self.card.draw(frame, START_MS + u64::from(frame) * 33);
        self.luma.clear();
        self.luma.extend_from_slice(picture.y);
        let above_stamp = self.luma.len() / 45 * 43;
        for value in &mut self.luma[..above_stamp] {
            self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *value = value.saturating_add((self.noise >> 28) as u8);
        }
        let picture = I420 {
            y: &self.luma,
            u: picture.u,
            v: picture.v,
            y_stride: self.width,
            uv_stride: picture.uv_stride,
        };
        encoder.encode(&picture, idr).unwrap()
    }
}

/// As a file that ffmpeg reads: start codes, with the parameter sets before each IDR.
fn annex_b(units: &[Encoded]) -> Vec<u8> {
    let mut out = Vec::new();
    for unit in units {
        if let Some(sets) = &unit.parameter_sets {
            for set in [&sets.sps, &sets.pps] {
                out.extend_from_slice(&[0, 0, 0, 1]);
                out.extend_from_slice(set);
            }
        }
        let mut rest = &unit.data[..];
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let (unit, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
            out.extend_from_slice(&[0, 0, 0, 1]);
            out.extend_from_slice(unit);
            rest = tail;
        }
    }
    out
}

fn bits_per_second(units: &[Encoded]) -> f64 {
    let bytes: usize = units.iter().map(|unit| unit.data.len()).sum();
    bytes as f64 * 8.0 * 30.0 / units.len() as f64
}

#[test]
fn sixty_pictures_decode_in_order_with_idrs_exactly_where_forced() {
    let forced = [17, 30, 31];
    let settings = settings();
    let mut encoder = Encoder::new(settings).unwrap();
    let mut source = Source::new(&settings);
    let units: Vec<Encoded> =
        (0..60).map(|frame| source.encode(&mut encoder, frame, forced.contains(&frame))).collect();
    let path = common::file("sixty.h264", &annex_b(&units));

    let idrs = |is_idr: &mut dyn FnMut(usize) -> bool| -> Vec<usize> {
        (0..60).filter(|frame| is_idr(*frame)).collect()
    };
    let frames = common::probe(&path, "frame=key_frame");
    assert_eq!(frames.len(), 60);
    assert_eq!(idrs(&mut |frame| frames[frame] == "1"), [0, 17, 30, 31]);
    assert_eq!(idrs(&mut |frame| units[frame].is_keyframe()), [0, 17, 30, 31]);

    let raw = common::decode(&path, &["-fps_mode", "passthrough", "-f", "rawvideo"]);
    let size = 640 * 360;
    assert_eq!(raw.len(), 60 * size * 3 / 2);
    for (frame, picture) in raw.chunks_exact(size * 3 / 2).enumerate() {
        let read = stamp::read(&picture[..size], 640, 640, 360).unwrap();
        assert_eq!(read.frame as usize, frame);
        assert_eq!(read.unix_ms, START_MS + frame as u64 * 33);
    }
}

#[test]
fn the_stream_is_high_profile_without_b_frames_and_says_its_colours() {
    let settings = Settings { width: 858, height: 482, ..settings() };
    let mut encoder = Encoder::new(settings).unwrap();
    let mut source = Source::new(&settings);
    let units: Vec<Encoded> =
        (0..3).map(|frame| source.encode(&mut encoder, frame, false)).collect();
    let path = common::file("profile.h264", &annex_b(&units));
    let entries = "stream=profile,width,height,has_b_frames,pix_fmt,color_range,color_space,\
                   color_transfer,color_primaries,is_avc";
    assert_eq!(
        common::probe(&path, entries),
        ["High,858,482,0,yuv420p,tv,bt709,bt709,bt709,false"]
    );
    let record = units[0].parameter_sets.as_ref().unwrap().decoder_configuration();
    assert_eq!(record[..2], [1, 100]);
}

#[test]
fn the_bitrate_is_kept_over_five_seconds_and_follows_a_change() {
    let settings = settings();
    let mut encoder = Encoder::new(settings).unwrap();
    let mut source = Source::new(&settings);
    let mut five_seconds = |encoder: &mut Encoder, from: u32| -> Vec<Encoded> {
        (from..from + 150).map(|f| source.encode(encoder, f, f.is_multiple_of(60))).collect()
    };
    let rate = bits_per_second(&five_seconds(&mut encoder, 0));
    assert!((rate / 800_000.0 - 1.0).abs() < 0.1, "{rate}");
    encoder.set_bitrate(1_200_000).unwrap();
    let units = five_seconds(&mut encoder, 150);
    assert!(!units[0].is_keyframe());
    let rate = bits_per_second(&units[30..]);
    assert!((rate / 1_200_000.0 - 1.0).abs() < 0.1, "{rate}");
}

#[test]
fn an_encoder_may_move_to_another_thread_and_many_may_run_at_once() {
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let mut encoder = Encoder::new(settings()).unwrap();
            std::thread::spawn(move || {
                let mut source = Source::new(encoder.settings());
                (0..5).map(|f| source.encode(&mut encoder, f, false).data).collect::<Vec<_>>()
            })
        })
        .collect();
    let outputs: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn impossible_settings_are_errors() {
    for (width, height) in [(0, 0), (14, 360), (641, 360), (640, 361), (4098, 16), (4096, 4096)] {
        let error = Encoder::new(Settings { width, height, ..settings() }).unwrap_err();
        assert_eq!(error, Error::Size { width, height });
    }
    for frame_rate in [0.0, -1.0, 61.0, f32::INFINITY, f32::NAN] {
        let error = Encoder::new(Settings { frame_rate, ..settings() }).unwrap_err();
        assert!(matches!(error, Error::FrameRate(_)), "{error}");
    }
    for bitrate in [0, 9_999, u32::MAX] {
        let error = Encoder::new(Settings { bitrate, ..settings() }).unwrap_err();
        assert_eq!(error, Error::Bitrate(bitrate));
    }
    let mut encoder = Encoder::new(settings()).unwrap();
    assert_eq!(encoder.set_bitrate(0), Err(Error::Bitrate(0)));
}

#[test]
fn the_smallest_and_the_largest_picture_are_encoded() {
    for (width, height) in [(16, 16), (16, 4096), (4096, 16), (4096, 2304)] {
        let settings = Settings { width, height, frame_rate: 60.0, ..settings() };
        let mut encoder = Encoder::new(settings).unwrap();
        let (width, height) = (width as usize, height as usize);
        let (luma, chroma) = (vec![90; width * height], vec![128; width * height / 4]);
        let (u, v) = (&chroma, &chroma);
        let picture = I420 { y: &luma, u, v, y_stride: width, uv_stride: width / 2 };
        assert!(encoder.encode(&picture, false).unwrap().is_keyframe(), "{width}x{height}");
        assert!(!encoder.encode(&picture, false).unwrap().is_keyframe(), "{width}x{height}");
    }
}

#[test]
fn a_picture_that_is_too_short_is_an_error_and_does_no_harm() {
    let mut encoder = Encoder::new(settings()).unwrap();
    let (luma, chroma) = (vec![90; 640 * 360], vec![128; 320 * 180]);
    let whole = I420 { y: &luma, u: &chroma, v: &chroma, y_stride: 640, uv_stride: 320 };
    for broken in [
        I420 { y: &luma[1..], ..whole },
        I420 { u: &chroma[1..], ..whole },
        I420 { v: &[], ..whole },
        I420 { y_stride: 639, ..whole },
        I420 { y_stride: 641, ..whole },
        I420 { uv_stride: 0, ..whole },
        I420 { uv_stride: usize::MAX, ..whole },
    ] {
        let error = encoder.encode(&broken, false).unwrap_err();
        assert!(matches!(error, Error::Plane { .. }), "{error}");
    }
    assert!(encoder.encode(&whole, false).unwrap().is_keyframe());
}

#[test]
fn rows_may_be_padded() {
    let (stride, uv_stride) = (700, 400);
    let luma: Vec<u8> =
        (0..stride * 360).map(|i| if i % stride < 640 { 90 } else { 235 }).collect();
    let chroma = vec![128; uv_stride * 180];
    let mut encoder = Encoder::new(settings()).unwrap();
    let picture = I420 {
        y: &luma[..stride * 359 + 640],
        u: &chroma[..uv_stride * 179 + 320],
        v: &chroma,
        y_stride: stride,
        uv_stride,
    };
    let unit = encoder.encode(&picture, false).unwrap();
    let path = common::file("padded.h264", &annex_b(&[unit]));
    let raw = common::decode(&path, &["-f", "rawvideo"]);
    assert!(raw[..640 * 360].iter().all(|value| value.abs_diff(90) <= 4));
}
