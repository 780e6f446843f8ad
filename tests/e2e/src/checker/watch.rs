//! One rendition, followed as a low-latency player does: blocking reloads as delta updates, the hinted part
//! asked for before it is there, every file fetched.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::playlist::{Playlist, Segment};
use super::rules;
use crate::http::{Client, Response};

/// Every so many reloads the complete playlist is fetched too, to compare.
const COMPARE_EVERY: usize = 3;
/// Complaints after which a rendition is no longer followed.
const MAX_COMPLAINTS: usize = 20;

/// What was seen of a rendition.
#[derive(Debug, Default)]
pub struct Rendition {
    /// Its playlist's name.
    pub name: String,
    /// Every segment that was listed, by its number, with all its parts.
    pub segments: BTreeMap<u64, Segment>,
    /// Every file that was fetched, by its name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Playlists that were read: complete ones and delta updates.
    pub playlists: usize,
    /// Blocking reloads.
    pub reloads: usize,
    /// Hinted parts that were asked for before they were there, and came.
    pub hinted: usize,
    /// Delta updates that were compared with the complete playlist.
    pub compared: usize,
    /// The most segments that a delta update skipped.
    pub most_skipped: u64,
    /// The last playlist.
    pub last: Playlist,
    /// What is wrong.
    pub complaints: Vec<String>,
}

struct Watcher<'w> {
    seen: Rendition,
    base: &'w str,
    /// One connection for playlists, one for files: a hinted part waits beside a blocking reload.
    lists: Client,
    files: Client,
    others: usize,
}

type Outcome<T> = Result<T, String>;

impl Rendition {
    /// Follows the playlist `name` of stream `id` for a time or until it ends. `others` is the number of
    /// renditions that reports are due of.
    pub fn watch(port: u16, id: &str, name: &str, others: usize, time: Duration) -> Self {
        let base = format!("/live/{id}/");
        let connect = || Client::connect(port).expect("the server accepts connections");
        let seen = Self { name: name.to_owned(), ..Self::default() };
        let mut watcher = Watcher { seen, base: &base, lists: connect(), files: connect(), others };
        if let Err(error) = watcher.follow(time) {
            watcher.seen.complaints.push(error);
        }
        watcher.seen
    }

    /// All parts in order: segment, index.
    pub fn parts(&self) -> impl Iterator<Item = (&Segment, usize)> {
        let parts = |segment: &Segment| 0..segment.parts.len();
        self.segments
            .values()
            .flat_map(move |segment| parts(segment).map(move |index| (segment, index)))
    }
}

impl Watcher<'_> {
    fn follow(&mut self, time: Duration) -> Outcome<()> {
        let start = Instant::now();
        let mut full = self.list("")?;
        self.take(&full)?;
        while start.elapsed() < time && !full.ended && self.seen.complaints.len() < MAX_COMPLAINTS {
            let next = self.reload(&full)?;
            self.seen.complaints.extend(rules::succession(&full, &next));
            self.take(&next)?;
            full = next;
        }
        self.seen.last = full;
        Ok(())
    }

    /// Waits for the part after the last one.
    fn reload(&mut self, full: &Playlist) -> Outcome<Playlist> {
        let (msn, part) = full.next_part();
        let hint = full.hint.as_ref().map(|hint| hint.uri.clone());
        if let Some(uri) = &hint {
            let target = format!("{}{uri}", self.base);
            self.files.send("GET", &target, &[]).map_err(|e| format!("{uri}: {e}"))?;
        }
        let query = format!("?_HLS_msn={msn}&_HLS_part={part}");
        let next = if full.can_skip_until.is_some() {
            let delta = self.list(&format!("{query}&_HLS_skip=YES"))?;
            self.complete(full, delta, &query)?
        } else {
            self.list(&query)?
        };
        self.seen.reloads += 1;
        if next.next_part() <= (msn, part) && !next.ended {
            let found = next.next_part();
            self.seen
                .complaints
                .push(format!("asked for {msn}.{part}, the answer ends before {found:?}"));
        }
        if let Some(uri) = hint {
            let response = self.files.receive("GET").map_err(|e| format!("{uri}: {e}"))?;
            self.take_hinted(&uri, response, &next);
        }
        Ok(next)
    }

    /// A hinted part must come, unless its segment ended before it.
    fn take_hinted(&mut self, uri: &str, response: Response, next: &Playlist) {
        let listed = next.all().flat_map(|segment| &segment.parts).any(|part| part.uri == uri);
        match response.status {
            200 => {
                self.seen.hinted += 1;
                if !listed {
                    self.seen.complaints.push(format!("{uri} came by its hint but was not listed"));
                }
                self.keep(uri, response.body);
            }
            404 | 410 if !listed => {}
            status => {
                let said = format!("the hinted {uri} (listed: {listed}) was answered by {status}");
                self.seen.complaints.push(said);
            }
        }
    }

    /// Expands a delta update, and now and then compares it with the complete playlist.
    fn complete(&mut self, full: &Playlist, delta: Playlist, query: &str) -> Outcome<Playlist> {
        let Some(skipped) = delta.skipped else { return Ok(delta) };
        self.seen.most_skipped = self.seen.most_skipped.max(skipped);
        let expanded = rules::expand(full, &delta)?;
        if self.seen.reloads.is_multiple_of(COMPARE_EVERY) {
            let complete = self.list(query)?;
            // One that has grown in between cannot be compared.
            if complete.next_part() == expanded.next_part() && complete.ended == expanded.ended {
                self.seen.compared += 1;
                let forget =
                    |playlist: &Playlist| Playlist { reports: Vec::new(), ..playlist.clone() };
                if forget(&complete) != forget(&expanded) {
                    let said =
                        format!("a delta update stands for {expanded:?}, complete is {complete:?}");
                    self.seen.complaints.push(said);
                }
            }
        }
        Ok(expanded)
    }

    fn list(&mut self, query: &str) -> Outcome<Playlist> {
        let target = format!("{}{}{query}", self.base, self.seen.name);
        let response = self.lists.get(&target).map_err(|error| format!("{target}: {error}"))?;
        if response.status != 200 {
            return Err(format!("{target}: {} {}", response.status, response.text()));
        }
        self.seen.playlists += 1;
        Playlist::parse(&response.text())
            .map_err(|e| format!("{target}: {e}:\n{}", response.text()))
    }

    /// Holds a complete playlist to the rules and fetches what is new in it.
    fn take(&mut self, playlist: &Playlist) -> Outcome<()> {
        self.seen.complaints.extend(rules::single(playlist));
        if playlist.reports.len() != self.others && !playlist.ended {
            let count = playlist.reports.len();
            self.seen
                .complaints
                .push(format!("{count} rendition reports instead of {}", self.others));
        }
        for segment in playlist.all() {
            self.fetch(&segment.map)?;
            for part in &segment.parts {
                self.fetch(&part.uri)?;
            }
            let known = self.seen.segments.get(&segment.msn);
            let closed_before = known.is_some_and(|known| !known.uri.is_empty());
            let parts = known.map(|known| known.parts.clone()).unwrap_or_default();
            let parts =
                if segment.parts.len() >= parts.len() { segment.parts.clone() } else { parts };
            let segment = Segment { parts, ..segment.clone() };
            if !segment.uri.is_empty() && !closed_before {
                self.take_segment(&segment)?;
            }
            self.seen.segments.insert(segment.msn, segment);
        }
        Ok(())
    }

    /// A segment is its parts, one after the other; ranges of it are ranges.
    fn take_segment(&mut self, segment: &Segment) -> Outcome<()> {
        let uri = &segment.uri;
        if segment.gap {
            return Ok(());
        }
        self.fetch(uri)?;
        let whole = &self.seen.files[uri];
        let parts = segment.parts.iter().flat_map(|part| &self.seen.files[&part.uri]);
        if !segment.parts.is_empty() && !parts.eq(whole) {
            self.seen.complaints.push(format!("{uri} is not the sum of its parts"));
        }
        let middle = whole.len() / 2;
        let due = whole[middle..].to_vec();
        let field = format!("Range: bytes={middle}-");
        let target = format!("{}{uri}", self.base);
        let response = self.files.request("GET", &target, &[&field]).map_err(|e| e.to_string())?;
        if response.status != 206 || response.body != due {
            self.seen.complaints.push(format!("{uri}, {field}: {}", response.status));
        }
        Ok(())
    }

    fn fetch(&mut self, uri: &str) -> Outcome<()> {
        if uri.is_empty() || self.seen.files.contains_key(uri) {
            return Ok(());
        }
        let target = format!("{}{uri}", self.base);
        let response = self.files.get(&target).map_err(|error| format!("{target}: {error}"))?;
        if response.status != 200 {
            return Err(format!(
                "{target} is listed, but: {} {}",
                response.status,
                response.text()
            ));
        }
        self.keep(uri, response.body);
        Ok(())
    }

    fn keep(&mut self, uri: &str, bytes: Vec<u8>) {
        if self.seen.files.get(uri).is_some_and(|known| *known != bytes) {
            self.seen.complaints.push(format!("{uri} came back with other bytes"));
        }
        self.seen.files.insert(uri.to_owned(), bytes);
    }
}
