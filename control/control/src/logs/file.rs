use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is larger than this is put aside, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// Files that are kept besides the current one: `combined.log.1` is the newest.
const KEPT: u32 = 4;

/// A log file that never grows without end.
pub(super) struct LogFile {
    path: PathBuf,
    file: BufWriter<File>,
    size: u64,
    max: u64,
}

impl LogFile {
    /// Appends to the file, or makes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::with_max(path, MAX_FILE)
    }

    fn with_max(path: &Path, max: u64) -> io::Result<Self> {
        let file = append(path)?;
        let size = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), size, max })
    }

    fn aside(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file.flush()?;
        for number in (1..KEPT).rev() {
            // A gap in the numbers is no reason to stop.
            let _ = fs::rename(self.aside(number), self.aside(number + 1));
        }
        match fs::rename(&self.path, self.aside(1)) {
            // Put aside already: by an earlier attempt that could not open the next file, or by hand.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.file = BufWriter::new(append(&self.path)?);
        self.size = 0;
        Ok(())
    }
}

/// Each call is one whole line.
impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.size > 0 && self.size + line.len() as u64 > self.max {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.size += line.len() as u64;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let mut file = LogFile::with_max(&path, 10).unwrap();
        for number in 0..8 {
            file.write_all(format!("line {number}\n").as_bytes()).unwrap();
        }
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "line 7\n");
        assert_eq!(fs::read_to_string(file.aside(1)).unwrap(), "line 6\n");
        assert_eq!(fs::read_to_string(file.aside(KEPT)).unwrap(), "line 3\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1 + KEPT as usize);
    }

    #[test]
    fn a_file_that_was_taken_away_is_made_again_when_it_is_full() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        let mut file = LogFile::with_max(&path, 10).unwrap();
        file.write_all(b"line 1\n").unwrap();
        fs::remove_file(&path).unwrap();
        file.write_all(b"line 2\n").unwrap();
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "line 2\n");
    }

    #[test]
    fn a_file_of_the_last_run_is_continued() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.log");
        fs::write(&path, "before\n").unwrap();
        LogFile::with_max(&path, 100).unwrap().write_all(b"after\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nafter\n");
    }
}
