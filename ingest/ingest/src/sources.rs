use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use stream::control::{Grant, StopReason, StreamId};
use stream::{Limits, Meter, Publisher, SessionId, Stream, StreamStats};

use crate::source::{Active, Source, State, Visitor};

/// How long a stream waits for its publisher's return before the session ends.
pub const LINGER_MS: u64 = 10_000;
/// A publisher that sent no media for this long gives way to another one.
pub const STALE_MS: u64 = 3_000;

/// What happens when a second publisher comes for a live stream (`PUBLISH_TAKEOVER`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// It takes over when the first sent no media for [`STALE_MS`].
    Stale,
    /// It always takes over.
    Always,
    /// It is refused as long as the first is connected.
    Never,
}

/// Why a publisher with a valid key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another publisher has the stream; its last media came so many milliseconds ago.
    Occupied {
        /// Milliseconds since the other publisher's last media.
        silent_ms: u64,
    },
}

/// A publisher that was let in.
#[derive(Debug)]
pub struct Admitted {
    /// The stream's home state.
    pub source: Rc<Source>,
    /// The write handle.
    pub publisher: Publisher,
    /// Whether this opened a new session.
    pub is_new: bool,
    pub(crate) last_media_ms: Rc<Cell<u64>>,
}

/// The live streams whose home is this shard.
#[derive(Debug)]
pub struct Sources {
    live: HashMap<StreamId, Rc<Source>>,
    takeover: Takeover,
    limits: Limits,
}

impl Sources {
    /// None yet.
    pub fn new(takeover: Takeover, limits: Limits) -> Self {
        Self { live: HashMap::new(), takeover, limits }
    }

    /// Changes what happens to second publishers that come from now on.
    pub fn set_takeover(&mut self, takeover: Takeover) {
        self.takeover = takeover;
    }

    /// Lets a publisher in, or says why not.
    pub fn admit(
        &mut self,
        grant: &Grant,
        now_ms: u64,
        visitor: Visitor,
    ) -> Result<Admitted, Refusal> {
        let known = self.live.get(&grant.stream).cloned();
        let is_new = known.is_none();
        let source = match known {
            Some(source) => {
                self.check(&source, now_ms)?;
                source.revoke(now_ms, StopReason::Taken);
                source
            }
            None => self.open(grant),
        };
        let (publisher, revoked) = Publisher::new(Rc::clone(&source.stream));
        let stats = source.stream.stats();
        stats.limit(grant.max_viewers);
        let bytes_before = stats.bytes_in.load(Relaxed);
        let last_media_ms = Rc::new(Cell::new(now_ms));
        {
            let mut state = source.state.borrow_mut();
            if !is_new {
                state.timeline.restart();
                state.tracks.discontinuity += 1;
                state.tracks.tracks.clear();
                state.started = false;
            }
            let last_media_ms = Rc::clone(&last_media_ms);
            state.active = Some(Active { revoked, last_media_ms, bytes_before, visitor });
        }
        source.stream.set_published(true);
        Ok(Admitted { source, publisher, is_new, last_media_ms })
    }

    /// Takes out the streams whose publisher has been gone for [`LINGER_MS`].
    pub fn expire(&mut self, now_ms: u64) -> Vec<Rc<Source>> {
        let gone = |source: &Rc<Source>| {
            let state = source.state.borrow();
            state.active.is_none() && now_ms.saturating_sub(state.left_ms) >= LINGER_MS
        };
        self.live.extract_if(|_, source| gone(source)).map(|(_, source)| source).collect()
    }

    /// Cuts a stream's publisher and takes the stream out.
    pub fn stop(&mut self, id: &StreamId, now_ms: u64, why: StopReason) -> Option<Rc<Source>> {
        let source = self.live.remove(id)?;
        source.revoke(now_ms, why);
        Some(source)
    }

    /// Cuts this very publisher of a stream, which may come back; whether it was there.
    pub fn cut(&self, id: &StreamId, session: SessionId, now_ms: u64) -> bool {
        let Some(source) = self.live.get(id) else { return false };
        if source.publisher_session().is_none_or(|known| known.id != session) {
            return false;
        }
        source.revoke(now_ms, StopReason::Cut);
        source.stream.set_published(false);
        true
    }

    /// A stream whose home is this shard.
    pub fn get(&self, id: &StreamId) -> Option<&Rc<Source>> {
        self.live.get(id)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Rc<Source>> {
        self.live.values()
    }

    /// Whether the publisher's absence (it is gone, or silent for as long as gives its place away) has
    /// begun or ended since this was asked the last time.
    pub fn absence(&self, source: &Source, now_ms: u64) -> Option<bool> {
        let patience_ms = match self.takeover {
            Takeover::Stale => STALE_MS,
            Takeover::Always | Takeover::Never => u64::MAX,
        };
        source.absence(now_ms, patience_ms)
    }

    /// Measures every stream. To be called about once a second.
    pub fn measure(&self, now_ms: u64) {
        self.live.values().for_each(|source| source.measure(now_ms));
    }

    /// Cuts every publisher and takes all streams out.
    pub fn stop_all(&mut self, now_ms: u64) -> Vec<Rc<Source>> {
        let all: Vec<_> = self.live.drain().map(|(_, source)| source).collect();
        for source in &all {
            source.revoke(now_ms, StopReason::Ending);
        }
        all
    }

    fn check(&self, source: &Source, now_ms: u64) -> Result<(), Refusal> {
        let state = source.state.borrow();
        let Some(active) = &state.active else { return Ok(()) };
        let silent_ms = now_ms.saturating_sub(active.last_media_ms.get());
        let may = match self.takeover {
            Takeover::Always => true,
            Takeover::Never => false,
            Takeover::Stale => silent_ms >= STALE_MS,
        };
        if may { Ok(()) } else { Err(Refusal::Occupied { silent_ms }) }
    }

    fn open(&mut self, grant: &Grant) -> Rc<Source> {
        let stats = Arc::new(StreamStats::default());
        let source = Rc::new(Source {
            stream: Stream::new(grant.stream.clone(), self.limits, stats),
            title: Arc::clone(&grant.title),
            session: grant.session,
            first_msn: grant.first_msn,
            is_absent: Cell::new(false),
            state: State::default().into(),
            meter: Meter::default().into(),
        });
        self.live.insert(grant.stream.clone(), Rc::clone(&source));
        source
    }
}

#[cfg(test)]
mod tests {
    use stream::{Protocol, Publishing};

    use super::*;

    fn grant(session: u32) -> Grant {
        let stream = StreamId::parse("abc").unwrap();
        Grant { stream, title: "A".into(), home: 0, session, first_msn: 7, max_viewers: 9 }
    }

    fn sources(takeover: Takeover) -> Sources {
        Sources::new(takeover, Limits::default())
    }

    fn admit(sources: &mut Sources, now_ms: u64) -> Result<Admitted, Refusal> {
        admit_as(sources, now_ms, 1)
    }

    fn admit_as(sources: &mut Sources, now_ms: u64, number: u64) -> Result<Admitted, Refusal> {
        let id = SessionId::Connection { shard: 0, number };
        let peer = "192.0.2.1:5".parse().unwrap();
        let publishing = Publishing { protocol: Protocol::Rtmp, peer, since_ms: 3 };
        let visitor = Visitor { id, publishing, agent: None, close: Box::new(|| {}) };
        sources.admit(&grant(1), now_ms, visitor)
    }

    #[test]
    fn a_second_publisher_is_refused_while_the_first_sends_and_takes_over_when_it_is_silent() {
        let mut sources = sources(Takeover::Stale);
        let first = admit(&mut sources, 0).unwrap();
        first.last_media_ms.set(1000);
        assert_eq!(admit(&mut sources, 3999).unwrap_err(), Refusal::Occupied { silent_ms: 2999 });
        let second = admit(&mut sources, 4000).unwrap();
        assert_eq!(first.publisher.revoked(), Some(StopReason::Taken));
        assert!(!second.publisher.is_revoked() && !second.is_new);
    }

    #[test]
    fn always_and_never_do_what_they_say() {
        let mut always = sources(Takeover::Always);
        let first = admit(&mut always, 0).unwrap();
        admit(&mut always, 1).unwrap();
        assert!(first.publisher.is_revoked());
        let mut never = sources(Takeover::Never);
        let _first = admit(&mut never, 0).unwrap();
        assert!(admit(&mut never, 60_000).is_err());
    }

    #[test]
    fn a_stream_without_publisher_ends_after_the_linger_time_and_not_before() {
        let mut sources = sources(Takeover::Stale);
        let admitted = admit(&mut sources, 0).unwrap();
        assert!(sources.expire(60_000).is_empty());
        admitted.source.revoke(60_000, StopReason::Cut);
        assert!(sources.expire(69_999).is_empty());
        assert_eq!(sources.expire(70_000).len(), 1);
        assert!(admit(&mut sources, 70_001).unwrap().is_new);
    }

    #[test]
    fn an_absence_is_told_once_when_it_begins_and_when_it_ends() {
        for (takeover, silence) in [(Takeover::Stale, true), (Takeover::Never, false)] {
            let mut sources = sources(takeover);
            let first = admit(&mut sources, 0).unwrap();
            assert_eq!(sources.absence(&first.source, STALE_MS - 1), None);
            assert_eq!(sources.absence(&first.source, STALE_MS), silence.then_some(true));
            assert_eq!(sources.absence(&first.source, STALE_MS + 1), None);
            first.last_media_ms.set(STALE_MS + 2);
            assert_eq!(sources.absence(&first.source, STALE_MS + 3), silence.then_some(false));
            first.source.revoke(STALE_MS + 4, StopReason::Cut);
            assert_eq!(sources.absence(&first.source, STALE_MS + 4), Some(true));
            let second = admit(&mut sources, STALE_MS + 5).unwrap();
            assert_eq!(sources.absence(&second.source, STALE_MS + 5), Some(false));
        }
    }

    #[test]
    fn a_publisher_is_cut_by_its_session_only_and_may_come_back() {
        let mut sources = sources(Takeover::Never);
        let first = admit_as(&mut sources, 0, 1).unwrap();
        assert_eq!(first.source.stream.stats().max_viewers(), Some(9));
        let stream = first.source.stream.id().clone();
        let other = SessionId::Connection { shard: 0, number: 2 };
        assert!(!sources.cut(&stream, other, 5));
        let id = first.source.publisher_session().unwrap().id;
        assert!(sources.cut(&stream, id, 5) && !sources.cut(&stream, id, 6));
        assert_eq!(first.publisher.revoked(), Some(StopReason::Cut));
        assert!(!first.source.stream.is_published());
        assert!(!admit_as(&mut sources, 7, 2).unwrap().is_new);
    }
}
