//! The server's process: its shards, from start to end.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use ingest::Takeover;
use media::Timestamp;
use shard::sim;
use shard::{Driver, Health, Inbox, Mailbox, Rng, mailbox};

use crate::plane::{
    self, Allowance, Ask, DESK_MAIL, Desk, Mail, Plane, SHARD_MAIL, Setup, ShardParts, Tell,
    Throttle,
};
use crate::trace::note;

/// The port of publishers and RTMP players.
pub(crate) const RTMP: u16 = 1935;
/// The port of everything else.
pub(crate) const HTTP: u16 = 8000;

/// What the operator has set; another start may find other values.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) shards: usize,
    pub(crate) takeover: Takeover,
    pub(crate) segment_ms: i64,
    pub(crate) part_ms: i64,
    pub(crate) window: usize,
    pub(crate) gather_ms: u64,
    /// The load that the shards pretend, in thousandths.
    pub(crate) load: u32,
    /// Letters of 1000 with media that do not fit into the other shard's mailbox.
    pub(crate) refused: u32,
    /// Streams that are not live here are asked for.
    pub(crate) among_others: bool,
}

impl Settings {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let segment_ms = rng.pick(&[1000, 1000, 1500, 2000, 4000]);
        Self {
            shards: rng.pick(&[1, 2, 2, 3]),
            takeover: rng.pick(&[
                Takeover::Stale,
                Takeover::Stale,
                Takeover::Always,
                Takeover::Never,
            ]),
            segment_ms,
            part_ms: rng.pick(&[100, 200, 250, 330, 500]),
            window: rng.pick(&[3, 4, 8, 12]),
            gather_ms: rng.pick(&[0, 20, 60]),
            load: rng.pick(&[0, 0, 300, 900]),
            refused: rng.pick(&[0, 0, 0, 20]),
            among_others: rng.chance(1, 2),
        }
    }
}

impl Settings {
    fn of_shards(&self) -> plane::Settings {
        plane::Settings {
            takeover: self.takeover,
            allowance: Allowance { limit: 0, exempt: Vec::new() },
            delivery: delivery::Settings {
                shards: self.shards,
                gather: std::time::Duration::from_millis(self.gather_ms),
                segment: Timestamp::from_millis(self.segment_ms),
                part: Timestamp::from_millis(self.part_ms),
                window: self.window,
                cors: http1::CorsPolicy::Any,
                trusted_proxies: Vec::new(),
                embed_origins: vec!["*".to_owned()],
                key_playback: false,
            },
        }
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) settings: Settings,
    pub(crate) planes: Vec<Rc<Plane>>,
    pub(crate) mailboxes: Vec<Mailbox<Mail>>,
    pub(crate) asks: Inbox<Ask>,
    pub(crate) tells: Inbox<Tell>,
    /// Tasks that every server has.
    pub(crate) tasks: usize,
    /// What held before settings that are on their way to the shards.
    pub(crate) former_takeover: Takeover,
    /// The longest that frames may have been gathered by any settings so far.
    pub(crate) longest_gather_ms: u64,
}

impl Server {
    pub(crate) fn start(settings: Settings, rng: &mut Rng) -> Self {
        note!("the server starts: {settings:?}");
        let (mailboxes, inboxes): (Vec<_>, Vec<_>) =
            (0..settings.shards).map(|_| mailbox(SHARD_MAIL)).unzip();
        let (ask, asks) = mailbox(DESK_MAIL);
        let (tell, tells) = mailbox(DESK_MAIL);
        if settings.refused > 0 {
            for mailbox in &mailboxes {
                lose_media(mailbox, settings.refused, rng.fork());
            }
        }
        let desk = Desk { asks: ask, tells: tell };
        let setup = setup(&settings, mailboxes.clone(), desk);
        let mut planes = Vec::new();
        for (id, inbox) in inboxes.into_iter().enumerate() {
            let health = Arc::new(Health::default());
            health.pretend(settings.load);
            let (started, _) = std::sync::mpsc::channel();
            let (ingest, delivery) = (Arc::default(), Arc::default());
            let parts = ShardParts { id, inbox, health, ingest, delivery, started };
            let plane = sim::on_shard(id, || plane::start(setup.clone(), parts));
            planes.push(plane.expect("virtual ports are free"));
        }
        let tasks = sim::tasks().values().sum();
        let (former_takeover, longest_gather_ms) = (settings.takeover, settings.gather_ms);
        Self { settings, planes, mailboxes, asks, tells, tasks, former_takeover, longest_gather_ms }
    }

    /// The operator changes what can change while the server runs.
    pub(crate) fn configure(&mut self, rng: &mut Rng) {
        let Settings { shards, load, refused, .. } = self.settings;
        self.settings = Settings { shards, load, refused, ..Settings::draw(rng) };
        note!("other settings: {:?}", self.settings);
        self.longest_gather_ms = self.longest_gather_ms.max(self.settings.gather_ms);
        let told = Arc::new(self.settings.of_shards());
        for mailbox in &self.mailboxes {
            drop(mailbox.post(Mail::Configure(Arc::clone(&told))));
        }
    }

    /// No letter is on its way.
    pub(crate) fn has_no_mail(&self) -> bool {
        self.mailboxes.iter().all(Mailbox::is_empty)
    }
}

fn setup(settings: &Settings, mailboxes: Vec<Mailbox<Mail>>, desk: Desk) -> Setup {
    let port = |port| SocketAddr::from(([0, 0, 0, 0], port));
    Setup {
        driver: Driver::IoUring,
        rtmp: port(RTMP),
        http: port(HTTP),
        among_others: settings.among_others,
        settings: Arc::new(settings.of_shards()),
        throttle: Arc::new(Throttle::new()),
        mailboxes,
        desk,
    }
}

/// Lets a mailbox have no room for some letters with media. Everything else always fits: losing that is
/// logged as an error, and nothing is promised then.
fn lose_media(mailbox: &Mailbox<Mail>, of_1000: u32, mut rng: Rng) {
    use delivery::Letter;
    mailbox.refuse(move |letter| {
        matches!(letter, Mail::Delivery(Letter::Frames { .. } | Letter::Shelf { .. }))
            && rng.chance(of_1000, 1000)
    });
}
