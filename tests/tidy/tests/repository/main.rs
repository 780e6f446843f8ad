//! The repository checks itself. Every check lists all that is wrong, by file and line, with what to
//! do about it.

mod contract;
mod crates;
mod decisions;
mod dependencies;
mod leftovers;
mod pages;
mod purity;
mod seed;
mod sizes;
mod unsafe_code;
