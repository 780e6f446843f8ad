use super::*;

#[test]
fn a_publish_is_asked_for_and_begins_when_accepted() {
    let (mut hand, request) = Hand::asking("key/?token=a");
    assert_eq!(hand.drain().statuses(), []);
    assert!(hand.session.accept_publish(request));
    assert!(hand.session.is_publishing());
    assert_eq!(hand.drain().statuses(), [status(1, "NetStream.Publish.Start")]);
    assert!(!hand.session.accept_publish(request), "it is answered");
    hand.send(Kind::Video, 1, 40, b"picture").unwrap();
    hand.send(Kind::Audio, 1, 41, b"").unwrap();
    hand.send(Kind::DataAmf3, 1, 42, b"\0data").unwrap();
    let expected = [
        Event::Video { timestamp: 40, body: "picture".into() },
        Event::Data { timestamp: 42, body: "data".into() },
    ];
    let events = hand.drain().events;
    assert_eq!(events, expected);
    for event in events {
        let (Event::Video { body, .. } | Event::Data { body, .. }) = event else { panic!() };
        assert!(body.is_unique(), "a body is not shared before its receiver shares it");
    }
}

#[test]
fn a_publish_names_application_stream_and_query() {
    let mut hand = Hand::connected();
    hand.call(0, "createStream", 4.0, &[]).unwrap();
    hand.call(1, "publish", 5.0, &[Value::Null, Value::string("a%20key/?token=b")]).unwrap();
    let events = hand.drain().events;
    let [Event::Publish { app, name, query, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((app.as_str(), &**name, &**query), ("live", "a key", "token=b"));
    let shown = format!("{events:?}");
    assert!(!shown.contains("a key") && !shown.contains("token"), "{shown}");
}

#[test]
fn refusals_become_statuses_and_close() {
    let cases = [
        (PublishRefusal::BadName("taken".into()), "NetStream.Publish.BadName"),
        (PublishRefusal::Denied("no".into()), "NetStream.Publish.Denied"),
    ];
    for (why, code) in cases {
        let (mut hand, request) = Hand::asking("key");
        assert!(hand.session.reject_publish(request, &why));
        assert!(hand.session.is_closing());
        let drained = hand.drain();
        assert_eq!(drained.statuses(), [status(1, code)]);
        assert!(drained.closed);
        hand.send(Kind::Video, 1, 0, b"late").unwrap();
        assert!(hand.session.poll_output().is_none());
        assert_eq!(hand.session.next_timeout(), None);
    }
    let cases = [
        (PlayRefusal::StreamNotFound("no".into()), "NetStream.Play.StreamNotFound"),
        (PlayRefusal::Failed("full".into()), "NetStream.Play.Failed"),
    ];
    for (why, code) in cases {
        let mut hand = Hand::connected();
        hand.call(0, "createStream", 2.0, &[]).unwrap();
        hand.call(1, "play", 0.0, &[Value::Null, Value::string("id")]).unwrap();
        let Some(Event::Play { request, .. }) = hand.drain().events.pop() else { panic!() };
        assert!(hand.session.reject_play(request, &why));
        let drained = hand.drain();
        assert_eq!((drained.statuses(), drained.closed), (vec![status(1, code)], true));
    }
}

#[test]
fn media_sent_before_the_answer_is_held_and_then_given() {
    let (mut hand, request) = Hand::asking("key");
    hand.send(Kind::Video, 1, 0, b"header").unwrap();
    hand.send(Kind::Data, 1, 0, b"meta").unwrap();
    assert_eq!(hand.drain().events, []);
    assert!(hand.session.accept_publish(request));
    hand.send(Kind::Video, 1, 40, b"picture").unwrap();
    let bodies = hand.drain().events.into_iter().map(|event| match event {
        Event::Video { body, .. } | Event::Data { body, .. } => body,
        other => panic!("{other:?}"),
    });
    assert_eq!(bodies.collect::<Vec<_>>(), ["header", "meta", "picture"]);
}

#[test]
fn a_second_publish_is_refused_and_the_first_goes_on() {
    let mut hand = Hand::publishing();
    hand.call(0, "createStream", 6.0, &[]).unwrap();
    hand.call(2, "publish", 7.0, &[Value::Null, Value::string("other")]).unwrap();
    let drained = hand.drain();
    assert_eq!(drained.statuses(), [status(2, "NetStream.Publish.BadName")]);
    assert!(!drained.closed && hand.session.is_publishing());
    hand.send(Kind::Video, 2, 0, b"of the other").unwrap();
    hand.send(Kind::Video, 0, 0, b"of nobody").unwrap();
    assert_eq!(hand.drain().events, [Event::Video { timestamp: 0, body: "of nobody".into() }]);
}

#[test]
fn a_publish_without_a_stream_or_a_name_is_refused() {
    let mut hand = Hand::connected();
    hand.call(1, "publish", 5.0, &[Value::Null, Value::string("key")]).unwrap();
    assert_eq!(hand.drain().statuses(), [status(1, "NetStream.Publish.BadName")]);
    hand.call(0, "createStream", 4.0, &[]).unwrap();
    for name in [String::new(), "?a=b".to_string(), "x".repeat(1025)] {
        let mut hand = Hand::connected();
        hand.call(0, "createStream", 4.0, &[]).unwrap();
        hand.call(1, "publish", 5.0, &[Value::Null, Value::String(name)]).unwrap();
        let drained = hand.drain();
        assert_eq!(drained.statuses(), [status(1, "NetStream.Publish.BadName")]);
        assert!(drained.closed && drained.events.is_empty());
    }
}

#[test]
fn every_way_to_stop_publishing_ends_it_once() {
    let ways: [(&str, u32, &[Value]); 5] = [
        ("FCUnpublish", 0, &[Value::Null, Value::String(String::new())]),
        ("deleteStream", 0, &[Value::Null, Value::Number(1.0)]),
        ("closeStream", 1, &[Value::Null]),
        ("close", 0, &[Value::Null]),
        ("publish", 1, &[Value::Null, Value::Boolean(false)]),
    ];
    for (name, stream, values) in ways {
        let mut hand = Hand::publishing();
        hand.call(stream, name, 0.0, values).unwrap();
        let drained = hand.drain();
        assert_eq!(drained.events, [Event::Unpublish], "{name}");
        assert_eq!(drained.statuses(), [status(1, "NetStream.Unpublish.Success")]);
        hand.call(0, "deleteStream", 0.0, &[Value::Null, Value::Number(1.0)]).unwrap();
        hand.send(Kind::Video, 1, 0, b"late").unwrap();
        assert_eq!(hand.drain().events, []);
    }
}

#[test]
fn a_request_that_the_client_takes_back_cannot_be_answered() {
    let (mut hand, request) = Hand::asking("key");
    hand.call(0, "deleteStream", 0.0, &[Value::Null, Value::Number(1.0)]).unwrap();
    assert_eq!(hand.drain().events, [Event::Unpublish]);
    assert!(!hand.session.accept_publish(request));
    assert!(!hand.session.reject_publish(request, &PublishRefusal::Denied(String::new())));
    assert!(!hand.session.is_closing());
    // The next publish of the connection is another request.
    hand.call(0, "createStream", 8.0, &[]).unwrap();
    hand.call(1, "publish", 9.0, &[Value::Null, Value::string("key")]).unwrap();
    assert!(
        matches!(hand.drain().events[..], [Event::Publish { request: next, .. }] if next != request)
    );
}

#[test]
fn a_request_is_answered_in_its_own_kind_only() {
    let (mut hand, request) = Hand::asking("key");
    assert!(!hand.session.accept_play(request));
    assert!(hand.session.accept_publish(request));
}

#[test]
fn the_server_ends_a_play_or_a_publish_with_a_word() {
    let mut hand = Hand::playing();
    hand.session.end_publish(&PublishRefusal::Denied(String::new()));
    assert!(!hand.session.is_closing(), "it does not publish");
    hand.session.end_play();
    let drained = hand.drain();
    assert_eq!(UserControl::parse(&drained.messages[0]), Ok(UserControl::StreamEof(1)));
    assert_eq!(drained.statuses().last(), Some(&status(1, "NetStream.Play.Stop")));
    assert!(drained.closed);

    let mut hand = Hand::publishing();
    hand.session.end_play();
    assert!(!hand.session.is_closing(), "it does not play");
    hand.session.end_publish(&PublishRefusal::Denied("stopped by its owner".into()));
    let drained = hand.drain();
    assert_eq!(drained.statuses(), [status(1, "NetStream.Publish.Denied")]);
    assert!(drained.closed);
}

#[test]
fn aggregates_are_taken_apart_and_metadata_may_come_as_a_command() {
    let mut hand = Hand::publishing();
    let mut body = Vec::new();
    for (kind, time, text) in [(8, 100, b"snd"), (9, 140, b"pic")] {
        body.extend_from_slice(&[kind, 0, 0, 3, 0, 0, time, 0, 0, 0, 0]);
        body.extend_from_slice(text);
        body.extend_from_slice(&[0, 0, 0, 14]);
    }
    hand.send(Kind::Aggregate, 1, 1000, &body).unwrap();
    let meta = command("onMetaData", 0.0, &[Value::Null]);
    hand.send(Kind::Command, 1, 1050, &meta).unwrap();
    let expected = [
        Event::Audio { timestamp: 1000, body: "snd".into() },
        Event::Video { timestamp: 1040, body: "pic".into() },
        Event::Data { timestamp: 1050, body: meta.into() },
    ];
    assert_eq!(hand.drain().events, expected);
}

#[test]
fn timestamps_go_on_over_the_wrap() {
    let mut hand = Hand::publishing();
    hand.send(Kind::Video, 1, u32::MAX - 9, b"a").unwrap();
    hand.send(Kind::Audio, 1, 10, b"b").unwrap();
    let expected = [
        Event::Video { timestamp: (1 << 32) - 10, body: "a".into() },
        Event::Audio { timestamp: (1 << 32) + 10, body: "b".into() },
    ];
    assert_eq!(hand.drain().events, expected);
}
