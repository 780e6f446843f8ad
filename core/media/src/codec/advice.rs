//! Why browsers do not play a codec configuration, in words for the person who streams.

use crate::{Chroma, CodecConfig, VideoInfo};

/// How far a problem reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Some browsers or devices do not play it.
    Some,
    /// No browser plays it.
    All,
}

/// A problem of a configuration and its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// Who is affected.
    pub reach: Reach,
    /// What is wrong, a whole sentence.
    pub problem: &'static str,
    /// What to change, a whole sentence that names OBS's setting and ffmpeg's option.
    pub remedy: &'static str,
}

/// Width or height over which H.264 decoders give up (level 5.2).
const MAX_H264_SIDE: u32 = 4096;

const PIXEL_FORMAT: &str =
    "In OBS set Advanced > Color Format to NV12; with ffmpeg add -pix_fmt yuv420p.";
const USE_H264: &str = "In OBS choose an H.264 encoder; with ffmpeg use -c:v libx264.";
const USE_AAC: &str = "In OBS choose AAC; with ffmpeg use -c:a aac.";

/// What keeps browsers from playing this configuration; empty when nothing does.
pub fn advice(config: &CodecConfig) -> Vec<Advice> {
    let mut found = Vec::new();
    if let Some(info) = config.video() {
        picture(config, info, &mut found);
    }
    codec(config, &mut found);
    found
}

fn picture(config: &CodecConfig, info: &VideoInfo, found: &mut Vec<Advice>) {
    let h264 = matches!(config, CodecConfig::H264 { .. });
    // AV1's main profile has monochrome, VP9 has none.
    let chroma = match info.chroma {
        Chroma::Yuv420 => None,
        Chroma::Monochrome if !h264 => None,
        Chroma::Monochrome => Some("The video is monochrome (4:0:0); browsers play 4:2:0 only."),
        Chroma::Yuv422 => Some("The colour is sampled as 4:2:2; browsers play 4:2:0 only."),
        Chroma::Yuv444 => Some("The colour is sampled as 4:4:4; browsers play 4:2:0 only."),
    };
    if let Some(problem) = chroma {
        // Chromium and Firefox decode 4:4:4 of VP9 and AV1 in software.
        let modern = matches!(config, CodecConfig::Vp9 { .. } | CodecConfig::Av1 { .. });
        let reach = if modern { Reach::Some } else { Reach::All };
        found.push(Advice { reach, problem, remedy: PIXEL_FORMAT });
    }
    if h264 && info.bit_depth > 8 {
        let problem = "The video has more than 8 bits a sample; browsers play H.264 with 8 only.";
        found.push(Advice { reach: Reach::All, problem, remedy: PIXEL_FORMAT });
    } else if info.bit_depth > 10 {
        let problem = "The video has 12 bits a sample; most browsers play 10 at most.";
        let remedy = "In OBS set Color Format to P010; with ffmpeg add -pix_fmt yuv420p10le.";
        found.push(Advice { reach: Reach::Some, problem, remedy });
    }
    if info.interlaced {
        let problem = "The video is interlaced; browsers show it combed, stuttering or not at all.";
        let remedy = "In OBS enable deinterlacing on the source; with ffmpeg add -vf bwdif \
                      and remove -flags +ildct+ilme.";
        found.push(Advice { reach: Reach::All, problem, remedy });
    }
    if h264 && info.width.max(info.height) > MAX_H264_SIDE {
        let problem = "The picture is larger than 4096 pixels; most H.264 decoders refuse it.";
        let remedy = "In OBS lower the output resolution; with ffmpeg add -vf scale=3840:-2.";
        found.push(Advice { reach: Reach::Some, problem, remedy });
    }
}

fn codec(config: &CodecConfig, found: &mut Vec<Advice>) {
    let (reach, problem, remedy) = match config {
        CodecConfig::H264 { record, .. } if record.get(1) == Some(&88) => (
            Reach::All,
            "The video uses H.264's Extended profile, which browsers do not play.",
            "In OBS set the profile to high; with ffmpeg add -profile:v high.",
        ),
        CodecConfig::Hevc { .. } => (
            Reach::Some,
            "The video is HEVC, which plays in Safari, and in other browsers only where the \
             device decodes it.",
            USE_H264,
        ),
        CodecConfig::Av1 { .. } => (
            Reach::Some,
            "The video is AV1, which Safari plays only on devices that decode it.",
            USE_H264,
        ),
        CodecConfig::Vp9 { .. } => {
            (Reach::Some, "The video is VP9, which not every Safari plays in HLS.", USE_H264)
        }
        CodecConfig::Aac { info, .. }
            if !matches!(&*info.codec_string, "mp4a.40.2" | "mp4a.40.5" | "mp4a.40.29") =>
        {
            (Reach::All, "The sound is neither AAC-LC nor HE-AAC.", USE_AAC)
        }
        CodecConfig::Aac { info, .. } if info.channels > 6 => (
            Reach::Some,
            "The sound has more than six channels, which not every browser plays.",
            "In OBS set the channels to Stereo; with ffmpeg add -ac 2.",
        ),
        CodecConfig::Opus { .. } => {
            (Reach::Some, "The sound is Opus, which older Safari does not play in HLS.", USE_AAC)
        }
        CodecConfig::Flac { .. } => {
            (Reach::Some, "The sound is FLAC, which not every browser plays in HLS.", USE_AAC)
        }
        CodecConfig::Mp3 { .. } => {
            (Reach::Some, "The sound is MP3, which not every browser plays in fMP4.", USE_AAC)
        }
        CodecConfig::H264 { .. } | CodecConfig::Aac { .. } => return,
    };
    found.push(Advice { reach, problem, remedy });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::fixtures::{self, bytes};
    use crate::codec::{Codec, parse};

    fn advice_for(codec: Codec, record: &str) -> Vec<Advice> {
        advice(&parse(codec, &bytes(record)).unwrap())
    }

    #[test]
    fn what_browsers_play_needs_no_advice() {
        assert_eq!(advice_for(Codec::H264, fixtures::AVCC_180P), []);
        assert_eq!(advice_for(Codec::Aac, "1210"), []);
    }

    #[test]
    fn each_problem_of_a_picture_is_named_with_its_remedy() {
        let found = advice_for(Codec::H264, fixtures::AVCC_422_10_INTERLACED);
        assert!(found.iter().all(|advice| advice.reach == Reach::All));
        let text: Vec<&str> = found.iter().flat_map(|a| [a.problem, a.remedy]).collect();
        let text = text.join(" ");
        for words in ["4:2:2", "-pix_fmt yuv420p", "8 bits", "interlaced", "bwdif"] {
            assert!(text.contains(words), "{words}");
        }
        let found = advice_for(Codec::H264, fixtures::AVCC_444);
        assert!(found[0].problem.contains("4:4:4"));
    }

    #[test]
    fn codecs_that_only_some_browsers_play_are_said_to_be_so() {
        for (codec, record) in [
            (Codec::Hevc, fixtures::HVCC_180P),
            (Codec::Av1, fixtures::AV1C_180P),
            (Codec::Vp9, fixtures::VPCC),
            (Codec::Opus, fixtures::DOPS),
            (Codec::Flac, fixtures::DFLA),
            (Codec::Mp3, "fffb9064"),
        ] {
            let found = advice_for(codec, record);
            assert_eq!(found.len(), 1, "{codec:?}");
            assert_eq!(found[0].reach, Reach::Some);
        }
        // AAC-LTP.
        assert_eq!(advice_for(Codec::Aac, "2210")[0].reach, Reach::All);
    }
}
