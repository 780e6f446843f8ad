use super::*;

#[test]
fn media_held_is_bounded() {
    let (mut hand, _) = Hand::asking("key");
    let limit = Limits::default().max_held_bytes;
    let picture = vec![0; 1 << 20];
    for _ in 0..3 {
        hand.send(Kind::Video, 1, 0, &picture).unwrap();
    }
    let result = hand.send(Kind::Video, 1, 0, &picture);
    assert_eq!(result, Err(Error::TooMuchHeld(limit)));
    assert_eq!(hand.send(Kind::Video, 1, 0, b""), Err(Error::TooMuchHeld(limit)), "it stays so");
}

#[test]
fn time_limits_hold_at_every_stage() {
    let mut session = ServerSession::new(Limits::default(), Millis(500), [0; 8]);
    assert_eq!(session.next_timeout(), Some(Millis(10_500)));
    assert_eq!(session.handle_timeout(Millis(10_499)), Ok(()));
    assert_eq!(session.handle_timeout(Millis(10_500)), Err(Error::HandshakeTimeout));
    assert_eq!(session.next_timeout(), None);

    let mut hand = Hand::connected();
    assert_eq!(hand.session.next_timeout(), Some(Millis(30_000)));
    assert_eq!(hand.session.handle_timeout(Millis(30_000)), Err(Error::RequestTimeout));

    let mut hand = Hand::publishing();
    assert_eq!(hand.session.next_timeout(), Some(Millis(15_000)));
    hand.session.handle_timeout(Millis(15_000)).unwrap();
    let asked = UserControl::parse(&hand.drain().messages[0]);
    assert_eq!(asked, Ok(UserControl::PingRequest(15_000)));
    assert_eq!(hand.session.next_timeout(), Some(Millis(30_000)));
    assert_eq!(hand.session.handle_timeout(Millis(30_000)), Err(Error::IdleTimeout));

    let hand = Hand::playing();
    assert_eq!(hand.session.next_timeout(), Some(Millis(300_000)));

    let mut hand = Hand::publishing();
    hand.now = Millis(20_000);
    hand.call(0, "close", 0.0, &[]).unwrap();
    assert_eq!(hand.session.next_timeout(), Some(Millis(50_000)), "from the end of the publish");
}

#[test]
fn commands_out_of_order_are_errors() {
    assert_eq!(Hand::new().call(0, "createStream", 1.0, &[]), Err(Error::NotConnected));
    assert_eq!(Hand::connected().connect(&[]), Err(Error::ConnectedTwice));
}

#[test]
fn streams_and_commands_are_limited() {
    let mut hand = Hand::connected();
    for _ in 0..8 {
        hand.call(0, "createStream", 2.0, &[]).unwrap();
    }
    assert_eq!(hand.call(0, "createStream", 2.0, &[]), Err(Error::TooManyStreams(8)));

    let mut hand = Hand::connected();
    for _ in 0..3 {
        hand.now = Millis(hand.now.0 + 1000);
        for _ in 0..100 {
            hand.call(0, "_checkbw", 2.0, &[]).unwrap();
        }
    }
    assert_eq!(hand.call(0, "_checkbw", 2.0, &[]), Err(Error::TooManyRequests(100)));
}

#[test]
fn events_are_limited() {
    let mut hand = Hand::with(Limits { max_events: 2, ..Limits::default() });
    hand.connect(&[]).unwrap();
    hand.call(0, "createStream", 4.0, &[]).unwrap();
    hand.call(1, "publish", 5.0, &[Value::Null, Value::string("key")]).unwrap();
    let Some(Event::Publish { request, .. }) = hand.drain().events.pop() else { panic!() };
    hand.session.accept_publish(request);
    hand.send(Kind::Audio, 1, 0, b"a").unwrap();
    hand.send(Kind::Audio, 1, 0, b"b").unwrap();
    assert_eq!(hand.send(Kind::Audio, 1, 0, b"c"), Err(Error::TooManyEvents(2)));
}
