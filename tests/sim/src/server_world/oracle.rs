//! What must hold whenever nothing can happen before time passes, and what may be left at the end.

use std::sync::atomic::Ordering::Relaxed;

use ingest::Takeover;
use media::Kind;
use shard::sim::{self, Peer};

use super::ServerWorld;
use crate::encoder::Encoder;
use crate::server::Server;
use crate::trace::check;
use crate::viewer::Follow;
use crate::watched::Logs;
use crate::wire::Wire;

/// Viewers on one shard up to which every frame goes out at once.
const FEW: usize = 20;

/// How long a publisher that was cut by order may not know of it, in milliseconds.
const FAREWELL: u64 = 60_000;

impl ServerWorld {
    /// Nothing is asleep that has something to do.
    pub(super) fn check_awake(&mut self) {
        let Some(server) = &self.server else { return };
        let policies = [server.settings.takeover, server.former_takeover];
        self.check_change(policies);
        let Some(server) = &self.server else { return };
        self.encoders.iter().for_each(|encoder| check_heard(encoder, &self.logs));
        self.logs.check_counts();
        let gathers = server.settings.load > 0 && self.crowd > FEW;
        let gather = if gathers { server.longest_gather_ms } else { 0 };
        for player in self.players.iter().filter(|it| it.is_playing && !it.is_paused && !it.is_over)
        {
            check_served(&player.wire, &player.follow, &self.logs, gather);
        }
        for viewer in self.flvs.iter().filter(|viewer| viewer.is_playing() && !viewer.is_over) {
            check_served(&viewer.wire, &viewer.follow, &self.logs, gather);
        }
        check_directories(server, self);
        let follows = self.players.iter().map(|player| &player.follow);
        for follow in follows.chain(self.flvs.iter().map(|viewer| &viewer.follow)) {
            let live = self.control.live.get(&self.control.ids[follow.stream]);
            let promised = live.is_some_and(|live| follow.promised == Some(live.session));
            check!(
                !follow.refused || self.control.was_limited,
                "a viewer was refused without a limit"
            );
            let (stream, shard) = (follow.stream, follow.shard);
            check!(
                !promised || !follow.sent_away,
                "shard {shard} knows nothing of stream {stream}"
            );
        }
        for plane in &server.planes {
            let unreadable = plane.ingest.unreadable.load(Relaxed);
            check!(unreadable == 0, "{unreadable} messages of publishers could not be read");
        }
    }

    /// Nobody waits for an answer longer than there is reason to.
    pub(super) fn check_patience(&mut self) {
        let Some(server) = &self.server else { return };
        for viewer in &mut self.hlses {
            let id = &self.control.ids[viewer.stream];
            let home = self.logs.homes().find(|log| log.stream == viewer.stream);
            let home = home.and_then(|log| server.planes.get(log.shard));
            // What is told is two above the segment that was begun last.
            let begun = home.and_then(|home| home.delivery.last_msn(id)).map(|msn| msn - 2);
            let is_told =
                home.is_some_and(|home| home.id == viewer.shard) || server.settings.refused == 0;
            viewer.check_patience(begun.filter(|_| is_told));
        }
    }

    /// Everybody is gone: nothing is held any more.
    pub(super) fn check_left(&self) {
        let Some(server) = &self.server else { return };
        let held = Peer::held_by_server();
        check!(held == 0, "the server still holds {held} connections");
        let tasks = sim::tasks();
        let count: usize = tasks.values().sum();
        check!(count == server.tasks, "tasks are left: {tasks:?}");
        for plane in &server.planes {
            let id = plane.id;
            check!(plane.hub.borrow().is_empty(), "shard {id} still has streams");
            check!(plane.directory.borrow().is_empty(), "shard {id} still lists streams");
            let (ingest, delivery) = (&plane.ingest, &plane.delivery.counters);
            for (what, counter) in [
                ("publishers", &ingest.publishers),
                ("RTMP connections", &delivery.rtmp_connections),
                ("HTTP connections", &delivery.http_connections),
                ("relays", &delivery.relays),
                ("bytes of media", &delivery.media_held),
            ] {
                let left = counter.load(Relaxed);
                check!(left == 0, "shard {id} still counts {left} {what}");
            }
        }
        self.logs.check_released();
        self.logs.check_viewers();
    }

    /// Another publisher took a stream over: one of the policies must have let it.
    fn check_change(&mut self, policies: [Takeover; 2]) {
        for log in self.logs.homes_mut() {
            let Some((former, silent)) = log.take_change() else { continue };
            let since_cut = self.streams[log.stream].cut_at.map(|at| shard::millis() - at);
            if since_cut.is_some_and(|since| since < FAREWELL) {
                continue;
            }
            let is_it = |it: &&Encoder| it.stream == log.stream && it.conn == former;
            let Some(encoder) = self.encoders.iter().find(is_it) else { continue };
            if !encoder.is_publishing() || encoder.wire.is_cut || encoder.wire.end().is_some() {
                continue;
            }
            let may = policies.into_iter().any(|policy| match policy {
                Takeover::Always => true,
                Takeover::Never => false,
                Takeover::Stale => silent >= ingest::STALE_MS,
            });
            let stream = log.stream;
            check!(may, "encoder {former} of stream {stream} lost it after {silent} ms of silence");
        }
    }
}

/// What the server has read of a publisher is in the log, unless another one has the stream.
fn check_heard(encoder: &Encoder, logs: &Logs) {
    let any = [Kind::Video, Kind::Audio].into_iter().any(|kind| encoder.newest(kind).is_some());
    if !encoder.is_publishing() || encoder.wire.is_cut || !encoder.wire.is_heard() || !any {
        return;
    }
    let Some(log) = logs.homes().find(|log| log.stream == encoder.stream) else { return };
    let (conn, stream) = (encoder.conn, encoder.stream);
    if log.conn() != Some(conn) {
        let told = encoder.wire.end().is_some() || !encoder.wire.peer.is_quiet();
        let former = log.is_former(conn);
        check!(former || told, "the frames of encoder {conn} of stream {stream} vanish");
        check!(told, "encoder {conn} of stream {stream} was not told that another one has it");
        return;
    }
    for kind in [Kind::Video, Kind::Audio] {
        let Some(sent) = encoder.newest(kind) else { continue };
        let held = log.newest_of(kind, conn);
        check!(
            Some(sent) == held,
            "encoder {conn} of stream {stream}: {kind:?} {sent:?} sent, {held:?} held"
        );
    }
}

/// A viewer whose socket has room has all that its shard's log has.
fn check_served(wire: &Wire, follow: &Follow, logs: &Logs, gather: u64) {
    let idle = wire.peer.is_quiet() && wire.is_heard() && wire.end().is_none() && !wire.is_cut;
    if !idle {
        return;
    }
    let (shard, stream) = (follow.shard, follow.stream);
    if logs.is_lost(shard, stream) {
        return;
    }
    let lacks = match follow.is_complete(logs) {
        // Of a stream that is over the rest need not come.
        Some(complete) => follow.log(logs).filter(|log| !complete && log.live().is_some()),
        // One that came before may still be on its way out of an earlier session.
        None => logs.current(shard, stream).filter(|log| {
            log.opened_at <= wire.connected_at && log.reference.newest_group().is_some()
        }),
    };
    let Some(log) = lacks else { return };
    let waits = shard::millis() - log.grew_at <= gather;
    check!(
        waits,
        "a viewer of stream {stream} on shard {shard} sleeps and there is something for it"
    );
}

/// Every shard knows the same streams.
fn check_directories(server: &Server, world: &ServerWorld) {
    if !server.has_no_mail() {
        return;
    }
    for id in &world.control.ids {
        let mut told = server.planes.iter().map(|plane| {
            let directory = plane.directory.borrow();
            directory.get(id).map(|known| (known.home, known.session, known.publisher))
        });
        let first = told.next().flatten();
        check!(told.all(|other| other == first), "the shards do not agree on {id}: {first:?}");
    }
}
