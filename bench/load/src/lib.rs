//! The load runner: thousands of publishers and players from one process, counted frame by frame.

pub mod arrival;
pub mod stamp;
