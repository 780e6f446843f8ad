//! The RTMP port: runs a connection's session up to its request, then hands it to the publishers' or
//! the viewers' side.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use ingest::{Feed, Left, Refusal, Visitor};
use link::Ended;
use rtmp::Output;
use rtmp::server::{Event, PublishRefusal, RequestId, ServerSession};
use shard::Conn;
use stream::control::{Answer, Denial, Grant, Question, StreamKey};
use stream::{Protocol, Publishing};

use super::home;
use super::mail::{Mail, Publish};
use super::state::Plane;
use super::throttle::Place;

/// How long control may take to decide on a publish.
const DECIDE: Duration = Duration::from_secs(5);

/// Takes a connection of the RTMP port.
pub(crate) fn accept(plane: &Rc<Plane>, conn: Conn) {
    let Some(place) = plane.enter(&conn) else { return };
    let visit = plane.visit();
    let plane = Rc::clone(plane);
    shard::spawn("rtmp", async move {
        let peer = conn.peer();
        let served = Box::pin(serve(&plane, conn, place)).await;
        drop(visit);
        match served {
            Ok(()) | Err(Ended::Closed) => {}
            Err(ended @ Ended::Peer(_)) => {
                tracing::error!(target: "session", %peer, reason = %ended, "RTMP session ended by error");
            }
            Err(ended) => {
                tracing::debug!(target: "session", %peer, reason = %ended, "RTMP session ended");
            }
        }
    });
}

/// Takes a publisher that another shard accepted; its stream's home is here.
pub(crate) fn adopt(plane: &Rc<Plane>, publish: Publish) {
    let Publish { socket, session, request, grant, agent, place } = publish;
    let conn = match socket.adopt() {
        Ok(conn) => conn,
        Err(error) => {
            tracing::warn!(target: "session", %error, "a publisher's connection was lost on its way between shards");
            return;
        }
    };
    let visit = plane.visit();
    let plane = Rc::clone(plane);
    shard::spawn("publisher", async move {
        begin(&plane, conn, (session, request), grant, agent).await;
        drop((place, visit));
    });
}

/// Runs the session up to its request, and the request.
async fn serve(plane: &Rc<Plane>, conn: Conn, place: Place) -> Result<(), Ended> {
    let mut session = link::accept(Plane::random());
    let mut agent = None;
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => link::send(&conn, &bytes).await?,
                Output::Close => return Ok(()),
                Output::Event(Event::Connected { client, .. }) if !client.is_empty() => {
                    agent = Some(stream::agent(&client));
                }
                Output::Event(Event::Publish { request, name, .. }) => {
                    let asked = (session, request);
                    Box::pin(publish(plane, conn, asked, &name, agent, place)).await;
                    return Ok(());
                }
                Output::Event(Event::Play { request, name, .. }) => {
                    let delivery = Rc::clone(&plane.delivery);
                    let conn = Rc::new(conn);
                    let playing = Rc::clone(&conn);
                    let played =
                        delivery::play_rtmp(delivery, playing, session, request, &name, agent);
                    let ended = played.await;
                    link::linger(&conn).await;
                    return ended;
                }
                Output::Event(_) => {}
            }
        }
        link::fill(&conn, &mut session).await?;
    }
}

/// Asks control about a key, and takes the publisher to its stream's home shard.
async fn publish(
    plane: &Rc<Plane>,
    conn: Conn,
    (session, request): (ServerSession, RequestId),
    key: &str,
    agent: Option<Arc<str>>,
    place: Place,
) {
    let question = Question::Publish { key: StreamKey(key.to_owned()), peer: conn.peer().ip() };
    let grant = match plane.ask(DECIDE, question).await {
        Some(Answer::Publish(Ok(grant))) => grant,
        Some(Answer::Publish(Err(denial))) => {
            return refuse(plane, conn, session, request, denied(&denial)).await;
        }
        _ => return refuse(plane, conn, session, request, denied(&Denial::Unavailable)).await,
    };
    if grant.home == plane.id {
        return begin(plane, conn, (session, request), grant, agent).await;
    }
    let peer = conn.peer();
    let Ok(socket) = conn.hand_off() else { return };
    let home = grant.home;
    let publish = Publish { socket, session, request, grant, agent, place };
    let letter = Mail::Publish(Box::new(publish));
    if let Err(shard::Full(Mail::Publish(publish))) = plane.setup.mailboxes[home].post(letter) {
        tracing::error!(target: "session", %peer, shard = home, "the stream's home shard does not keep up");
        let Ok(conn) = publish.socket.adopt() else { return };
        let reason = denied(&Denial::Unavailable);
        refuse(plane, conn, publish.session, publish.request, reason).await;
    }
}

/// On the home shard: lets the publisher in and runs it.
async fn begin(
    plane: &Rc<Plane>,
    conn: Conn,
    (mut session, request): (ServerSession, RequestId),
    grant: Grant,
    agent: Option<Arc<str>>,
) {
    if plane.draining.get() {
        return;
    }
    let conn = Rc::new(conn);
    let peer = conn.peer();
    let stream = grant.stream.clone();
    let interrupted = Rc::clone(&conn);
    let visitor = Visitor {
        id: plane.delivery.next_session(),
        publishing: Publishing { protocol: Protocol::Rtmp, peer, since_ms: shard::unix_millis() },
        agent,
        close: Box::new(move || interrupted.interrupt()),
    };
    let admitted = plane.sources.borrow_mut().admit(&grant, shard::millis(), visitor);
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(Refusal::Occupied { silent_ms }) => {
            tracing::warn!(target: "session", %stream, %peer, "publish refused: the stream has a publisher");
            let reason = format!(
                "The stream is being published already (its last media came {silent_ms} ms ago). \
                 Stop that publisher first, or wait until it has been silent for {} s.",
                ingest::STALE_MS / 1000
            );
            let Ok(conn) = Rc::try_unwrap(conn) else { return };
            return refuse(plane, conn, session, request, PublishRefusal::BadName(reason)).await;
        }
    };
    tracing::info!(target: "session", %stream, %peer, session = admitted.source.session, returned = !admitted.is_new, "publish");
    if admitted.is_new {
        home::open(plane, &admitted.source);
    }
    home::tell_absence(plane, &admitted.source);
    session.accept_publish(request);
    let source = Rc::clone(&admitted.source);
    let feed = Feed::new(admitted, plane.ingest.clone());
    let left = ingest::publish_rtmp(Rc::clone(&conn), session, feed).await;
    home::tell_absence(plane, &source);
    match &left {
        Left::Unpublished | Left::Ended(Ended::Closed) => {
            tracing::info!(target: "session", %stream, %peer, reason = %left, "publisher left");
        }
        Left::Ended(_) | Left::Revoked(_) => {
            tracing::warn!(target: "session", %stream, %peer, reason = %left, "publisher left");
        }
    }
    link::linger(&conn).await;
}

/// Tells a publisher why it may not, and lets it close.
async fn refuse(
    plane: &Rc<Plane>,
    conn: Conn,
    mut session: ServerSession,
    request: RequestId,
    refusal: PublishRefusal,
) {
    plane.ingest.refused.fetch_add(1, Relaxed);
    let (PublishRefusal::BadName(reason) | PublishRefusal::Denied(reason)) = &refusal;
    tracing::error!(target: "session", peer = %conn.peer(), reason, "publish refused");
    session.reject_publish(request, &refusal);
    while let Some(output) = session.poll_output() {
        if let Output::Send(bytes) = output
            && link::send(&conn, &bytes).await.is_err()
        {
            return;
        }
    }
    link::linger(&conn).await;
}

fn denied(denial: &Denial) -> PublishRefusal {
    match denial {
        Denial::UnknownKey => PublishRefusal::Denied(
            "No stream has this key. Check the stream key in your encoder's settings.".into(),
        ),
        Denial::Disabled => PublishRefusal::Denied("The stream is disabled.".into()),
        Denial::TooManyStreams { limit } => PublishRefusal::Denied(format!(
            "{limit} of your streams are live, which is the limit (MAX_STREAMS_PER_USER)."
        )),
        Denial::Elsewhere { node } => PublishRefusal::BadName(format!(
            "The stream is being published already, on node {node}. Stop that publisher first, or wait \
             until it has been silent for {} s.",
            ingest::STALE_MS / 1000
        )),
        Denial::Unavailable => PublishRefusal::Denied(
            "The server cannot check stream keys at the moment. Try again in a few seconds.".into(),
        ),
    }
}
