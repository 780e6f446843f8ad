//! The media plane's wiring: what each shard owns, its ports, and its mail. The only place that names
//! both the publishers' and the viewers' side.

mod home;
mod http_port;
mod mail;
mod rtmp_port;
mod sessions;
mod shard_main;
mod state;
mod throttle;

pub(crate) use mail::{Ask, Desk, Mail, Tell};
pub(crate) use shard_main::run;
pub(crate) use state::{Settings, Setup, ShardParts};
pub(crate) use throttle::{Allowance, Throttle};

/// Letters that wait for a shard. One letter is a batch of frames or an event, so this is seconds of
/// every stream.
pub(crate) const SHARD_MAIL: usize = 16_384;
/// Questions and notices that wait for control.
pub(crate) const DESK_MAIL: usize = 4096;
/// Questions of one shard that wait for an answer.
const MAX_ASKED: usize = 1024;
