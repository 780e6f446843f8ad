//! The server as a whole, with clients that others wrote.

mod admin;
mod adoption;
mod adoption_http;
mod api;
mod browser;
mod common;
mod description;
mod enhanced;
mod guessing;
mod http;
mod load;
mod logs;
mod nodes;
mod outage;
mod playing;
mod playlists;
mod publishers;
mod reload;
mod restart;
mod sessions;
mod smuggling;
mod stalled;
mod start;
