//! The RTMP session of a publisher: bytes in, media messages out.

use std::hint::black_box;

use rtmp::client::{ClientSession, Config};
use rtmp::server::{Event, ServerSession};
use rtmp::{Limits, Millis, Output, RANDOM_LEN, Url};

use crate::Case;
use crate::footage::{self, VIDEO};

const SECONDS: i64 = 10;
/// Chunks as OBS and FFmpeg send them.
const CHUNK: usize = 4096;
/// Bytes of one read of the socket: about a picture.
const READ: usize = 8192;
const NOW: Millis = Millis(0);

pub(crate) fn case() -> Case {
    let url = Url::parse("rtmp://localhost/live/key").expect("the URL is one");
    let config = Config { chunk_size: CHUNK, ..Config::new(url) };
    let mut client = ClientSession::new_publish(config, NOW, [1; RANDOM_LEN]);
    let mut server = ServerSession::new(Limits::default(), NOW, [2; RANDOM_LEN]);
    begin(&mut client, &mut server);
    let frames = footage::frames(SECONDS);
    let mut input = Vec::new();
    for frame in &frames {
        let at = frame.dts.millis();
        let sent = if frame.track == VIDEO {
            client.send_video(at, &frame.data)
        } else {
            client.send_audio(at, &frame.data)
        };
        assert!(sent, "the client publishes");
        input.extend(to_send(&mut client));
    }
    let work = move || {
        for bytes in input.chunks(READ) {
            server.handle_input(NOW, bytes).expect("the client keeps to the protocol");
            while let Some(output) = server.poll_output() {
                black_box(output);
            }
        }
    };
    Case { messages: frames.len(), work: Box::new(work) }
}

/// Lets both talk until the client may send media.
fn begin(client: &mut ClientSession, server: &mut ServerSession) {
    while !server.is_publishing() {
        let sent = to_send(client);
        server.handle_input(NOW, &sent).expect("the client keeps to the protocol");
        while let Some(output) = server.poll_output() {
            match output {
                Output::Send(bytes) => {
                    client.handle_input(NOW, &bytes).expect("the server keeps to the protocol");
                }
                Output::Event(Event::Publish { request, .. }) => {
                    server.accept_publish(request);
                }
                _ => {}
            }
        }
    }
    let left = to_send(client);
    server.handle_input(NOW, &left).expect("the client keeps to the protocol");
}

fn to_send(client: &mut ClientSession) -> Vec<u8> {
    let mut sent = Vec::new();
    while let Some(output) = client.poll_output() {
        if let Output::Send(bytes) = output {
            sent.extend_from_slice(&bytes);
        }
    }
    sent
}
