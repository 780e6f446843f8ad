//! The binary's wiring of the media plane as it is.

#[path = "../../../control/server/src/plane/home.rs"]
mod home;
#[path = "../../../control/server/src/plane/http_port.rs"]
mod http_port;
#[path = "../../../control/server/src/plane/mail.rs"]
mod mail;
#[path = "../../../control/server/src/plane/rtmp_port.rs"]
mod rtmp_port;
#[path = "../../../control/server/src/plane/sessions.rs"]
mod sessions;
#[expect(dead_code, reason = "the binary waits for a shard's end, and the simulator makes it")]
#[path = "../../../control/server/src/plane/shard_main.rs"]
mod shard_main;
#[path = "../../../control/server/src/plane/state.rs"]
mod state;
#[path = "../../../control/server/src/plane/throttle.rs"]
mod throttle;

pub(crate) use mail::{Ask, Desk, Mail, Tell};
pub(crate) use shard_main::start;
pub(crate) use state::{Plane, Settings, Setup, ShardParts};
pub(crate) use throttle::{Allowance, Throttle};

/// As in the binary.
pub(crate) const SHARD_MAIL: usize = 16_384;
/// As in the binary.
pub(crate) const DESK_MAIL: usize = 4096;
/// As in the binary.
const MAX_ASKED: usize = 1024;
