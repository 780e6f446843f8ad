//! The packager with its playlists: frames become parts, and each change is rendered.

use std::convert::Infallible;
use std::hint::black_box;

use bytes::Bytes;
use hls::{Config, Event, Packager, Presentation, Range};
use media::Entry;

use crate::Case;
use crate::footage::{self, AUDIO, VIDEO};

/// Long enough for a full window of segments.
const SECONDS: i64 = 30;
/// When the stream began, in Unix milliseconds.
const BEGAN_MS: i64 = 1_700_000_000_000;

pub(crate) fn case() -> Case {
    let entries = footage::entries(SECONDS);
    let messages = entries.len();
    let mut packager = Packager::new(Config::default());
    let mut presentation = Presentation::new();
    let mut events = Vec::new();
    let mut end = 0;
    let work = move || {
        for entry in &entries {
            packager.push(entry, wall_ms(entry), &mut events);
            if events.is_empty() {
                continue;
            }
            for event in events.drain(..) {
                presentation.apply(&place(&event, &mut end));
            }
            for track in [VIDEO, AUDIO] {
                black_box(presentation.media(track, false));
            }
        }
    };
    Case { messages, work: Box::new(work) }
}

fn wall_ms(entry: &Entry) -> i64 {
    match entry {
        Entry::Frame(frame) => BEGAN_MS + frame.dts.millis(),
        Entry::Tracks(_) | Entry::Metadata(_) => BEGAN_MS,
    }
}

/// As if it were written behind what came before.
fn place(event: &Event<Vec<Bytes>>, end: &mut u64) -> Event<Range> {
    let placed: Result<_, Infallible> = event.place(|_, pieces| {
        let range =
            Range { offset: *end, len: pieces.iter().map(|piece| piece.len() as u64).sum() };
        *end += range.len;
        Ok(range)
    });
    match placed {
        Ok(event) => event,
        Err(never) => match never {},
    }
}
