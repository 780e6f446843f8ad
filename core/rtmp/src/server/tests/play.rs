use super::*;

#[test]
fn a_play_begins_with_chunk_size_stream_begin_and_statuses_on_stream_1() {
    let mut hand = Hand::connected();
    hand.call(0, "createStream", 2.0, &[]).unwrap();
    hand.call(1, "play", 0.0, &[Value::Null, Value::string("id?a=b"), Value::Number(-2.0)])
        .unwrap();
    let Some(Event::Play { request, app, name, query }) = hand.drain().events.pop() else {
        panic!()
    };
    assert_eq!((app.as_str(), &*name, &*query), ("live", "id", "a=b"));
    assert!(hand.session.accept_play(request) && hand.session.is_playing());
    let drained = hand.drain();
    let chunk_size = crate::control::chunk_size(&drained.messages[0]).unwrap();
    assert_eq!(chunk_size, OUT_CHUNK_SIZE);
    assert_eq!(UserControl::parse(&drained.messages[1]), Ok(UserControl::StreamBegin(1)));
    let statuses = [status(1, "NetStream.Play.Reset"), status(1, "NetStream.Play.Start")];
    assert_eq!(drained.statuses(), statuses);
    let access = drained.messages.last().unwrap();
    assert_eq!((access.kind, access.stream), (Kind::Data, 1));
    assert!(access.body.ends_with(&[1, 1, 1, 1]));
}

#[test]
fn a_player_pauses_seeks_and_chooses_its_media() {
    let mut hand = Hand::playing();
    hand.call(1, "pause", 0.0, &[Value::Null, Value::Boolean(true), Value::Number(9.0)]).unwrap();
    hand.call(1, "pause", 0.0, &[Value::Null, Value::Boolean(false), Value::Number(9.0)]).unwrap();
    hand.call(1, "seek", 0.0, &[Value::Null, Value::Number(5000.0)]).unwrap();
    hand.call(1, "receiveVideo", 0.0, &[Value::Null, Value::Boolean(false)]).unwrap();
    hand.call(1, "receiveAudio", 0.0, &[Value::Null, Value::Boolean(true)]).unwrap();
    let drained = hand.drain();
    let expected = [
        Event::Pause { paused: true },
        Event::Pause { paused: false },
        Event::Seek { position: 5000 },
        Event::ReceiveVideo(false),
        Event::ReceiveAudio(true),
    ];
    assert_eq!(drained.events, expected);
    let statuses = [
        status(1, "NetStream.Pause.Notify"),
        status(1, "NetStream.Unpause.Notify"),
        status(1, "NetStream.Seek.Notify"),
    ];
    assert_eq!(drained.statuses(), statuses);
}

#[test]
fn a_player_may_change_over_and_stop() {
    let mut hand = Hand::playing();
    let options = Value::Object(vec![("streamName".into(), Value::string("other"))]);
    hand.call(1, "play2", 0.0, &[Value::Null, options]).unwrap();
    let events = hand.drain().events;
    let [Event::StopPlay, Event::Play { name, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(&**name, "other");
    hand.call(1, "closeStream", 0.0, &[Value::Null]).unwrap();
    assert_eq!(hand.drain().events, [Event::StopPlay]);
}

#[test]
fn a_play_on_another_stream_than_the_first_is_refused() {
    let mut hand = Hand::connected();
    hand.call(0, "createStream", 2.0, &[]).unwrap();
    hand.call(0, "createStream", 3.0, &[]).unwrap();
    hand.call(2, "play", 0.0, &[Value::Null, Value::string("id")]).unwrap();
    assert_eq!(hand.drain().statuses(), [status(2, "NetStream.Play.Failed")]);
    hand.call(0, "deleteStream", 0.0, &[Value::Null, Value::Number(1.0)]).unwrap();
    hand.call(0, "createStream", 4.0, &[]).unwrap();
    assert_eq!(hand.drain().commands()[0].1.number(0), Some(1.0), "the lowest free number");
}
