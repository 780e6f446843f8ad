use proptest::prelude::*;
use rtmp::client::{ClientSession, Config, Event as ClientEvent};
use rtmp::server::{Event, PlayRefusal, PublishRefusal, ServerSession};
use rtmp::{MediaKind, Millis, Url};

use crate::{Drained, accept, drain, media, pieces, played, server, server_event};

const NOW: Millis = Millis(7);

fn config(chunk_size: usize, sign_handshake: bool) -> Config {
    let url = Url::parse("rtmp://example.com/live/key?token=a").unwrap();
    Config { chunk_size, sign_handshake, ..Config::new(url) }
}

fn drain_client(client: &mut ClientSession) -> Drained<ClientEvent> {
    Drained::of(|| client.poll_output())
}

/// Lets both sides talk until both are silent, in pieces of these sizes. Returns all events; a request
/// is accepted when it is told.
fn talk(
    client: &mut ClientSession,
    server: &mut ServerSession,
    sizes: &[usize],
) -> (Vec<ClientEvent>, Vec<Event>) {
    let (mut client_events, mut server_events) = (Vec::new(), Vec::new());
    loop {
        let up = drain_client(client);
        client_events.extend(up.events);
        for piece in pieces(&up.sent, sizes) {
            server.handle_input(NOW, piece).unwrap();
        }
        let mut down = drain(server);
        if accept(server, &down.events) {
            let accepted = drain(server);
            down.sent.extend(accepted.sent);
            down.events.extend(accepted.events);
        }
        server_events.extend(down.events);
        for piece in pieces(&down.sent, sizes) {
            client.handle_input(NOW, piece).unwrap();
        }
        if up.sent.is_empty() && down.sent.is_empty() {
            return (client_events, server_events);
        }
    }
}

fn send(client: &mut ClientSession, (kind, timestamp, body): &(MediaKind, i64, Vec<u8>)) -> bool {
    match kind {
        MediaKind::Audio => client.send_audio(*timestamp, body),
        MediaKind::Video => client.send_video(*timestamp, body),
        MediaKind::Data => client.send_data(*timestamp, body),
    }
}

#[test]
fn a_client_that_does_not_publish_sends_no_media() {
    let mut client = ClientSession::new_publish(config(4096, false), NOW, [1; 8]);
    assert!(!client.send_video(0, b"x"));
    let mut player = ClientSession::new_play(config(4096, false), NOW, [1; 8]);
    let mut server = server();
    talk(&mut player, &mut server, &[4096]);
    assert!(!player.send_video(0, b"x"));
}

#[test]
fn refusals_reach_the_client() {
    let mut client = ClientSession::new_publish(config(4096, true), NOW, [1; 8]);
    let mut server = server();
    let request = loop {
        server.handle_input(NOW, &drain_client(&mut client).sent).unwrap();
        let down = drain(&mut server);
        client.handle_input(NOW, &down.sent).unwrap();
        if let Some(Event::Publish { request, .. }) = down.events.last() {
            break *request;
        }
    };
    assert!(server.reject_publish(request, &PublishRefusal::BadName("key is in use".into())));
    client.handle_input(NOW, &drain(&mut server).sent).unwrap();
    let last = drain_client(&mut client);
    let code = "NetStream.Publish.BadName".to_string();
    let rejected = ClientEvent::Rejected { code, description: "key is in use".into() };
    assert_eq!((last.events, last.closed), (vec![rejected], true));
    assert!(client.is_closing());
}

#[test]
fn a_refused_play_and_an_ended_play_reach_the_client() {
    for refuse in [true, false] {
        let mut client = ClientSession::new_play(config(4096, false), NOW, [1; 8]);
        let mut server = server();
        let request = loop {
            server.handle_input(NOW, &drain_client(&mut client).sent).unwrap();
            let down = drain(&mut server);
            client.handle_input(NOW, &down.sent).unwrap();
            if let Some(Event::Play { request, .. }) = down.events.last() {
                break *request;
            }
        };
        if refuse {
            server.reject_play(request, &PlayRefusal::StreamNotFound("not live".into()));
        } else {
            server.accept_play(request);
            server.end_play();
        }
        let down = drain(&mut server);
        assert!(down.closed);
        client.handle_input(NOW, &down.sent).unwrap();
        let last = drain_client(&mut client);
        assert!(last.closed);
        let fits = match last.events.last() {
            Some(ClientEvent::Rejected { code, .. }) => refuse && code.ends_with("StreamNotFound"),
            Some(ClientEvent::Ended { .. }) => !refuse,
            _ => false,
        };
        assert!(fits, "{:?}", last.events);
    }
}

#[test]
fn a_publisher_takes_leave() {
    let mut client = ClientSession::new_publish(config(4096, false), NOW, [1; 8]);
    let mut server = server();
    talk(&mut client, &mut server, &[4096]);
    client.stop();
    let last = drain_client(&mut client);
    assert!(last.closed);
    server.handle_input(NOW, &last.sent).unwrap();
    assert_eq!(drain(&mut server).events, [Event::Unpublish]);
}

#[test]
fn pings_go_both_ways() {
    let mut client = ClientSession::new_publish(config(4096, false), NOW, [1; 8]);
    let mut server = server();
    talk(&mut client, &mut server, &[4096]);
    client.ping(NOW);
    server.ping(NOW);
    talk(&mut client, &mut server, &[1]);
    assert_eq!((client.round_trip(), server.round_trip()), (Some(0), Some(0)));
}

fn any_sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1_usize..20, 1_usize..5000, Just(100_000)], 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_publish_arrives_as_it_was_sent_under_any_split(
        sizes in any_sizes(),
        chunk_size in prop_oneof![1_usize..200, 200_usize..200_000],
        sign in any::<bool>(),
    ) {
        let mut client = ClientSession::new_publish(config(chunk_size, sign), NOW, [1; 8]);
        let mut server = server();
        let (told, asked) = talk(&mut client, &mut server, &sizes);
        prop_assert_eq!(told, [ClientEvent::Publishing]);
        let [Event::Connected { enhanced: true, .. }, Event::Publish { app, name, query, .. }] =
            &asked[..] else { panic!("{asked:?}") };
        prop_assert_eq!((app.as_str(), &**name, &**query), ("live", "key", "token=a"));
        for message in media() {
            prop_assert!(send(&mut client, &message));
        }
        let (_, events) = talk(&mut client, &mut server, &sizes);
        let expected: Vec<_> =
            media().into_iter().map(|(kind, time, body)| server_event(kind, time, body)).collect();
        prop_assert_eq!(events, expected);
    }

    #[test]
    fn a_play_arrives_as_it_was_sent_under_any_split(sizes in any_sizes(), sign in any::<bool>()) {
        let mut client = ClientSession::new_play(config(4096, sign), NOW, [1; 8]);
        let mut server = server();
        let (told, _) = talk(&mut client, &mut server, &sizes);
        prop_assert!(matches!(told[..], [ClientEvent::Playing, ClientEvent::Data { .. }]), "{told:?}");
        for piece in pieces(&played(), &sizes) {
            client.handle_input(NOW, piece).unwrap();
        }
        let expected: Vec<_> = media()
            .into_iter()
            .map(|(kind, timestamp, body)| match kind {
                MediaKind::Audio => ClientEvent::Audio { timestamp, body: body.into() },
                MediaKind::Video => ClientEvent::Video { timestamp, body: body.into() },
                MediaKind::Data => ClientEvent::Data { timestamp, body: body.into() },
            })
            .collect();
        prop_assert_eq!(drain_client(&mut client).events, expected);
    }

    #[test]
    fn what_the_server_says_depends_on_the_bytes_and_not_on_their_split(sizes in any_sizes()) {
        // What a client says up to its request, and all that it says afterwards.
        let mut client = ClientSession::new_publish(config(500, true), NOW, [1; 8]);
        let mut reference = server();
        let (mut before, mut after) = (Vec::new(), Vec::new());
        loop {
            let up = drain_client(&mut client);
            before.extend_from_slice(&up.sent);
            reference.handle_input(NOW, &up.sent).unwrap();
            let down = drain(&mut reference);
            client.handle_input(NOW, &down.sent).unwrap();
            if accept(&mut reference, &down.events) {
                client.handle_input(NOW, &drain(&mut reference).sent).unwrap();
                break;
            }
        }
        for _ in 0..25 {
            for message in media() {
                assert!(send(&mut client, &message));
            }
        }
        client.ping(NOW);
        client.stop();
        after.extend_from_slice(&drain_client(&mut client).sent);
        prop_assert!(after.len() > 2_500_000, "an acknowledgement is due");

        let run = |sizes: &[usize]| {
            let mut server = server();
            let mut outputs = Vec::new();
            for bytes in [&before, &after] {
                for piece in pieces(bytes, sizes) {
                    server.handle_input(NOW, piece).unwrap();
                }
                let drained = drain(&mut server);
                accept(&mut server, &drained.events);
                outputs.push(drained);
            }
            outputs
        };
        prop_assert!(run(&sizes) == run(&[usize::MAX]));
    }
}
