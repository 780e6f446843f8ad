//! The server's configuration: layered sources in, one validated immutable value out.
//!
//! Pure: the caller reads flags, the environment and files and hands their content in as
//! [`Sources`]; [`Config::build`] answers with a typed [`Config`] and what to tell the operator, or
//! with every [`Problem`] at once. One table, [`SETTINGS`], is the only place where a setting is
//! declared: parsing, the help text, the reference page and `.env.example` all come from it.
//!
//! ```
//! let sources = config::Sources {
//!     dotenv: config::parse_env("RTMP_PORT=1936"),
//!     toml: config::parse_toml("rtmp_port = 1937\nhttp_port = 8000"),
//!     ..config::Sources::default()
//! };
//! let (config, _notes) = config::Config::build(&sources).unwrap();
//! assert_eq!((config.rtmp_port, config.http_port), (1936, 8000));
//! ```

mod build;
mod check;
mod diff;
mod dotenv;
mod field;
mod macros;
mod render;
mod report;
mod resolve;
mod setting;
mod source;
mod suggest;
mod table;
mod tomltext;
mod value;
mod views;

pub use build::Effective;
pub use diff::Change;
pub use dotenv::parse_env;
pub use render::{env_example, help, reference};
pub use report::{Note, Problem};
pub use resolve::secret_files;
pub use setting::{Kind, Reload, Setting, Unit};
pub use source::{Layer, Source, Sources};
pub use table::{Config, SETTINGS};
pub use tomltext::parse_toml;
pub use value::{
    BaseUrl, Cidr, Embed, Host, IceUrl, LogLevel, Origins, Quality, Rate, Registration, Role,
    RoleMap, Rung, Runtime, Secret, Size, Storage, Takeover, WebOrigin,
};
pub use views::{Mysql, Redis, S3, Tls};
