//! The REST API of a Shardcast server: the streams that a load test publishes through are made and removed
//! by it, it tells what is live, and it is asked at a constant rate to see how fast it is.

mod account;
mod call;
mod client;
mod crowd;
mod live;
mod mix;
mod requester;
mod streams;

pub(crate) use account::{Account, Login};
pub(crate) use crowd::Crowd;
pub(crate) use live::live;
pub(crate) use requester::{Plan, Requester};
pub(crate) use streams::OwnStreams;
