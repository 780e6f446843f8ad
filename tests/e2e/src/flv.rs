//! FLV files by a reader and a writer of their own, so that the server's are not tested by themselves.

use std::io::{self, Read, Write};

/// The longest tag body: what 24 bits can say.
const MAX_BODY: usize = 0xff_ffff;
const HEADER_LEN: usize = 9;
const TAG_HEAD_LEN: usize = 11;
/// The length of the back pointer after each tag.
const BACK_LEN: usize = 4;

/// What a tag carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 8
    Audio,
    /// 9
    Video,
    /// 18
    Script,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What it carries.
    pub kind: Kind,
    /// Milliseconds.
    pub timestamp: u32,
    /// The body, without the tag's head.
    pub body: Vec<u8>,
}

impl Tag {
    /// Whether it begins a group of pictures: a key frame with data, in the old or the enhanced form.
    pub fn is_key_frame(&self) -> bool {
        let [first, second, ..] = self.body[..] else { return false };
        let key = first & 0x70 == 0x10;
        let enhanced = first & 0x80 != 0;
        let frames = if enhanced { matches!(first & 0x0f, 1 | 3) } else { second == 1 };
        self.kind == Kind::Video && key && frames
    }

    /// Whether it holds a decoder's configuration.
    pub fn is_configuration(&self) -> bool {
        let [first, second, ..] = self.body[..] else { return false };
        match self.kind {
            Kind::Video if first & 0x80 != 0 => first % 16 == 0,
            Kind::Video => second == 0,
            Kind::Audio if first >> 4 == 9 => first % 16 == 0,
            Kind::Audio => first >> 4 == 10 && second == 0,
            Kind::Script => false,
        }
    }
}

/// Reads the file's header. Errors say what is wrong.
pub fn read_header(input: &mut impl Read) -> io::Result<()> {
    let mut header = [0; HEADER_LEN + BACK_LEN];
    input.read_exact(&mut header)?;
    let fine = header.starts_with(b"FLV\x01") && header[5..] == [0, 0, 0, 9, 0, 0, 0, 0];
    if fine { Ok(()) } else { Err(io::Error::other(format!("no FLV header: {header:?}"))) }
}

/// Reads the next tag; `None` at the end.
pub fn read_tag(input: &mut impl Read) -> io::Result<Option<Tag>> {
    let mut head = [0; TAG_HEAD_LEN];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let kind = match head[0] {
        8 => Kind::Audio,
        9 => Kind::Video,
        18 => Kind::Script,
        other => return Err(io::Error::other(format!("tag type {other}"))),
    };
    let length = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
    let timestamp = u32::from_be_bytes([head[7], head[4], head[5], head[6]]);
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    let mut back = [0; BACK_LEN];
    input.read_exact(&mut back)?;
    if u32::from_be_bytes(back) as usize != length + TAG_HEAD_LEN {
        return Err(io::Error::other(format!("after {length} bytes the back pointer is {back:?}")));
    }
    Ok(Some(Tag { kind, timestamp, body }))
}

/// All tags of a file.
pub fn read_file(bytes: &[u8]) -> io::Result<Vec<Tag>> {
    let mut input = bytes;
    read_header(&mut input)?;
    std::iter::from_fn(|| read_tag(&mut input).transpose()).collect()
}

/// Writes a file of these tags.
pub fn write_file(output: &mut impl Write, tags: &[Tag]) -> io::Result<()> {
    let has = |kind| u8::from(tags.iter().any(|tag| tag.kind == kind));
    let flags = has(Kind::Audio) << 2 | has(Kind::Video);
    output.write_all(&[b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0])?;
    for tag in tags {
        let kind = match tag.kind {
            Kind::Audio => 8,
            Kind::Video => 9,
            Kind::Script => 18,
        };
        if tag.body.len() > MAX_BODY {
            return Err(io::Error::other("the tag is too long"));
        }
        let length = (tag.body.len() as u32).to_be_bytes();
        let time = tag.timestamp.to_be_bytes();
        output.write_all(&[kind, length[1], length[2], length[3]])?;
        output.write_all(&[time[1], time[2], time[3], time[0], 0, 0, 0])?;
        output.write_all(&tag.body)?;
        output.write_all(&((tag.body.len() + TAG_HEAD_LEN) as u32).to_be_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_read_back() {
        let tag = |kind, timestamp, body: &[u8]| Tag { kind, timestamp, body: body.to_vec() };
        let tags = [
            tag(Kind::Video, 0, &[0x17, 0, 0, 0, 0]),
            tag(Kind::Audio, 0x0123_4567, &[0xaf, 1, 2]),
            tag(Kind::Video, 40, &[0x17, 1, 0, 0, 0, 9]),
        ];
        let mut file = Vec::new();
        write_file(&mut file, &tags).unwrap();
        assert_eq!(read_file(&file).unwrap(), tags);
        assert!(tags[0].is_configuration() && !tags[0].is_key_frame());
        assert!(tags[2].is_key_frame() && !tags[2].is_configuration());
        file[20] ^= 1;
        assert!(read_file(&file).is_ok());
        let end = file.len() - 1;
        file[end] ^= 1;
        assert!(read_file(&file).is_err());
    }
}
