//! What the repository's checks of itself are made of: the tree, the dependency graph, a scanner of
//! Rust source, a reader of Markdown tables, and a list of complaints.
//!
//! The checks are in `tests/repository`. Each is a function from text to complaints, so that it is
//! itself tested on small bad inputs, and each names all that is wrong at once.

mod complaints;
mod functions;
mod manifest;
mod markdown;
mod mask;
mod paths;
mod testcode;
mod tree;
mod workspace;

pub use complaints::Complaints;
pub use functions::{Function, functions};
pub use manifest::table_keys;
pub use markdown::{Row, links, rows};
pub use mask::Masked;
pub use paths::{UsedPath, paths};
pub use testcode::{TestFiles, without_tests};
pub use tree::{File, Tree};
pub use workspace::{Dependency, Kind, Package, Workspace};
