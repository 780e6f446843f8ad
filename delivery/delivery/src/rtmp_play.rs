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

use crate::players::{Gone, Guest, Players};
use crate::watching::Watching;
use crate::wire::Wire;
use crate::{Context, elsewhere};

/// What a viewer is told for whom there is no room.
pub(crate) const FULL: &str =
    "The stream has as many viewers as it may have. Try again in a while.";
/// How long the codecs may take to be known before a player is refused.
const TRACKS: Duration = Duration::from_secs(5);

/// What a viewer is told who was sent away.
pub(crate) const CUT: &str = "The stream's owner or an administrator ended this session.";

/// Answers a play request and runs it until it is over. `agent` is how the player presents itself.
pub async fn play(
    context: Rc<Context>,
    conn: Rc<Conn>,
    mut session: ServerSession,
    request: RequestId,
    name: &str,
    agent: Option<Arc<str>>,
) -> Result<(), Ended> {
    let id = StreamId::parse(name);
    let stream = id.as_ref().and_then(|id| context.stream(id));
    let ready = match &stream {
        Some(stream) => known_tracks(stream, TRACKS).await.is_some(),
        None => false,
    };
    let Some(stream) = stream.filter(|_| ready) else {
        let reason = not_found(&context, id.as_ref()).await;
        session.reject_play(request, &PlayRefusal::StreamNotFound(reason));
        return drain(&conn, &mut session).await;
    };
    let Some(_watching) = Watching::start(&context, &stream, Protocol::Rtmp) else {
        session.reject_play(request, &PlayRefusal::Failed(FULL.into()));
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
    let prelude = prelude.freeze();
    let address = conn.peer().ip();
    let guest = Guest { conn: Rc::clone(&conn), address, wire: Wire::Rtmp, agent, prelude };
    let key = players.join(guest);
    let ended = listen(&conn, &mut session, &players, key).await;
    let Gone { rest, cut } = players.leave(key);
    if !cut && !stream.has_ended() {
        return ended;
    }
    for bytes in rest {
        link::send(&conn, &bytes).await?;
    }
    if cut {
        session.cut_play(&PlayRefusal::Failed(CUT.into()));
    } else {
        session.end_play();
    }
    drain(&conn, &mut session).await
}

/// Why a stream cannot be played here, and where it can.
async fn not_found(context: &Rc<Context>, id: Option<&StreamId>) -> String {
    if let Some(id) = id
        && let Some(base) = elsewhere::find(context, id).await
    {
        return format!("The stream is live on another server: {base}/live/{id}.flv");
    }
    "No stream with this id is live.".into()
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
        if players.is_cut(key) {
            return Ok(());
        }
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
