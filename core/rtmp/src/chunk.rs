//! Chunks: messages cut up and interleaved on one connection (RTMP, section 5.3).

mod header;
mod reader;
mod writer;

pub(crate) use reader::ChunkReader;
pub(crate) use writer::write_message;

/// The chunk size on both sides until Set Chunk Size says otherwise.
pub(crate) const DEFAULT_CHUNK_SIZE: usize = 128;

#[cfg(test)]
mod tests;
