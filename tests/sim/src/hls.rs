//! HLS and LL-HLS: a viewer that loads what it is told of, and a library of all that viewers were ever
//! told, which has to fit together.

mod library;
mod mp4;
mod playlist;
mod reply;
mod viewer;

pub(crate) use library::Library;
pub(crate) use viewer::{HlsViewer, Manner};
