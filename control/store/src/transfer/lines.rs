//! The lines of the file, each ended by a line feed, and the checksum over them.

use std::io::{BufRead, Read, Write};

use aws_lc_rs::digest::{Context, SHA256};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MAX_LINE;
use crate::keys::hex;
use crate::{Error, Result};

/// Writes lines.
pub(super) struct Writer<'w> {
    out: &'w mut dyn Write,
    digest: Context,
}

impl<'w> Writer<'w> {
    pub(super) fn new(out: &'w mut dyn Write) -> Self {
        Self { out, digest: Context::new(&SHA256) }
    }

    pub(super) fn line(&mut self, value: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value).expect("texts and numbers are valid JSON");
        line.push(b'\n');
        if line.len() as u64 > MAX_LINE {
            return Err(Error::NotExported("a row is longer than 64 MiB".into()));
        }
        self.digest.update(&line);
        self.out.write_all(&line).map_err(failed)
    }

    /// Of all lines so far.
    pub(super) fn sha256(&self) -> String {
        hex(self.digest.clone().finish().as_ref())
    }

    pub(super) fn finish(self) -> Result<()> {
        self.out.flush().map_err(failed)
    }
}

/// Reads lines.
pub(super) struct Reader<R> {
    input: R,
    digest: Context,
    /// The line read last, from 1.
    pub(super) number: u64,
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, digest: Context::new(&SHA256), number: 0 }
    }

    /// The next line, and the checksum of those before it.
    pub(super) fn line<T: DeserializeOwned>(&mut self) -> Result<(T, String)> {
        self.number += 1;
        let before = hex(self.digest.clone().finish().as_ref());
        let mut line = Vec::new();
        let read = self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        read.map_err(|error| Error::NotImported(format!("it cannot be read: {error}")))?;
        if line.last() != Some(&b'\n') {
            let reason = format!("it is cut off at line {}: export again", self.number);
            return Err(Error::NotImported(reason));
        }
        self.digest.update(&line);
        let value = serde_json::from_slice(&line).map_err(|error| {
            // serde's message could quote a secret, so the position alone is told.
            let (line, column) = (self.number, error.column());
            Error::NotImported(format!("line {line} is damaged at column {column}: export again"))
        })?;
        Ok((value, before))
    }

    /// Fails when more follows.
    pub(super) fn end(&mut self) -> Result<()> {
        match self.input.fill_buf() {
            Ok([]) => Ok(()),
            Ok(_) => Err(Error::NotImported("something follows its last line".into())),
            Err(error) => Err(Error::NotImported(format!("it cannot be read: {error}"))),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: std::io::Error) -> Error {
    Error::NotExported(error.to_string())
}
