//! Why a connection was not to be had, or ended.

use std::io;

/// The end of a connection. The text is a reason that is counted, so it holds no numbers that vary
/// from one connection to the next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ended {
    /// The server, or its system, said no.
    #[error("{0}")]
    Refused(String),
    /// It broke, or was closed.
    #[error("{0}")]
    Broken(String),
}

impl Ended {
    /// The server closed it without a word.
    pub(crate) fn closed() -> Self {
        Self::Broken("the server closed the connection".into())
    }

    /// Nothing came, or was taken, in time.
    pub(crate) fn late(what: &str) -> Self {
        Self::Broken(format!("no {what} in time"))
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused("connection refused".into()),
            io::ErrorKind::ConnectionReset => {
                Self::Broken("the server reset the connection".into())
            }
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => Self::closed(),
            io::ErrorKind::AddrNotAvailable => {
                Self::Broken("no local port left (use --source-ip)".into())
            }
            // "Too many open files" and the like; the system's words are the same for all.
            _ => Self::Broken(error.to_string()),
        }
    }
}

impl From<rtmp::Error> for Ended {
    fn from(error: rtmp::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<media::flv::Error> for Ended {
    fn from(error: media::flv::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
