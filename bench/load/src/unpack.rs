//! The bodies of RTMP messages and FLV tags as arrivals.

use std::cell::RefCell;

use bytes::Bytes;
use media::flv::{self, Message, TagType};
use media::{Kind, Timestamp};

use crate::arrival::Arrival;
use crate::stamp::Stamp;

thread_local! {
    /// The parsed messages of one body: every player uses it, none keeps it.
    static MESSAGES: RefCell<Vec<Message>> = const { RefCell::new(Vec::new()) };
}

/// Gives the frames in a body to `arrived`. A body that cannot be read holds none.
pub(crate) fn unpack(
    tag_type: TagType,
    timestamp_ms: i64,
    body: &Bytes,
    mut arrived: impl FnMut(&Arrival),
) {
    MESSAGES.with_borrow_mut(|messages| {
        let read = match tag_type {
            TagType::Video => flv::parse_video(body, messages),
            TagType::Audio => flv::parse_audio(body, messages),
            TagType::ScriptData => Ok(()),
        };
        if read.is_err() {
            messages.clear();
        }
        for message in messages.drain(..) {
            let Message::Frame(frame) = message else { continue };
            let video = frame.track.kind == Kind::Video;
            arrived(&Arrival {
                video,
                keyframe: frame.keyframe,
                dts: Timestamp::from_millis(timestamp_ms),
                stamp: if video { Stamp::find(&frame.data) } else { None },
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::Codec;

    #[test]
    fn a_stamped_picture_is_an_arrival_and_a_configuration_is_none() {
        let stamp = Stamp { publisher: 1, number: 2, sent_us: 3 };
        let nal = stamp.nal(Codec::H264);
        let head = [0x17, 1, 0, 0, 0, 0, 0, 0, nal.len() as u8];
        let body = Bytes::from([&head[..], &nal].concat());
        let mut got = Vec::new();
        unpack(TagType::Video, 40, &body, |arrival| got.push(*arrival));
        let dts = Timestamp::from_millis(40);
        assert_eq!(got, [Arrival { video: true, keyframe: true, dts, stamp: Some(stamp) }]);
        let others = [(TagType::Audio, &b"\xaf\x00\x12\x10"[..]), (TagType::Video, b"\x17\x00")];
        for (tag_type, body) in others {
            unpack(tag_type, 0, &Bytes::from_static(body), |arrival| panic!("{arrival:?}"));
        }
    }
}
