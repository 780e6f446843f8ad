//! What a stream's home shard does for it beside carrying frames: lists it on all shards, tells
//! control when it starts and ends.

use std::rc::Rc;
use std::sync::Arc;

use ingest::Source;
use stream::Listing;
use stream::control::Notice;

use super::mail::{Mail, Tell};
use super::state::Plane;

/// A new session began: its packager starts, and it is listed for as long as it lives.
pub(crate) fn open(plane: &Rc<Plane>, source: &Rc<Source>) {
    plane.hub.borrow_mut().put(Rc::clone(&source.stream));
    plane.delivery.package(&source.stream, source.session, source.first_msn);
    let (plane, source) = (Rc::clone(plane), Rc::clone(source));
    shard::spawn("listing", async move { list(&plane, &source).await });
}

/// A session is over: its readers finish, its playlists say so, control is told.
pub(crate) fn close(plane: &Rc<Plane>, source: &Source) {
    let stream = source.stream.id().clone();
    tracing::info!(target: "session", %stream, session = source.session, "session over");
    source.stream.end();
    plane.hub.borrow_mut().remove(&source.stream);
    plane.directory.borrow_mut().remove(&stream, source.session);
    plane.broadcast(|| Mail::Unlisted(stream.clone(), source.session));
    let last_msn = plane.delivery.last_msn(&stream).unwrap_or(source.first_msn);
    plane.setup.desk.tell(Tell::Unlisted(stream.clone(), source.session));
    let notice = Notice::Ended { stream, session: source.session, last_msn };
    plane.setup.desk.tell(Tell::Notice(plane.id, notice));
}

/// Tells control when the publisher's absence begins or ends, for other nodes may take the stream then.
pub(crate) fn tell_absence(plane: &Plane, source: &Source) {
    let change = plane.sources.borrow().absence(source, shard::millis());
    let Some(is_absent) = change.filter(|_| !source.stream.has_ended()) else { return };
    let stream = source.stream.id().clone();
    let notice = if is_absent { Notice::Lingering { stream } } else { Notice::Returned { stream } };
    plane.setup.desk.tell(Tell::Notice(plane.id, notice));
}

/// Keeps the listing current on all shards.
async fn list(plane: &Rc<Plane>, source: &Rc<Source>) {
    let stream = &source.stream;
    let mut started_ms = 0;
    let mut told = None;
    let mut seen = stream.signal().count();
    while !stream.has_ended() {
        let tracks = Arc::clone(stream.log().tracks());
        let publisher = source.publisher();
        if started_ms == 0 && !tracks.tracks.is_empty() {
            started_ms = shard::unix_millis();
            let notice = Notice::Started { stream: stream.id().clone(), session: source.session };
            plane.setup.desk.tell(Tell::Notice(plane.id, notice));
        }
        let now = (Arc::as_ptr(&tracks), publisher);
        if told != Some(now) {
            told = Some(now);
            let listing = Listing {
                id: stream.id().clone(),
                title: Arc::clone(&source.title),
                home: plane.id,
                session: source.session,
                started_ms,
                publisher,
                tracks,
                stats: Arc::clone(stream.stats()),
            };
            plane.broadcast(|| Mail::Listed(Box::new(listing.clone())));
            plane.setup.desk.tell(Tell::Listed(Box::new(listing.clone())));
            plane.directory.borrow_mut().put(listing);
        }
        seen = stream.signal().changed(seen).await;
    }
}
