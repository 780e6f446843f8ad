//! The API as its clients see it, on the embedded database and in this process; with TEST_DATABASE=HOST:PORT
//! on that server, and with TEST_REDIS=1 on a Redis for each test.

mod abuse;
mod auth;
mod description;
pub(crate) mod fixture;
mod nodes;
mod port;
mod roles;
mod streams;
mod users;
