//! The parsers of `media`.

mod amf0;
mod codec;
mod flv;
mod metadata;

pub(crate) use amf0::amf0;
pub(crate) use codec::{codec_record, in_band, nal};
pub(crate) use flv::{flv_file, flv_message};
pub(crate) use metadata::metadata;
