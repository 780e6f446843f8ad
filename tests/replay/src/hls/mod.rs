//! The packager and the presentation of `hls`.

mod events;
mod fragment;
mod playlist;
mod publisher;
mod viewer;

pub(crate) use publisher::hls_stream;
pub(crate) use viewer::hls_names;
