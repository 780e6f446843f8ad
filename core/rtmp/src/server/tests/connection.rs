use super::*;

#[test]
fn connect_is_answered_with_windows_chunk_size_and_result() {
    let mut hand = Hand::new();
    hand.connect(&[
        ("flashVer", Value::string("FMLE/3.0")),
        ("tcUrl", Value::string("rtmp://h/live")),
    ])
    .unwrap();
    let drained = hand.drain();
    let kinds: Vec<_> = drained.messages.iter().map(|m| m.kind).collect();
    let expected = [Kind::WindowSize, Kind::PeerBandwidth, Kind::SetChunkSize, Kind::Command];
    assert_eq!(kinds, expected);
    let (stream, answer) = drained.commands().pop().unwrap();
    assert_eq!((stream, answer.name.as_str(), answer.transaction), (0, "_result", 1.0));
    assert_eq!(answer.object.get("fmsVer"), Some(&Value::string("FMS/3,0,1,123")));
    let code = answer.arguments[0].get("code").unwrap();
    assert_eq!(code, &Value::string("NetConnection.Connect.Success"));
    assert_eq!(answer.arguments[0].get("objectEncoding"), Some(&Value::Number(0.0)));
    assert_eq!(answer.arguments[0].get("capsEx"), None);
    let [Event::Connected { app, tc_url, client, enhanced: false }] = &drained.events[..] else {
        panic!("{:?}", drained.events)
    };
    assert_eq!((&**app, &**tc_url, client.as_str()), ("live", "rtmp://h/live", "FMLE/3.0"));
}

#[test]
fn a_key_in_the_application_is_not_shown() {
    let mut hand = Hand::new();
    let object = Value::Object(vec![("app".into(), Value::string("live/sesame"))]);
    hand.call(0, "connect", 1.0, &[object]).unwrap();
    hand.call(0, "createStream", 2.0, &[]).unwrap();
    hand.call(1, "publish", 3.0, &[Value::Null, Value::string("")]).unwrap();
    let before = format!("{:?}", hand.session);
    let events = hand.drain().events;
    let [Event::Connected { .. }, Event::Publish { name, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(&**name, "sesame");
    let shown = format!("{before} {events:?} {:?}", hand.session);
    assert!(!shown.contains("sesame"), "{shown}");
}

#[test]
fn an_enhanced_client_is_told_our_capabilities() {
    let list = Value::StrictArray(vec![Value::string("hvc1")]);
    for extra in [("fourCcList", list), ("capsEx", Value::Number(1.0))] {
        let mut hand = Hand::new();
        hand.connect(&[extra]).unwrap();
        let drained = hand.drain();
        let (_, answer) = drained.commands().pop().unwrap();
        for object in [&answer.object, &answer.arguments[0]] {
            assert_eq!(object.get("capsEx"), Some(&Value::Number(2.0)));
            assert!(object.get("videoFourCcInfoMap").unwrap().get("av01").is_some());
        }
        assert!(matches!(drained.events[0], Event::Connected { enhanced: true, .. }));
    }
}

#[test]
fn the_old_encoders_commands_are_all_answered() {
    let mut hand = Hand::connected();
    let name = [Value::Null, Value::string("key")];
    hand.call(0, "releaseStream", 2.0, &name).unwrap();
    hand.call(0, "FCPublish", 3.0, &name).unwrap();
    hand.call(0, "createStream", 4.0, &[Value::Null]).unwrap();
    hand.call(0, "_checkbw", 5.0, &[Value::Null]).unwrap();
    hand.call(0, "getStreamLength", 6.0, &name).unwrap();
    hand.call(0, "FCSubscribe", 7.0, &name).unwrap();
    hand.call(0, "inventThis", 8.0, &[]).unwrap();
    hand.call(0, "inventThis", 0.0, &[]).unwrap();
    hand.call(0, "_result", 9.0, &[]).unwrap();
    let drained = hand.drain();
    let answers: Vec<_> =
        drained.commands().iter().map(|(_, c)| (c.name.clone(), c.transaction as i32)).collect();
    let expected = [
        ("_result", 2),
        ("_result", 3),
        ("onFCPublish", 0),
        ("_result", 4),
        ("_result", 5),
        ("_result", 6),
        ("_result", 7),
        ("onFCSubscribe", 0),
        ("_error", 8),
    ];
    assert_eq!(answers, expected.map(|(name, id)| (name.to_string(), id)));
    assert_eq!(drained.commands()[3].1.number(0), Some(1.0));
    assert_eq!(drained.commands()[5].1.number(0), Some(0.0));
}

#[test]
fn received_bytes_are_acknowledged_every_window() {
    let mut hand = Hand::publishing();
    hand.send(Kind::WindowSize, 0, 0, &100_000_u32.to_be_bytes()).unwrap();
    hand.send(Kind::SetChunkSize, 0, 0, &65_536_u32.to_be_bytes()).unwrap();
    let mut out = BytesMut::new();
    write_message(&mut out, 65_536, 6, (Kind::Video, 1, 0), &vec![0; 250_000]);
    hand.session.handle_input(hand.now, &out).unwrap();
    let acknowledged: Vec<_> = hand.drain().messages.iter().map(|m| m.body.to_vec()).collect();
    let sequence = |n: u32| n.to_be_bytes().to_vec();
    assert_eq!(acknowledged, [sequence(100_000), sequence(200_000)]);
}

#[test]
fn pings_are_answered_and_measured() {
    let mut hand = Hand::publishing();
    hand.send(Kind::UserControl, 0, 0, &UserControl::PingRequest(77).to_body()).unwrap();
    let answer = UserControl::parse(&hand.drain().messages[0]);
    assert_eq!(answer, Ok(UserControl::PingResponse(77)));
    hand.session.ping(Millis(1000));
    let asked = UserControl::parse(&hand.drain().messages[0]);
    assert_eq!(asked, Ok(UserControl::PingRequest(1000)));
    hand.now = Millis(1030);
    hand.send(Kind::UserControl, 0, 0, &UserControl::PingResponse(1000).to_body()).unwrap();
    assert_eq!(hand.session.round_trip(), Some(30));
}

#[test]
fn a_peers_bandwidth_is_taken_over_as_our_window() {
    let mut hand = Hand::connected();
    let bandwidth = crate::control::peer_bandwidth(5_000_000);
    hand.send(Kind::PeerBandwidth, 0, 0, &bandwidth).unwrap();
    hand.send(Kind::PeerBandwidth, 0, 0, &bandwidth).unwrap();
    let windows = hand.drain().messages;
    assert_eq!(windows.len(), 1);
    assert_eq!((windows[0].kind, &windows[0].body[..]), (Kind::WindowSize, &bandwidth[..4]));
}

#[test]
fn a_session_can_move_to_another_thread() {
    fn is_send<T: Send + 'static>() {}
    is_send::<ServerSession>();
    is_send::<crate::client::ClientSession>();
}
