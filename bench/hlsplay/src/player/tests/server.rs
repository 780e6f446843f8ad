//! An imagined server on an imagined clock, and the loop that plays from it.

use std::fmt::Write as _;

use crate::http::Head;
use crate::player::{Action, Event, Options, Player, Want};

pub(super) const MS: u64 = 1_000;
pub(super) const SECOND: u64 = 1_000 * MS;
const SEGMENT: u64 = 2 * SECOND;
const PART: u64 = 250 * MS;

/// A live stream that began at time 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// Parts, blocking reloads and delta updates.
    pub(super) low_latency: bool,
    /// Complete segments in the playlist.
    pub(super) window: u64,
    /// When it ends.
    pub(super) ends: u64,
    /// What does not answer in between.
    pub(super) silence: (u64, u64),
    /// The time of an answer on its way.
    pub(super) delay: u64,
}

impl Default for Stream {
    fn default() -> Self {
        Self { low_latency: false, window: 6, ends: u64::MAX, silence: (0, 0), delay: 5 * MS }
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) at: u64,
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
    /// The connection ends instead.
    pub(super) closes: bool,
}

impl Answer {
    pub(super) fn new(at: u64, status: u16, body: &[u8]) -> Self {
        Self { at, status, body: body.to_vec(), ..Self::default() }
    }
}

impl Stream {
    pub(super) fn answer(&self, target: &str, now: u64) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let field = |name: &str| {
            let found =
                query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            found.and_then(|value| value.parse::<u64>().ok())
        };
        let mut at = now;
        if let Some(msn) = field("_HLS_msn") {
            let parts = field("_HLS_part").map_or(SEGMENT / PART, |part| part + 1);
            at = at.max(msn * SEGMENT + parts * PART).min(self.ends.max(now));
        }
        if (self.silence.0..self.silence.1).contains(&at) {
            at = self.silence.1;
        }
        let body = match path.rsplit('/').next().unwrap_or_default() {
            "index.m3u8" => INDEX.as_bytes().to_vec(),
            name if name.contains(".m3u8") => {
                self.playlist(at, query.contains("_HLS_skip=YES")).into_bytes()
            }
            _ => Vec::new(),
        };
        Answer::new(at + self.delay, 200, &body)
    }

    fn playlist(&self, at: u64, delta: bool) -> String {
        let live = at.min(self.ends);
        let complete = live / SEGMENT;
        let first = complete.saturating_sub(self.window);
        let mut out = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
        if self.low_latency {
            out.push_str(
                "#EXT-X-PART-INF:PART-TARGET=0.25\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,\
                 PART-HOLD-BACK=0.75,CAN-SKIP-UNTIL=12\n",
            );
        }
        let skipped = if delta { (complete - first).saturating_sub(6) } else { 0 };
        if skipped > 0 {
            let _ = writeln!(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}");
        } else {
            out.push_str("#EXT-X-MAP:URI=\"init.mp4\"\n");
        }
        for msn in first + skipped..=complete {
            let parts = if msn < complete { SEGMENT / PART } else { live % SEGMENT / PART };
            let listed = self.low_latency && msn + 3 > complete;
            for part in 0..if listed { parts } else { 0 } {
                let independent = if part == 0 { ",INDEPENDENT=YES" } else { "" };
                let _ =
                    writeln!(out, "#EXT-X-PART:DURATION=0.25,URI=\"{msn}.{part}\"{independent}");
            }
            if msn < complete {
                let _ = writeln!(out, "#EXTINF:2.0,\n{msn}");
            }
        }
        if at >= self.ends {
            out.push_str("#EXT-X-ENDLIST\n");
        }
        out
    }
}

const INDEX: &str = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",DEFAULT=YES,URI=\"a/a.m3u8\"\n\
                     #EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1x1,AUDIO=\"a\"\nv/v.m3u8\n";

/// What a player did.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// When, on which lane, for what.
    pub(super) requests: Vec<(u64, usize, String)>,
    /// When, and which.
    pub(super) events: Vec<(u64, String)>,
    /// Decode times and kinds of units.
    pub(super) units: Vec<(bool, i64)>,
}

impl Log {
    pub(super) fn targets(&self, lane: usize) -> Vec<&str> {
        let of = self.requests.iter().filter(|(_, other, _)| *other == lane);
        of.map(|(_, _, target)| target.as_str()).collect()
    }

    pub(super) fn count(&self, event: &str) -> usize {
        self.events.iter().filter(|(_, found)| found.starts_with(event)).count()
    }

    fn event(&mut self, now: u64, event: Event<'_>) {
        match event {
            Event::Unit { unit, .. } => self.units.push((unit.video, unit.dts.ticks())),
            other => self.events.push((now, format!("{other:?}"))),
        }
    }
}

/// The most requests of a test: more are made only by a player that runs wild.
const MAX_REQUESTS: usize = 20_000;

pub(super) fn player(url: &str, low_latency: bool) -> Player {
    Player::new(url, Options { low_latency, parse_media: true }).unwrap()
}

/// Plays until this time, or the end.
pub(super) fn play(
    player: &mut Player,
    from: u64,
    until: u64,
    mut answer: impl FnMut(&str, u64) -> Answer,
) -> Log {
    let mut log = Log::default();
    let mut pending: [Option<Answer>; 2] = [None, None];
    let mut now = from;
    while now < until && log.requests.len() < MAX_REQUESTS {
        let mut next = until;
        for (lane, waiting) in pending.iter_mut().enumerate() {
            if let Some(answer) = waiting.take_if(|answer| answer.at <= now) {
                deliver(player, lane, now, &answer, &mut log);
            }
            if let Some(answer) = waiting {
                next = next.min(answer.at);
                continue;
            }
            match player.poll(lane, now, &mut |event| log.event(now, event)) {
                Action::Request(request) => {
                    assert_eq!(request.want, Want::Body);
                    assert_eq!(request.origin.to_string(), "h");
                    let made = answer(request.target, now);
                    assert!(made.at > now, "an answer takes time");
                    next = next.min(made.at);
                    log.requests.push((now, lane, request.target.to_owned()));
                    *waiting = Some(made);
                }
                Action::Wait(until) => {
                    assert!(until > now, "a player waits for the past");
                    next = next.min(until);
                }
                Action::Done => {}
            }
        }
        // A lane that was added meanwhile is looked at without delay.
        let added = (0..player.lanes()).any(|lane| pending[lane].is_none());
        now = if added { next.min(now + MS) } else { next };
    }
    log
}

fn deliver(player: &mut Player, lane: usize, now: u64, answer: &Answer, log: &mut Log) {
    if answer.status > 0 {
        let (status, location) = (answer.status, answer.location.clone());
        player.handle_response(lane, &Head { status, keep_alive: true, location });
        for piece in answer.body.chunks(1_000) {
            player.handle_body(lane, piece, &mut |event| log.event(now, event));
        }
    }
    if answer.closes {
        player.handle_closed(lane, now, "closed", &mut |event| log.event(now, event));
    } else {
        player.handle_end(lane, now, &mut |event| log.event(now, event));
    }
}
