//! The framing around bodies in an FLV file or stream (FLV E.2 to E.4.1).

/// The bytes of [`file_header`].
pub const FILE_HEADER_LEN: usize = 13;
/// The bytes of [`tag_header`].
pub const TAG_HEADER_LEN: usize = 11;

/// What a tag carries; the numbers are also RTMP's message types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the specification's own names")]
pub enum TagType {
    Audio = 8,
    Video = 9,
    ScriptData = 18,
}

impl TagType {
    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            8 => Some(Self::Audio),
            9 => Some(Self::Video),
            18 => Some(Self::ScriptData),
            _ => None,
        }
    }
}

/// The start of a file, with the size 0 of the tag before the first one.
pub const fn file_header(has_audio: bool, has_video: bool) -> [u8; FILE_HEADER_LEN] {
    let flags = (has_audio as u8) << 2 | has_video as u8;
    [b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0]
}

/// What stands before a tag's body: its type, `body_len` (under 2^24) and its timestamp in
/// milliseconds.
pub const fn tag_header(
    tag_type: TagType,
    timestamp_ms: u32,
    body_len: usize,
) -> [u8; TAG_HEADER_LEN] {
    debug_assert!(body_len < 1 << 24, "a tag's length has 24 bits");
    let [_, l0, l1, l2] = (body_len as u32).to_be_bytes();
    let [extended, t0, t1, t2] = timestamp_ms.to_be_bytes();
    [tag_type as u8, l0, l1, l2, t0, t1, t2, extended, 0, 0, 0]
}

/// What stands after a tag's body.
pub const fn previous_tag_size(body_len: usize) -> [u8; 4] {
    ((TAG_HEADER_LEN + body_len) as u32).to_be_bytes()
}
