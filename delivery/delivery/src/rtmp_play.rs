//! An RTMP player: the session answers its commands, the frames come from the players' fan-out.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use link::Ended;
use media::TrackSet;
use rtmp::Output;
use rtmp::server::{Event, PlayRefusal, RequestId, ServerSession};
use shard::Conn;
use stream::control::StreamId;
use stream::{Protocol, Stream};

use crate::Context;
use crate::players::Players;
use crate::watching::Watching;
use crate::wire::Wire;

/// How long the codecs may take to be known before a player is refused.
const TRACKS: Duration = Duration::from_secs(5);

/// Answers a play request and runs it until it is over.
pub async fn play(
    context: Rc<Context>,
    conn: Rc<Conn>,
    mut session: ServerSession,
    request: RequestId,
    name: &str,
) -> Result<(), Ended> {
    let stream = StreamId::parse(name).and_then(|id| context.stream(&id));
    let ready = match &stream {
        Some(stream) => known_tracks(stream, TRACKS).await.is_some(),
        None => false,
    };
    let Some(stream) = stream.filter(|_| ready) else {
        let reason = "No stream with this id is live.";
        session.reject_play(request, &PlayRefusal::StreamNotFound(reason.into()));
        return drain(&conn, &mut session).await;
    };
    session.accept_play(request);
    let mut prelude = BytesMut::new();
    while let Some(output) = session.poll_output() {
        if let Output::Send(bytes) = output {
            prelude.extend_from_slice(&bytes);
        }
    }
    let rate = stream.log().bytes_per_second();
    conn.cap_send_buffer(rate as usize)?;
    let players = context.players(&stream);
    let _watching = Watching::start(&stream, Protocol::Rtmp);
    let key = players.join(Rc::clone(&conn), Wire::Rtmp, Some(prelude.freeze()));
    let ended = listen(&conn, &mut session, &players, key).await;
    let rest = players.leave(key);
    if stream.has_ended() {
        for bytes in rest {
            link::send(&conn, &bytes).await?;
        }
        session.end_play();
        return drain(&conn, &mut session).await;
    }
    ended
}

/// The stream's tracks, waited for while a publisher has only just begun. `None` when none come or
/// the stream ends.
pub(crate) async fn known_tracks(stream: &Rc<Stream>, patience: Duration) -> Option<Arc<TrackSet>> {
    let known = async {
        let mut seen = stream.signal().count();
        loop {
            if stream.has_ended() {
                return None;
            }
            let tracks = Arc::clone(stream.log().tracks());
            if !tracks.tracks.is_empty() {
                return Some(tracks);
            }
            seen = stream.signal().changed(seen).await;
        }
    };
    shard::timeout(patience, known).await?
}

/// Reads what the player sends until it leaves; the session's answers go between its frames.
async fn listen(
    conn: &Conn,
    session: &mut ServerSession,
    players: &Rc<Players>,
    key: usize,
) -> Result<(), Ended> {
    loop {
        link::fill(conn, session).await?;
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => players.control(key, bytes),
                Output::Event(Event::StopPlay) | Output::Close => return Ok(()),
                Output::Event(Event::Pause { paused }) => players.pause(key, paused),
                Output::Event(_) => {}
            }
        }
    }
}

async fn drain(conn: &Conn, session: &mut ServerSession) -> Result<(), Ended> {
    while let Some(output) = session.poll_output() {
        match output {
            Output::Send(bytes) => link::send(conn, &bytes).await?,
            Output::Close => break,
            Output::Event(_) => {}
        }
    }
    Ok(())
}
