//! The REST API of a Shardcast server, as far as a load test needs it: the streams that it publishes
//! through are made and removed by it, and it tells what is live.

mod account;
mod call;
mod client;
mod live;
mod streams;

pub(crate) use account::{Account, Login};
pub(crate) use live::live;
pub(crate) use streams::OwnStreams;
