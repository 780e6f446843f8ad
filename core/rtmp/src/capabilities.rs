use media::amf0::Value;

/// What we take of Enhanced RTMP, as `connect` and its answer carry it (E-RTMP, "Enhancing NetConnection
/// connect Command").
const VIDEO: [&str; 4] = ["avc1", "hvc1", "av01", "vp09"];
const AUDIO: [&str; 4] = ["mp4a", "Opus", "fLaC", ".mp3"];

/// FourCcInfoMask.CanForward: every codec is passed on as it is.
const CAN_FORWARD: f64 = 4.0;

/// CapsExMask.Multitrack. Reconnect, ModEx and TimestampNanoOffset are not ours.
const MULTITRACK: f64 = 2.0;

/// The properties by which either side shows that it speaks Enhanced RTMP.
const NAMES: [&str; 4] = ["fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap", "capsEx"];

/// Whether a `connect`'s object shows that its sender speaks Enhanced RTMP.
pub(crate) fn is_enhanced(object: &Value) -> bool {
    NAMES.iter().any(|name| object.get(name).is_some())
}

/// Our own capabilities, to add to an object.
pub(crate) fn properties() -> [(String, Value); 4] {
    let list = VIDEO.iter().chain(&AUDIO).map(|fourcc| Value::string(*fourcc)).collect();
    let [names, video, audio, extra] = NAMES.map(String::from);
    [
        (names, Value::StrictArray(list)),
        (video, info_map(&VIDEO)),
        (audio, info_map(&AUDIO)),
        (extra, Value::Number(MULTITRACK)),
    ]
}

fn info_map(codecs: &[&str]) -> Value {
    let entry = |fourcc: &&str| ((*fourcc).to_string(), Value::Number(CAN_FORWARD));
    Value::Object(codecs.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_capabilities_are_enhanced_and_old_clients_are_not() {
        assert!(is_enhanced(&Value::Object(properties().to_vec())));
        assert!(!is_enhanced(&Value::Object(vec![("app".into(), Value::string("live"))])));
        assert!(!is_enhanced(&Value::Null));
    }

    #[test]
    fn every_codec_is_listed_and_mapped() {
        let object = Value::Object(properties().to_vec());
        let Some(Value::StrictArray(list)) = object.get("fourCcList") else { panic!() };
        assert_eq!(list.len(), 8);
        assert_eq!(
            object.get("videoFourCcInfoMap").unwrap().get("hvc1"),
            Some(&Value::Number(4.0))
        );
        assert_eq!(
            object.get("audioFourCcInfoMap").unwrap().get(".mp3"),
            Some(&Value::Number(4.0))
        );
        assert_eq!(object.get("capsEx"), Some(&Value::Number(2.0)));
    }
}
