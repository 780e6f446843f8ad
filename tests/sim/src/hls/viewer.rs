use std::collections::{BTreeSet, VecDeque};

use hls::Target;
use media::{Kind, TrackId};
use shard::sim::Way;
use shard::{Rng, sim};
use stream::control::StreamId;

use super::library::Library;
use super::playlist::Playlist;
use super::reply::{self, Reply};
use crate::control::Live;
use crate::ledger::Ledger;
use crate::server::HTTP;
use crate::trace::{broken, check, note};
use crate::wire::Wire;

/// The longest that the server may let a request wait for what is to come, in milliseconds.
const BLOCK: u64 = 8_000;
/// What an answer that nothing hinders may take beyond that.
const GRACE: u64 = 1_500;
/// After this time all shards know of a session that is live.
const SETTLED: u64 = 100;
/// What a playlist names can be loaded for so long at least.
const KEPT: u64 = 1_500;

/// How a viewer loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It asks again and again, and loads whole segments.
    Polling,
    /// It waits for each part and loads it.
    Blocking,
    /// It asks for the part that is hinted at before it exists.
    Hinted,
}

/// A viewer of one rendition.
#[derive(Debug)]
pub(crate) struct HlsViewer {
    pub(crate) wire: Wire,
    pub(crate) shard: usize,
    pub(crate) stream: usize,
    id: StreamId,
    manner: Manner,
    /// It asks for delta updates.
    deltas: bool,
    wants: Kind,
    track: Option<TrackId>,
    session: u32,
    list: Option<Playlist>,
    list_at: u64,
    to_load: VecDeque<String>,
    loaded: BTreeSet<String>,
    /// A part that was hinted at and need not come.
    hint: Option<String>,
    /// The session that is live, and since when.
    live: Option<(u32, u64)>,
    /// The live session, the segment that it had begun when that was first known, and since when its
    /// playlists can be had.
    known: Option<(u32, u64, Option<u64>)>,
    request: Option<Request>,
    received: Vec<u8>,
    /// It asks nothing before this time.
    rest_until: u64,
    pub(crate) is_over: bool,
    rng: Rng,
}

/// A request that waits for its answer.
#[derive(Clone, Debug)]
struct Request {
    name: String,
    asked_at: u64,
    /// What a playlist is to hold.
    wanted: Option<(u64, u32)>,
    /// The part of the file that is asked for: from this byte on, so many.
    range: Option<(usize, usize)>,
}

impl HlsViewer {
    pub(crate) fn connect(
        shard: usize,
        (stream, id): (usize, &StreamId),
        way: Way,
        manner: Manner,
        mut rng: Rng,
    ) -> Self {
        Self {
            wire: Wire::connect(shard, HTTP, way, 0),
            shard,
            stream,
            id: id.clone(),
            manner,
            deltas: rng.chance(1, 2),
            wants: rng.pick(&[Kind::Video, Kind::Video, Kind::Audio]),
            track: None,
            session: 0,
            list: None,
            list_at: 0,
            to_load: VecDeque::new(),
            loaded: BTreeSet::new(),
            hint: None,
            live: None,
            known: None,
            request: None,
            received: Vec::new(),
            rest_until: 0,
            is_over: false,
            rng,
        }
    }

    /// Takes what came and asks for what is next; whether anything happened.
    ///
    /// `live` is the session that is live, if one is.
    pub(crate) fn pump(
        &mut self,
        library: &mut Library,
        ledger: &Ledger,
        live: Option<&Live>,
    ) -> bool {
        if self.is_over || self.wire.is_cut {
            return false;
        }
        self.live = live.map(|live| (live.session, live.since));
        let mut any = self.wire.flush();
        let bytes = self.wire.read();
        any |= !bytes.is_empty();
        self.received.extend_from_slice(&bytes);
        if let Some(reply) = reply::take(&mut self.received) {
            any = true;
            match self.request.take() {
                Some(request) => self.answered(&request, &reply, library, ledger),
                None => broken!("an answer came that nobody asked for"),
            }
        }
        if self.wire.end().is_some() {
            self.is_over = true;
        } else if self.request.is_none() && shard::millis() >= self.rest_until {
            self.ask();
            any = true;
        }
        any
    }

    pub(crate) fn next_due(&self) -> Option<u64> {
        let idle = self.request.is_none() && !self.is_over && !self.wire.is_cut;
        idle.then_some(self.rest_until)
    }

    /// Says so when an answer is due that did not come. `begun` is the newest segment that the
    /// packager has begun, as far as that shard must know.
    pub(crate) fn check_patience(&mut self, begun: Option<u64>) {
        self.learn(begun);
        let begun = begun.filter(|_| self.is_live());
        let Some(request) = self.request.as_ref().filter(|_| !self.is_over) else { return };
        let waited = shard::millis() - request.asked_at;
        if !self.wire.is_sound() || !self.wire.is_heard() || !self.wire.peer.is_quiet() {
            return;
        }
        let Request { name, .. } = request;
        check!(
            waited <= BLOCK + GRACE,
            "{name} of stream {} has no answer for {waited} ms",
            self.stream
        );
        if let (Some((msn, part)), Some(begun)) = (request.wanted, begun) {
            // A rendition that was away is not served before it has a whole segment again, and sound may
            // be two behind the picture when the clock steps.
            let segment = self.list.as_ref().map_or(0, |list| list.target_duration + 1) * 1_000;
            check!(
                msn + 2 >= begun || waited <= segment,
                "shard {} lets {name} of stream {} wait for part {part} of segment {msn}, and {begun} \
                 has begun",
                self.shard,
                self.stream
            );
        }
    }

    /// Takes note of the session that is live, and whether it can be watched.
    fn learn(&mut self, begun: Option<u64>) {
        let now = shard::millis();
        self.known = match (self.live, begun, self.known) {
            (Some((live, _)), Some(begun), Some((session, first, ready))) if live == session => {
                // All renditions have a complete segment then.
                Some((session, first, ready.or((begun > first + 2).then_some(now))))
            }
            (Some((live, _)), Some(begun), _) => Some((live, begun, None)),
            _ => None,
        };
    }

    fn ask(&mut self) {
        let mut request =
            Request { name: String::new(), asked_at: shard::millis(), wanted: None, range: None };
        let mut query = String::new();
        let mut field = String::new();
        if let Some(name) = self.to_load.pop_front() {
            request.name = name;
            if self.rng.chance(1, 10) {
                let (from, len) = (self.rng.below(60), 1 + self.rng.below(200));
                request.range = Some((from, len));
                field = format!("Range: bytes={from}-{}\r\n", from + len - 1);
            }
        } else if let Some(track) = self.track {
            request.name = Target::Media(track).to_string();
            let next = self.list.as_ref().and_then(Playlist::next);
            if let Some((msn, part)) = next.filter(|_| self.manner != Manner::Polling) {
                request.wanted = Some((msn, part));
                query = format!("?_HLS_msn={msn}&_HLS_part={part}");
                if self.deltas && self.rng.chance(3, 4) {
                    query.push_str("&_HLS_skip=YES");
                }
            }
        } else {
            "index.m3u8".clone_into(&mut request.name);
        }
        let (id, name) = (&self.id, &request.name);
        let text =
            format!("GET /live/{id}/{name}{query} HTTP/1.1\r\nHost: a.example\r\n{field}\r\n");
        self.wire.send(text.as_bytes());
        self.request = Some(request);
    }

    fn answered(
        &mut self,
        request: &Request,
        reply: &Reply,
        library: &mut Library,
        ledger: &Ledger,
    ) {
        let waited = shard::millis() - request.asked_at;
        match reply.status {
            200 | 206 => {}
            404 | 410 => return self.missed(request, reply),
            503 if reply.body.windows(8).any(|text| text == b"too-many") => {
                check!(request.name == "index.m3u8", "a viewer was refused that watches already");
                return self.rest(500);
            }
            503 => {
                let (name, early) = (&request.name, waited < BLOCK - 100);
                check!(!early, "{name} of stream {} is late after {waited} ms", self.stream);
                let ready = self.known.and_then(|(.., ready)| ready);
                let there = ready.is_some_and(|ready| ready < request.asked_at);
                // A part that is to come may not come, nor a segment of a rendition that was away.
                let vain = there && name == "index.m3u8" && self.wire.is_sound();
                check!(!vain, "{name} of stream {} is there and is not served", self.stream);
                return self.rest(500);
            }
            status => {
                let text = String::from_utf8_lossy(&reply.body);
                broken!("{request:?} of stream {} is answered {status}: {text}", self.stream);
                return self.rest(500);
            }
        }
        match Target::parse(&request.name) {
            Some(Target::Multivariant) => self.index(&reply.body),
            Some(Target::Media(track)) => self.media(request, track, reply, library),
            _ => self.file(request, reply, library, ledger),
        }
    }

    /// A stream that is not live, a segment that is gone, or another session meanwhile.
    fn missed(&mut self, request: &Request, reply: &Reply) {
        let (name, target) = (&request.name, Target::parse(&request.name));
        let named = !matches!(target, Some(Target::Multivariant | Target::Media(_)) | None);
        let late = shard::millis() - self.list_at > KEPT || !self.wire.is_sound();
        let is_live = self.is_live();
        let lost = named && is_live && !late && self.hint.as_ref() != Some(name);
        let text = String::from_utf8_lossy(&reply.body);
        check!(!lost, "{name} of stream {} was just listed and is gone: {text}", self.stream);
        self.track = None;
        self.list = None;
        self.to_load.clear();
        let pause = self.rng.between(200, 1_500);
        self.rest(pause);
    }

    fn index(&mut self, body: &[u8]) {
        let text = String::from_utf8_lossy(body);
        let uris = text.lines().map(|line| {
            line.split_once("URI=\"").and_then(|(_, uri)| uri.split('"').next()).unwrap_or(line)
        });
        let tracks: Vec<TrackId> = uris
            .filter_map(|uri| match Target::parse(uri) {
                Some(Target::Media(track)) => Some(track),
                _ => None,
            })
            .collect();
        let wanted = tracks.iter().find(|track| track.kind == self.wants).or(tracks.first());
        check!(wanted.is_some(), "the playlist of stream {} lists nothing: {text}", self.stream);
        self.track = wanted.copied();
    }

    fn media(&mut self, request: &Request, track: TrackId, reply: &Reply, library: &mut Library) {
        let text = String::from_utf8_lossy(&reply.body);
        let Some(list) = Playlist::parse(&text) else {
            broken!("no playlist of stream {}: {text}", self.stream);
            return;
        };
        let Some(list) = self.whole(list) else { return self.missed(request, reply) };
        if let Some((msn, part)) = request.wanted {
            // Who waits on the playlist of a session that another one replaces gives up.
            let replaced = self.is_other_session(&list) || !self.is_live();
            let held = list.ended || list.holds(msn, Some(part)) || replaced;
            check!(held, "part {part} of segment {msn} was waited for and is not there:\n{text}");
        }
        let Some(session) = session_of(&list) else { return self.rest(300) };
        let stale = self
            .live
            .is_some_and(|(live, since)| session < live && since + SETTLED < request.asked_at);
        check!(
            !stale,
            "stream {} is live, and shard {} shows session {session}",
            self.stream,
            self.shard
        );
        if session != self.session {
            note!("a viewer of stream {} plays session {session}", self.stream);
            self.loaded.clear();
        } else if let Some(before) = &self.list {
            let forward = before.sequence <= list.sequence
                && before.discontinuity <= list.discontinuity
                && before.next() <= list.next();
            check!(forward, "the playlist of stream {} went back:\n{text}", self.stream);
        }
        self.session = session;
        library.playlist(self.stream, track, session, &list);
        self.list_at = shard::millis();
        self.plan(&list);
        let ended = list.ended;
        let target = list.target_duration;
        self.list = Some(list);
        if ended && self.to_load.is_empty() {
            self.track = None;
            self.list = None;
            self.rest(1_000);
        } else if self.manner == Manner::Polling && self.to_load.is_empty() {
            self.rest(target * 500);
        }
    }

    /// A delta update with what was known; `None` when that is not enough.
    fn whole(&self, mut list: Playlist) -> Option<Playlist> {
        if list.skipped == 0 {
            return Some(list);
        }
        let known = self.list.as_ref()?;
        let skipped = list.sequence..list.sequence + list.skipped;
        let (mut map, mut before) = (None, list.discontinuity);
        for msn in skipped {
            let segment = known.segments.get(&msn)?.clone();
            map.clone_from(&segment.map);
            before = segment.discontinuity;
            list.segments.insert(msn, segment);
        }
        let first = list.sequence + list.skipped;
        // The tags of the update count from the last skipped segment on.
        let shift = before - list.discontinuity;
        for segment in list.segments.range_mut(first..).map(|(_, segment)| segment) {
            segment.discontinuity += shift;
            match &segment.map {
                None => segment.map.clone_from(&map),
                Some(own) => map = Some(own.clone()),
            }
        }
        list.skipped = 0;
        Some(list)
    }

    fn is_live(&self) -> bool {
        self.live.is_some_and(|(live, _)| live == self.session)
    }

    fn is_other_session(&self, list: &Playlist) -> bool {
        session_of(list).is_some_and(|session| session != self.session)
    }

    /// What of a playlist is to be loaded.
    fn plan(&mut self, list: &Playlist) {
        let from = list.last_complete().unwrap_or(0).saturating_sub(1);
        let mut names = Vec::new();
        for (msn, segment) in &list.segments {
            let fresh = *msn >= from || !self.loaded.is_empty();
            if !fresh || segment.is_gap {
                continue;
            }
            names.extend(segment.map.clone());
            if self.manner == Manner::Polling || segment.parts.is_empty() {
                names.extend(Some(segment.uri.clone()).filter(|uri| !uri.is_empty()));
            } else {
                names.extend(segment.parts.iter().map(|part| part.uri.clone()));
            }
        }
        if self.manner == Manner::Hinted && !list.ended {
            self.hint.clone_from(&list.hint);
            names.extend(list.hint.clone());
        }
        for name in names {
            if self.loaded.insert(name.clone()) {
                self.to_load.push_back(name);
            }
        }
    }

    fn file(&mut self, request: &Request, reply: &Reply, library: &mut Library, ledger: &Ledger) {
        let name = &request.name;
        match request.range {
            None => {
                check!(reply.status == 200, "{name} is answered {}", reply.status);
                library.file(self.stream, name, &reply.body, ledger);
            }
            Some((_, len)) => {
                check!(reply.status == 206, "a part of {name} is answered {}", reply.status);
                check!(reply.body.len() <= len, "{} bytes came of {len}", reply.body.len());
            }
        }
        let ended = self.list.as_ref().is_some_and(|list| list.ended);
        if ended && self.to_load.is_empty() {
            self.track = None;
            self.list = None;
            self.rest(1_000);
        }
    }

    fn rest(&mut self, ms: u64) {
        self.rest_until = shard::millis() + ms;
    }
}

/// The session that a playlist's names tell.
fn session_of(list: &Playlist) -> Option<u32> {
    let segment = list.segments.values().next()?;
    let name = segment.map.as_deref()?;
    match Target::parse(name) {
        Some(Target::Init { session, .. }) => Some(session),
        _ => {
            sim::fail(format!("a playlist names {name}"));
            None
        }
    }
}
