//! The viewers' side: what a shard sends by RTMP, HTTP-FLV, WebSocket-FLV, HLS and LL-HLS, and the
//! pages. It reads streams and never names the ingest side.

mod audience;
mod context;
mod counters;
mod elsewhere;
mod gather;
mod http;
mod packaging;
mod players;
mod relay;
mod rtmp_play;
mod sessions;
mod shelf;
mod status;
mod watching;
mod wire;

pub use context::{Answering, Context, Describe, Elsewhere, Parts, Resolve, Settings};
pub use counters::Counters;
pub use http::serve as serve_http;
pub use relay::Letter;
pub use rtmp_play::play as play_rtmp;
