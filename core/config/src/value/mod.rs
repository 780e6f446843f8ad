//! The types of single values.

mod net;
mod origin;
mod role;
mod rung;
mod secret;
mod size;
mod url;
mod word;

pub use net::{Cidr, Host, Rate};
pub use origin::{Embed, Origins, WebOrigin};
pub use role::{Role, RoleMap};
pub use rung::Rung;
pub use secret::Secret;
pub use size::Size;
pub use url::{BaseUrl, IceUrl};
pub use word::{LogLevel, Quality, Registration, Runtime, Storage, Takeover};
