//! The publishers' side: takes a publisher's protocol events and writes a stream. It never names the
//! viewers' side; both meet in the stream.

mod counters;
mod feed;
mod rtmp;
mod source;
mod sources;

pub use counters::Counters;
pub use feed::{Feed, FeedError};
pub use rtmp::{Left, publish as publish_rtmp};
pub use source::{Source, Visitor};
pub use sources::{Admitted, LINGER_MS, Refusal, STALE_MS, Sources, Takeover};
