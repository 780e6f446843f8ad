//! What happens: people come and go, lines break, the server starts anew.

use shard::sim::{self, Way};
use stream::Side;
use stream::control::StopReason;

use super::ServerWorld;
use crate::encoder::{Encoder, Leave};
use crate::footage::Take;
use crate::hls::{HlsViewer, Manner};
use crate::pace::pass;
use crate::plane::Mail;
use crate::trace::{check, note};
use crate::viewer::{FlvViewer, RtmpPlayer};
use crate::wire::{Wire, draw_pace, draw_way};

/// Sessions that one look lists.
const MOST_SESSIONS: usize = 8;
/// How long a server that was told to end may take, in milliseconds.
const DRAIN: u64 = 10_000;

impl ServerWorld {
    /// Lets something happen, or nothing.
    pub(super) fn direct(&mut self) {
        self.keep_server();
        self.bury();
        self.return_publishers();
        if self.server.is_none() {
            return;
        }
        if self.operator.chance(1, 150) {
            self.configure();
        }
        match self.rng.below(100) {
            0..14 => self.join(),
            14..17 => self.leave(),
            17..20 => self.disturb_viewer(),
            20..23 => self.disturb_encoder(),
            23 => self.rival(),
            24 => self.command(),
            // The most common way for a viewer to go is its own.
            27 if self.rng.chance(1, 2) => self.cut(),
            25 if self.rng.chance(1, 5) => self.stop_server(),
            26 if self.rng.chance(1, 4) => {
                let ms = self.rng.pick(&[-400, 900, 3_000]);
                note!("the wall clock is turned by {ms} ms");
                sim::turn_wall_clock(ms);
            }
            _ => {}
        }
    }

    /// Everybody goes: publishers first, then viewers.
    pub(super) fn quit(&mut self) {
        note!("everybody goes");
        if self.server.is_none() {
            self.start();
        }
        for encoder in self.encoders.iter_mut().filter(|encoder| !encoder.is_gone) {
            if !encoder.wire.is_cut {
                encoder.leave(Leave::Stop);
            }
        }
        pass(self, 15_000);
        self.encoders.clear();
        self.players.clear();
        self.flvs.clear();
        self.hlses.clear();
        pass(self, 160_000);
    }

    fn keep_server(&mut self) {
        let now = shard::millis();
        if let Some(server) = &self.server
            && let Some(ends_at) = self.ends_at
            && (now >= ends_at || self.control.drained >= server.planes.len())
        {
            for mailbox in &server.mailboxes {
                drop(mailbox.post(Mail::Stop));
            }
            while sim::run_one() {}
            self.kill();
        }
        if self.server.is_none() && now >= self.starts_at {
            self.start();
        }
    }

    /// Puts other settings in force; nobody notices but by what they say.
    fn configure(&mut self) {
        let Some(server) = &mut self.server else { return };
        server.former_takeover = server.settings.takeover;
        server.configure(&mut self.operator);
        // Until the shards have read it, either rule may have been applied.
        pass(self, 1);
        let Some(server) = &mut self.server else { return };
        server.former_takeover = server.settings.takeover;
    }

    fn stop_server(&mut self) {
        let Some(server) = &self.server else { return };
        if self.ends_at.is_some() {
            return;
        }
        if self.rng.chance(1, 2) {
            note!("the server is told to end");
            self.ends_at = Some(shard::millis() + DRAIN);
            for mailbox in &server.mailboxes {
                drop(mailbox.post(Mail::Drain));
            }
        } else {
            self.kill();
        }
    }

    fn kill(&mut self) {
        note!("the server's process ends");
        self.logs.forget_all();
        self.control.forget();
        self.server = None;
        sim::kill();
        self.starts_at = shard::millis() + self.rng.pick(&[200, 2_000, 20_000]);
    }

    /// Forgets clients that are gone.
    fn bury(&mut self) {
        self.encoders.retain(|encoder| !encoder.is_gone);
        self.players.retain(|player| !player.is_over);
        self.flvs.retain(|viewer| !viewer.is_over);
        self.hlses.retain(|viewer| !viewer.is_over);
    }

    fn return_publishers(&mut self) {
        let now = shard::millis();
        for stream in 0..self.streams.len() {
            let here = |encoder: &Encoder| encoder.stream == stream && !encoder.wire.is_cut;
            if self.encoders.iter().any(here) {
                let rest = self.rng.pick(&[0, 100, 500, 2_000, 8_000, 12_000]);
                self.streams[stream].back_at = now + rest;
            } else if now >= self.streams[stream].back_at {
                self.connect_encoder(stream);
            }
        }
    }

    fn connect_encoder(&mut self, stream: usize) {
        let Some(server) = &self.server else { return };
        let shard = self.rng.below(server.planes.len());
        if self.rng.chance(1, 4) {
            self.streams[stream].take = Take::draw(&mut self.rng);
        }
        let Some(state) = self.streams.get_mut(stream) else { return };
        state.next_conn += 1;
        let (conn, take) = (state.next_conn, state.take);
        // What the server reads at once is little: the log has room for it.
        let way = Way { receive_buffer: 1_000, ..draw_way(&mut self.rng) };
        self.encoders.push(Encoder::connect(stream, conn, shard, take, way, &mut self.rng));
    }

    fn rival(&mut self) {
        let stream = self.rng.below(self.streams.len());
        self.connect_encoder(stream);
    }

    fn join(&mut self) {
        let Some(server) = &self.server else { return };
        if self.viewers() >= self.crowd {
            return;
        }
        let shard = self.rng.below(server.planes.len());
        let stream = self.rng.below(self.streams.len());
        let named = (stream, &self.control.ids[stream]);
        let (way, pace) = (draw_way(&mut self.rng), draw_pace(&mut self.rng));
        let live = self.control.live.get(named.1).filter(|_| server.settings.refused == 0);
        let home = self.logs.homes().find(|log| log.stream == stream);
        let watchable = home.is_some_and(|log| log.reference.newest_group().is_some());
        let promised = live.filter(|_| watchable).map(|live| live.session);
        match self.rng.below(6) {
            0..3 => {
                let mut player = RtmpPlayer::connect(shard, named, way, pace, &mut self.rng);
                player.follow.promised = promised;
                self.players.push(player);
            }
            3 => {
                let websocket = self.rng.chance(1, 2);
                let mut viewer = FlvViewer::connect(shard, named, way, pace, websocket);
                viewer.follow.promised = promised;
                self.flvs.push(viewer);
            }
            _ => {
                let manner = self.rng.pick(&[Manner::Polling, Manner::Blocking, Manner::Hinted]);
                let rng = self.rng.fork();
                self.hlses.push(HlsViewer::connect(shard, named, way, manner, rng));
            }
        }
    }

    fn viewers(&self) -> usize {
        self.players.len() + self.flvs.len() + self.hlses.len()
    }

    /// A viewer goes, or is cut off without a word.
    fn leave(&mut self) {
        let index = self.rng.below(self.viewers());
        let how = self.rng.below(3);
        let Some(wire) = self.viewer_wire(index) else { return };
        match how {
            0 => return wire.cut(),
            1 => wire.peer.reset(),
            _ => wire.peer.finish(),
        }
        let (players, flvs) = (self.players.len(), self.flvs.len());
        if index < players {
            self.players.remove(index);
        } else if index < players + flvs {
            self.flvs.remove(index - players);
        } else {
            self.hlses.remove(index - players - flvs);
        }
    }

    fn disturb_viewer(&mut self) {
        let index = self.rng.below(self.viewers());
        let ms = self.rng.pick(&[50, 400, 2_000, 6_000, 40_000]);
        match self.rng.below(4) {
            0 => {
                let index = self.rng.below(self.players.len());
                self.players.get_mut(index).into_iter().for_each(RtmpPlayer::toggle_pause);
                self.flvs.iter_mut().for_each(FlvViewer::ping);
            }
            1 => self.viewer_wire(index).into_iter().for_each(|wire| wire.stall(ms)),
            _ => self.viewer_wire(index).into_iter().for_each(|wire| wire.freeze(ms)),
        }
    }

    fn viewer_wire(&mut self, index: usize) -> Option<&mut Wire> {
        let players = self.players.iter_mut().map(|player| &mut player.wire);
        let flvs = self.flvs.iter_mut().map(|viewer| &mut viewer.wire);
        let hlses = self.hlses.iter_mut().map(|viewer| &mut viewer.wire);
        players.chain(flvs).chain(hlses).nth(index)
    }

    fn disturb_encoder(&mut self) {
        let index = self.rng.below(self.encoders.len());
        let ms = self.rng.pick(&[300, 1_500, 4_000, 7_000]);
        let jump: i64 = self.rng.pick(&[-20_000, -6_000, -900, 700, 30_000]);
        let choice = self.rng.below(9);
        let Some(encoder) = self.encoders.get_mut(index) else { return };
        match choice {
            0 => encoder.leave(Leave::Stop),
            1 => encoder.leave(Leave::Close),
            2 => encoder.leave(Leave::Reset),
            3 => encoder.leave(Leave::Cut),
            4 => encoder.wire.stall(ms),
            5 => encoder.pause(ms, true),
            6 => encoder.pause(ms, false),
            7 => encoder.resize(),
            _ => {
                if jump.abs() <= 5_000 {
                    self.ledger.roughen(encoder.stream as u8, encoder.conn);
                }
                encoder.turn_clock(jump);
            }
        }
    }

    fn command(&mut self) {
        let Some(server) = &self.server else { return };
        let stream = self.rng.below(self.streams.len());
        let order = match self.rng.below(4) {
            0 | 1 => self.control.toggle(stream),
            2 => self.control.stop(stream, StopReason::KeyReplaced),
            _ => self.control.limit(stream),
        };
        if let Some((shard, command)) = order {
            drop(server.mailboxes[shard].post(Mail::Command(command)));
        }
    }

    /// Somebody who publishes or watches is told to go.
    fn cut(&mut self) {
        let Some(server) = &self.server else { return };
        let shard = self.rng.below(server.planes.len());
        let stream = self.rng.below(self.streams.len());
        let id = &self.control.ids[stream];
        let sessions = server.planes[shard].sessions(id, MOST_SESSIONS);
        check!(sessions.len() <= MOST_SESSIONS, "{} sessions are listed", sessions.len());
        let (answer, _) = shard::mailbox(1);
        let look = Mail::Sessions { stream: id.clone(), limit: MOST_SESSIONS, answer };
        drop(server.mailboxes[shard].post(look));
        let Some(session) = sessions.get(self.rng.below(sessions.len())) else { return };
        note!("{:?} {} of {id} is to be cut on shard {shard}", session.side, session.id);
        let (answer, _) = shard::mailbox(1);
        if session.side == Side::Publisher {
            self.streams[stream].cut_at = Some(shard::millis());
        }
        let cut = Mail::Cut { stream: id.clone(), session: session.id, answer };
        drop(server.mailboxes[shard].post(cut));
    }
}
