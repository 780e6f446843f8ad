//! The AAC encoder against ffmpeg's decoder.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[expect(dead_code, reason = "the other encoder's test uses all of it")]
mod common;

use codecs::aac::{Encoder, Error, Packet, Settings};

const SETTINGS: Settings = Settings { sample_rate: 48_000, channels: 2, bitrate: 128_000 };

/// As a file that ffmpeg reads: each packet behind an ADTS header (ISO/IEC 14496-3, 1.A.2.2).
fn adts(encoder_config: &[u8], packets: &[Packet]) -> Vec<u8> {
    let rate_index = (encoder_config[0] & 7) << 1 | encoder_config[1] >> 7;
    let channels = encoder_config[1] >> 3 & 15;
    let mut out = Vec::new();
    for packet in packets {
        let length = packet.data.len() + 7;
        out.extend_from_slice(&[
            0xff,
            0xf1,
            1 << 6 | rate_index << 2 | channels >> 2,
            (channels & 3) << 6 | (length >> 11) as u8,
            (length >> 3) as u8,
            (length << 5) as u8 | 0x1f,
            0xfc,
        ]);
        out.extend_from_slice(&packet.data);
    }
    out
}

/// Encodes all samples, in blocks of this many, and flushes.
fn encode(settings: Settings, samples: &[i16], block: usize) -> (Vec<u8>, Vec<Packet>) {
    let mut encoder = Encoder::new(settings).unwrap();
    let config = encoder.config().to_vec();
    let mut packets = Vec::new();
    for block in samples.chunks(block) {
        packets.extend(encoder.encode(block).unwrap());
    }
    packets.extend(encoder.finish().unwrap());
    (config, packets)
}

fn decode(name: &str, config: &[u8], packets: &[Packet]) -> Vec<i16> {
    let path = common::file(name, &adts(config, packets));
    let raw = common::decode(&path, &["-f", "s16le"]);
    raw.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

fn tone(seconds: usize) -> Vec<i16> {
    let mut samples = vec![0; 2 * 48_000 * seconds];
    testcard::Tone::new(48_000).unwrap().fill(0, &mut samples);
    samples
}

#[test]
fn a_click_comes_out_where_its_packet_says() {
    for (sample_rate, channels, bitrate) in
        [(48_000, 2, 128_000), (48_000, 2, 192_000), (44_100, 1, 64_000), (16_000, 1, 32_000)]
    {
        let place = 20_000;
        let width = usize::from(channels);
        let mut samples = vec![0; width * 48_000];
        samples[width * place..width * (place + 1)].fill(30_000);
        let settings = Settings { sample_rate, channels, bitrate };
        let (config, packets) = encode(settings, &samples, width * 480);
        let decoded = decode(&format!("click-{bitrate}.aac"), &config, &packets);
        let loudest = |i: &usize| decoded[width * i].unsigned_abs();
        let found = (0..decoded.len() / width).max_by_key(loudest).unwrap() as i64;
        let told = found + packets[0].first_sample;
        assert!((told - place as i64).abs() <= 1, "{settings:?}: {told}");
    }
}

#[test]
fn packets_follow_each_other_from_minus_the_delay_to_the_last_sample() {
    let delay = Encoder::new(SETTINGS).unwrap().delay();
    assert!((1024..=2048).contains(&delay), "{delay}");
    let (_, packets) = encode(SETTINGS, &tone(1), 2 * 1000);
    for (index, packet) in packets.iter().enumerate() {
        assert_eq!(packet.first_sample, index as i64 * 1024 - i64::from(delay));
    }
    assert!(packets.last().unwrap().first_sample + 1024 >= 48_000);
}

#[test]
fn sound_decodes_at_its_bitrate_without_damage() {
    let samples = tone(5);
    let (config, packets) = encode(SETTINGS, &samples, 2 * 1024);
    let bytes: usize = packets.iter().map(|packet| packet.data.len()).sum();
    let rate = bytes as f64 * 8.0 * 48_000.0 / (packets.len() as f64 * 1024.0);
    assert!((rate / 128_000.0 - 1.0).abs() < 0.1, "{rate}");

    let decoded = decode("tone.aac", &config, &packets);
    assert_eq!(decoded.len(), packets.len() * 2048);
    // Away from the first beep: signal and error of one second.
    let skip = (2 * (24_000 - packets[0].first_sample)) as usize;
    let pairs = samples[2 * 24_000..].iter().zip(&decoded[skip..]).take(96_000);
    let (signal, error) = pairs.fold((0.0, 0.0), |(signal, error), (&want, &got)| {
        let (want, got) = (f64::from(want), f64::from(got));
        (signal + want * want, error + (want - got) * (want - got))
    });
    assert!(signal / error > 100.0, "{} dB", 10.0 * (signal / error).log10());
}

#[test]
fn the_size_of_the_blocks_does_not_matter() {
    let samples = tone(1);
    let whole = encode(SETTINGS, &samples, samples.len());
    for block in [2, 960, 2 * 1024, 2 * 1025] {
        assert_eq!(encode(SETTINGS, &samples, block), whole, "{block}");
    }
}

#[test]
fn the_configuration_names_lc_rate_and_channels() {
    for (sample_rate, channels, config) in
        [(44_100, 2, [0x12, 0x10]), (48_000, 2, [0x11, 0x90]), (48_000, 1, [0x11, 0x88])]
    {
        let encoder = Encoder::new(Settings { sample_rate, channels, bitrate: 64_000 }).unwrap();
        assert_eq!(encoder.config()[..], config);
    }
}

#[test]
fn every_rate_makes_an_encoder() {
    for sample_rate in Settings::RATES {
        for channels in [1, 2] {
            let bitrate = (sample_rate * 2 * u32::from(channels)).max(16_000);
            let encoder = Encoder::new(Settings { sample_rate, channels, bitrate });
            assert!(encoder.is_ok(), "{sample_rate} {channels}: {encoder:?}");
        }
    }
}

#[test]
fn impossible_settings_and_torn_samples_are_errors() {
    let with = |settings| Encoder::new(settings).unwrap_err();
    assert_eq!(with(Settings { sample_rate: 0, ..SETTINGS }), Error::SampleRate(0));
    assert_eq!(with(Settings { sample_rate: 48_001, ..SETTINGS }), Error::SampleRate(48_001));
    for channels in [0, 3, 255] {
        assert_eq!(with(Settings { channels, ..SETTINGS }), Error::Channels(channels));
    }
    for bitrate in [0, 15_999, 576_001, u32::MAX] {
        let error = with(Settings { bitrate, ..SETTINGS });
        assert!(matches!(error, Error::Bitrate { .. }), "{error}");
    }
    let mut encoder = Encoder::new(SETTINGS).unwrap();
    let torn = Error::Interleave { samples: 3, channels: 2 };
    assert_eq!(encoder.encode(&[0; 3]), Err(torn));
    assert_eq!(encoder.encode(&[]), Ok(Vec::new()));
}
