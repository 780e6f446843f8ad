//! Reads the entries of a fragmented MP4 file, for codecs that ffmpeg cannot put into FLV.

use std::sync::Arc;

use bytes::Bytes;
use media::codec::{self, Codec};
use media::{CodecConfig, Entry, Frame, Kind, Timestamp, Track, TrackId, TrackSet};
use mp4_atom::{Any, Atom, Decode, Moof, Moov};

/// The entries of a file with one video and one audio track, in the order of their decode times.
pub(crate) fn read(file: &Bytes) -> Vec<Entry> {
    let mut tracks: Vec<(u32, u32, Track)> = Vec::new();
    let mut frames = Vec::new();
    let mut rest: &[u8] = file;
    while !rest.is_empty() {
        let position = file.len() - rest.len();
        match Any::decode(&mut rest).unwrap() {
            Any::Moov(moov) => tracks = read_tracks(&moov),
            Any::Moof(moof) => read_moof(&moof, position, file, &tracks, &mut frames),
            _ => {}
        }
    }
    // A VP9 record does not tell the picture's size; the first keyframe does.
    for (_, _, track) in &mut tracks {
        let codec = Codec::of(&track.config);
        let first = frames.iter().find(|frame: &&Frame| frame.track == track.id).unwrap();
        if codec != Codec::Hevc
            && let Some(config) = codec::in_band(codec, Some(&track.config), &first.data).unwrap()
        {
            track.config = config;
        }
    }
    frames.sort_by_key(|frame| (frame.dts, frame.track));
    let set = TrackSet {
        tracks: tracks.into_iter().map(|(_, _, track)| track).collect(),
        discontinuity: 0,
    };
    let mut entries = vec![Entry::Tracks(Arc::new(set))];
    entries.extend(frames.into_iter().map(Entry::Frame));
    entries
}

fn read_tracks(moov: &Moov) -> Vec<(u32, u32, Track)> {
    let tracks = moov.trak.iter().map(|trak| {
        let config = read_config(&trak.mdia.minf.stbl.stsd.codecs[0]);
        let id = match config.kind() {
            Kind::Video => TrackId::video(0),
            Kind::Audio => TrackId::audio(0),
        };
        (trak.tkhd.track_id, trak.mdia.mdhd.timescale, Track { id, config })
    });
    tracks.collect()
}

fn read_config(entry: &mp4_atom::Codec) -> CodecConfig {
    use mp4_atom::Codec as Entry;
    let (codec, record) = match entry {
        Entry::Hvc1(entry) => (Codec::Hevc, body(&entry.hvcc)),
        Entry::Av01(entry) => (Codec::Av1, body(&entry.av1c)),
        Entry::Vp09(entry) => (Codec::Vp9, body(&entry.vpcc)),
        Entry::Opus(entry) => (Codec::Opus, body(&entry.dops)),
        Entry::Flac(entry) => (Codec::Flac, body(&entry.dfla)),
        Entry::Mp4a(entry) => {
            let info = media::AudioInfo {
                sample_rate: u32::from(entry.audio.sample_rate.integer()),
                channels: entry.audio.channel_count as u8,
                codec_string: "mp4a.40.34".into(),
                samples_per_frame: 1_152,
            };
            return CodecConfig::Mp3 { info };
        }
        other => panic!("no reader for {other:?}"),
    };
    codec::parse(codec, &record).unwrap()
}

fn body(atom: &impl Atom) -> Bytes {
    let mut bytes = Vec::new();
    atom.encode_body(&mut bytes).unwrap();
    bytes.into()
}

fn read_moof(
    moof: &Moof,
    position: usize,
    file: &Bytes,
    tracks: &[(u32, u32, Track)],
    frames: &mut Vec<Frame>,
) {
    for traf in &moof.traf {
        let (_, scale, track) = tracks.iter().find(|(id, _, _)| *id == traf.tfhd.track_id).unwrap();
        let mut dts = traf.tfdt.as_ref().unwrap().base_media_decode_time as i64;
        for run in &traf.trun {
            let mut offset = position + run.data_offset.unwrap() as usize;
            for sample in &run.samples {
                let size = sample.size.or(traf.tfhd.default_sample_size).unwrap() as usize;
                let duration = sample.duration.or(traf.tfhd.default_sample_duration).unwrap();
                let flags = sample.flags.or(traf.tfhd.default_sample_flags).unwrap();
                frames.push(Frame {
                    track: track.id,
                    dts: Timestamp::from_scale(dts, *scale),
                    pts: Timestamp::from_scale(dts + sample.cts.map_or(0, i64::from), *scale),
                    keyframe: flags & 0x1_0000 == 0,
                    data: file.slice(offset..offset + size),
                });
                offset += size;
                dts += i64::from(duration);
            }
        }
    }
}
