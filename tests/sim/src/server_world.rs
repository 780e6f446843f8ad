//! The whole server with its publishers and viewers: how time passes and what happens.

mod director;
mod oracle;

use shard::Rng;

use crate::control::Control;
use crate::encoder::Encoder;
use crate::footage::Take;
use crate::hls::{HlsViewer, Library};
use crate::ledger::Ledger;
use crate::pace::{World, pass};
use crate::server::{Server, Settings};
use crate::viewer::{FlvViewer, RtmpPlayer, Truth};
use crate::watched::Logs;

/// A server and everybody around it.
pub(crate) struct ServerWorld {
    rng: Rng,
    /// Decides when the operator changes settings and to what: apart, so that the rest goes its way.
    operator: Rng,
    control: Control,
    server: Option<Server>,
    /// When the server starts again, while it is down.
    starts_at: u64,
    /// When a server that ends gracefully is killed.
    ends_at: Option<u64>,
    ledger: Ledger,
    logs: Logs,
    library: Library,
    encoders: Vec<Encoder>,
    players: Vec<RtmpPlayer>,
    flvs: Vec<FlvViewer>,
    hlses: Vec<HlsViewer>,
    streams: Vec<Stream>,
    /// Viewers at a time.
    crowd: usize,
}

/// What is to become of a stream.
#[derive(Debug)]
struct Stream {
    take: Take,
    next_conn: u16,
    /// When a publisher comes, if there is none.
    back_at: u64,
    /// When its publisher was cut by order.
    cut_at: Option<u64>,
}

impl ServerWorld {
    pub(crate) fn new(mut rng: Rng) -> Self {
        let count = rng.pick(&[1, 1, 2]);
        let streams = (0..count).map(|_| Stream {
            take: Take::draw(&mut rng),
            next_conn: 0,
            back_at: 0,
            cut_at: None,
        });
        let streams = streams.collect();
        let crowd = rng.pick(&[3, 6, 6, 10, 26]);
        let operator = rng.clone().fork();
        let mut world = Self {
            operator,
            control: Control::new(count, rng.fork()),
            server: None,
            starts_at: 0,
            ends_at: None,
            ledger: Ledger::default(),
            logs: Logs::default(),
            library: Library::default(),
            encoders: Vec::new(),
            players: Vec::new(),
            flvs: Vec::new(),
            hlses: Vec::new(),
            streams,
            crowd,
            rng,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let settings = Settings::draw(&mut self.rng);
        self.control.restart(settings.shards);
        self.server = Some(Server::start(settings, &mut self.rng));
        self.ends_at = None;
    }
}

impl World for ServerWorld {
    fn step(&mut self) {
        self.direct();
        let passes = self.rng.pick(&[1, 10, 40, 40, 60, 100, 100, 200]);
        pass(self, passes);
        self.check_patience();
    }

    fn end(&mut self) {
        self.quit();
        self.check_left();
    }

    fn observe(&mut self) {
        if let Some(server) = &self.server {
            self.logs.observe(&server.planes, &self.control.ids, &self.ledger);
        }
    }

    fn pump(&mut self) -> bool {
        let mut any = false;
        if let Some(server) = &self.server {
            any |= self.control.pump(&server.asks, &server.tells, &server.mailboxes);
        }
        for encoder in &mut self.encoders {
            any |= encoder.pump(&mut self.ledger);
        }
        let truth = Truth { logs: &self.logs, ledger: &self.ledger };
        for player in &mut self.players {
            any |= player.pump(truth);
        }
        for viewer in &mut self.flvs {
            any |= viewer.pump(truth);
        }
        for viewer in &mut self.hlses {
            let id = &self.control.ids[viewer.stream];
            let live = self.control.live.get(id);
            any |= viewer.pump(&mut self.library, &self.ledger, live);
        }
        any
    }

    fn next_due(&self) -> Option<u64> {
        let encoders = self.encoders.iter().filter_map(Encoder::next_due);
        let players = self.players.iter().filter_map(RtmpPlayer::next_due);
        let flvs = self.flvs.iter().filter_map(FlvViewer::next_due);
        let hlses = self.hlses.iter().filter_map(HlsViewer::next_due);
        let clients = encoders.chain(players).chain(flvs).chain(hlses);
        clients.chain(self.control.next_due()).min()
    }

    fn check(&mut self) {
        self.check_awake();
    }
}
