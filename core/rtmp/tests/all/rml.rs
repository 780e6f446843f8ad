//! `rml_rtmp`, written by others, as client of our server and as server of our client.

use bytes::Bytes;
use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions as rml;
use rml_rtmp::time::RtmpTimestamp;
use rtmp::client::{ClientSession, Config, Event as ClientEvent};
use rtmp::server::{Event, ServerSession};
use rtmp::{MediaKind, Millis, Url};

use crate::{Drained, accept, drain, media, played, server, server_event};

const NOW: Millis = Millis(0);

/// Shakes hands with a side of ours until both are done; what is left of the last bytes.
fn shake_hands(peer: PeerType, first: Vec<u8>, mut ours: impl FnMut(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut theirs = Handshake::new(peer);
    let mut to_us =
        if first.is_empty() { theirs.generate_outbound_p0_and_p1().unwrap() } else { Vec::new() };
    let mut to_them = first;
    loop {
        to_them.extend(ours(&to_us));
        match theirs.process_bytes(&to_them).unwrap() {
            HandshakeProcessResult::InProgress { response_bytes } => {
                to_us = response_bytes;
                to_them = Vec::new();
            }
            HandshakeProcessResult::Completed { response_bytes, mut remaining_bytes } => {
                remaining_bytes.extend(ours(&response_bytes));
                return remaining_bytes;
            }
        }
    }
}

struct TheirClient {
    session: rml::ClientSession,
    server: ServerSession,
    ours: Vec<Event>,
    theirs: Vec<rml::ClientSessionEvent>,
}

impl TheirClient {
    fn connected() -> Self {
        let mut server = server();
        let rest = shake_hands(PeerType::Client, Vec::new(), |bytes| {
            server.handle_input(NOW, bytes).unwrap();
            drain(&mut server).sent
        });
        assert_eq!(rest, []);
        let config = rml::ClientSessionConfig::new();
        let (mut session, first) = rml::ClientSession::new(config).unwrap();
        let connect = session.request_connection("live".into()).unwrap();
        let mut this = Self { session, server, ours: Vec::new(), theirs: Vec::new() };
        this.results(first);
        this.results(vec![connect]);
        assert_eq!(this.theirs, [rml::ClientSessionEvent::ConnectionRequestAccepted]);
        this.theirs.clear();
        this
    }

    /// Carries bytes between the two until both are silent.
    fn results(&mut self, results: Vec<rml::ClientSessionResult>) {
        for result in results {
            match result {
                rml::ClientSessionResult::OutboundResponse(packet) => {
                    self.server.handle_input(NOW, &packet.bytes).unwrap();
                    let mut drained = drain(&mut self.server);
                    if accept(&mut self.server, &drained.events) {
                        drained.sent.extend(drain(&mut self.server).sent);
                    }
                    self.ours.extend(drained.events);
                    self.hear(&drained.sent);
                }
                rml::ClientSessionResult::RaisedEvent(event) => self.theirs.push(event),
                rml::ClientSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let results = self.session.handle_input(bytes).unwrap();
        self.results(results);
    }
}

#[test]
fn their_client_publishes_to_our_server() {
    let mut client = TheirClient::connected();
    let request =
        client.session.request_publishing("key".into(), rml::PublishRequestType::Live).unwrap();
    client.results(vec![request]);
    assert!(client.theirs.contains(&rml::ClientSessionEvent::PublishRequestAccepted));
    client.ours.clear();
    // Their timestamps have 32 bits.
    let sent: Vec<_> = media().into_iter().filter(|(kind, ..)| *kind != MediaKind::Data).collect();
    for (kind, timestamp, body) in sent.clone() {
        let (data, timestamp) = (Bytes::from(body), RtmpTimestamp::new(timestamp as u32));
        let result = match kind {
            MediaKind::Audio => client.session.publish_audio_data(data, timestamp, false),
            _ => client.session.publish_video_data(data, timestamp, false),
        };
        client.results(vec![result.unwrap()]);
    }
    let expected: Vec<_> =
        sent.into_iter().map(|(kind, time, body)| server_event(kind, time, body)).collect();
    assert_eq!(client.ours, expected);
    let results = client.session.stop_publishing().unwrap();
    client.results(results);
    assert_eq!(client.ours.last(), Some(&Event::Unpublish));
}

#[test]
fn their_client_plays_from_our_server() {
    let mut client = TheirClient::connected();
    let request = client.session.request_playback("id".into()).unwrap();
    client.results(vec![request]);
    assert!(client.theirs.contains(&rml::ClientSessionEvent::PlaybackRequestAccepted));
    client.theirs.clear();
    client.hear(&played());
    let heard: Vec<_> = client
        .theirs
        .iter()
        .filter_map(|event| match event {
            rml::ClientSessionEvent::AudioDataReceived { timestamp, data } => {
                Some((MediaKind::Audio, timestamp.value, data.to_vec()))
            }
            rml::ClientSessionEvent::VideoDataReceived { timestamp, data } => {
                Some((MediaKind::Video, timestamp.value, data.to_vec()))
            }
            _ => None,
        })
        .collect();
    let expected: Vec<_> = media()
        .into_iter()
        .filter(|(kind, ..)| *kind != MediaKind::Data)
        .map(|(kind, timestamp, body)| (kind, timestamp as u32, body))
        .collect();
    assert_eq!(heard, expected);
}

/// Our client and their server.
struct TheirServer {
    session: rml::ServerSession,
    client: ClientSession,
    ours: Vec<ClientEvent>,
    theirs: Vec<rml::ServerSessionEvent>,
}

impl TheirServer {
    /// With the client's request accepted.
    fn running(mut client: ClientSession) -> Self {
        let first = Drained::of(|| client.poll_output()).sent;
        let up = shake_hands(PeerType::Server, first, |bytes| {
            client.handle_input(NOW, bytes).unwrap();
            Drained::of(|| client.poll_output()).sent
        });
        let config = rml::ServerSessionConfig::new();
        let (session, first) = rml::ServerSession::new(config).unwrap();
        let mut this = Self { session, client, ours: Vec::new(), theirs: Vec::new() };
        this.results(first);
        this.hear(&up);
        this
    }

    /// Carries bytes between the two until both are silent.
    fn hear(&mut self, bytes: &[u8]) {
        let results = self.session.handle_input(bytes).unwrap();
        self.results(results);
    }

    fn results(&mut self, results: Vec<rml::ServerSessionResult>) {
        for result in results {
            match result {
                rml::ServerSessionResult::OutboundResponse(packet) => {
                    self.client.handle_input(NOW, &packet.bytes).unwrap();
                    self.send();
                }
                rml::ServerSessionResult::RaisedEvent(event) => self.their_event(event),
                rml::ServerSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
    }

    fn their_event(&mut self, event: rml::ServerSessionEvent) {
        if let rml::ServerSessionEvent::ConnectionRequested { request_id, .. }
        | rml::ServerSessionEvent::PublishStreamRequested { request_id, .. }
        | rml::ServerSessionEvent::PlayStreamRequested { request_id, .. } = event
        {
            let results = self.session.accept_request(request_id).unwrap();
            self.results(results);
        }
        self.theirs.push(event);
    }

    fn send(&mut self) {
        let drained = Drained::of(|| self.client.poll_output());
        self.ours.extend(drained.events);
        if !drained.sent.is_empty() {
            self.hear(&drained.sent);
        }
    }
}

fn our_config(sign_handshake: bool) -> Config {
    let url = Url::parse("rtmp://h/live/key").unwrap();
    Config { chunk_size: 4096, sign_handshake, ..Config::new(url) }
}

#[test]
fn our_client_publishes_to_their_server() {
    for sign_handshake in [false, true] {
        let client = ClientSession::new_publish(our_config(sign_handshake), NOW, [1; 8]);
        let mut server = TheirServer::running(client);
        assert_eq!(server.ours, [ClientEvent::Publishing]);
        assert!(server.client.send_video(40, &vec![1; 100_000]));
        assert!(server.client.send_audio(80, &[2; 9]));
        server.theirs.clear();
        server.send();
        let heard = server.theirs.iter().map(|event| match event {
            rml::ServerSessionEvent::VideoDataReceived { data, timestamp, .. }
            | rml::ServerSessionEvent::AudioDataReceived { data, timestamp, .. } => {
                (timestamp.value, data.len())
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(heard.collect::<Vec<_>>(), [(40, 100_000), (80, 9)]);
    }
}

#[test]
fn our_client_plays_from_their_server() {
    let client = ClientSession::new_play(our_config(true), NOW, [1; 8]);
    let mut server = TheirServer::running(client);
    assert_eq!(server.ours.first(), Some(&ClientEvent::Playing));
    server.ours.clear();
    for (timestamp, body) in [(40, vec![1; 100_000]), (80, vec![2; 9]), (120, vec![3; 9])] {
        let (data, timestamp) = (Bytes::from(body), RtmpTimestamp::new(timestamp));
        let packet = server.session.send_video_data(1, data, timestamp, false).unwrap();
        server.client.handle_input(NOW, &packet.bytes).unwrap();
    }
    server.send();
    let video = |timestamp, body: Vec<u8>| ClientEvent::Video { timestamp, body: body.into() };
    let expected = [video(40, vec![1; 100_000]), video(80, vec![2; 9]), video(120, vec![3; 9])];
    assert_eq!(server.ours, expected);
}
