use std::fmt::Write as _;

use media::Kind;

use super::Target;
use super::rendition::RenditionState;

/// The multivariant playlist (RFC 8216bis 4.4.6): a variant for each video rendition, with all audio
/// renditions in one group; without video a variant for each audio rendition.
pub(super) fn render(renditions: &[&RenditionState]) -> String {
    let of = |kind: Kind| {
        renditions.iter().copied().filter(move |rendition| rendition.info.track.kind == kind)
    };
    let audio: Vec<_> = of(Kind::Audio).collect();
    let video: Vec<_> = of(Kind::Video).collect();
    let mut out = String::with_capacity(1_024);
    out.push_str("#EXTM3U\n#EXT-X-VERSION:9\n");
    let alone = video.is_empty();
    for rendition in &audio {
        if alone {
            write_variant(&mut out, rendition, &[]);
        } else {
            write_audio(&mut out, rendition);
        }
    }
    for rendition in video {
        write_variant(&mut out, rendition, &audio);
    }
    out
}

fn write_audio(out: &mut String, rendition: &RenditionState) {
    let track = rendition.info.track;
    let default = if track.is_default() { "YES" } else { "NO" };
    let _ = write!(
        out,
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio {}\",DEFAULT={default},AUTOSELECT=YES",
        u16::from(track.number) + 1
    );
    if let Some(audio) = rendition.info.audio {
        let _ = write!(out, ",CHANNELS=\"{}\"", audio.channels);
    }
    let _ = writeln!(out, ",URI=\"{}\"", Target::Media(track));
}

fn write_variant(out: &mut String, rendition: &RenditionState, audio: &[&RenditionState]) {
    let loudest = |rate: fn(&RenditionState) -> u64| {
        rate(rendition) + audio.iter().map(|rendition| rate(rendition)).max().unwrap_or(0)
    };
    let peak = loudest(|rendition| rendition.rate.peak).max(1);
    let average = loudest(|rendition| rendition.rate.average()).clamp(1, peak);
    let _ = write!(out, "#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={average}");
    let mut codecs = vec![rendition.info.codec.as_str()];
    for codec in audio.iter().map(|rendition| rendition.info.codec.as_str()) {
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    let _ = write!(out, ",CODECS=\"{}\"", codecs.join(","));
    if let Some(video) = rendition.info.video {
        let _ = write!(out, ",RESOLUTION={}x{}", video.width, video.height);
        if video.frame_rate_milli > 0 {
            let (whole, thousandths) =
                (video.frame_rate_milli / 1_000, video.frame_rate_milli % 1_000);
            let _ = write!(out, ",FRAME-RATE={whole}.{thousandths:03}");
        }
    }
    if !audio.is_empty() {
        out.push_str(",AUDIO=\"audio\"");
    }
    let _ = writeln!(out, "\n{}", Target::Media(rendition.info.track));
}
