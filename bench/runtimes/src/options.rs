use std::collections::HashMap;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::Failure;

const USAGE: &str = "usage: runtimes serve --runtime bare|monoio-uring|monoio-epoll|glommio|tokio \
                     --connections N --seconds S --server-cpu CPU --client-cpu CPU";

pub(crate) enum Command {
    /// Sends to a drain that it starts, and prints what that cost.
    Serve(Serve),
    /// Receives and throws away; started by `serve`.
    Drain(Drain),
}

#[derive(Clone, Debug)]
pub(crate) struct Serve {
    pub(crate) runtime: Runtime,
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
    pub(crate) server_cpu: usize,
    pub(crate) client_cpu: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    Bare,
    MonoioUring,
    MonoioEpoll,
    Glommio,
    Tokio,
}

pub(crate) struct Drain {
    pub(crate) address: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) cpu: usize,
}

impl Runtime {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::MonoioUring => "monoio-uring",
            Self::MonoioEpoll => "monoio-epoll",
            Self::Glommio => "glommio",
            Self::Tokio => "tokio",
        }
    }
}

impl FromStr for Runtime {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        let all = [Self::Bare, Self::MonoioUring, Self::MonoioEpoll, Self::Glommio, Self::Tokio];
        all.into_iter().find(|one| one.name() == name).ok_or_else(|| USAGE.into())
    }
}

impl Command {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let command = words.next().ok_or(USAGE)?;
        let mut values = HashMap::new();
        while let Some(name) = words.next() {
            values.insert(name, words.next().ok_or(USAGE)?);
        }
        match command.as_str() {
            "serve" => Ok(Self::Serve(Serve {
                runtime: value(&values, "--runtime")?,
                connections: value(&values, "--connections")?,
                seconds: value(&values, "--seconds")?,
                server_cpu: value(&values, "--server-cpu")?,
                client_cpu: value(&values, "--client-cpu")?,
            })),
            "drain" => Ok(Self::Drain(Drain {
                address: value(&values, "--address")?,
                connections: value(&values, "--connections")?,
                cpu: value(&values, "--cpu")?,
            })),
            _ => Err(USAGE.into()),
        }
    }
}

fn value<T: FromStr>(values: &HashMap<String, String>, name: &str) -> Result<T, Failure> {
    let value = values.get(name).ok_or(USAGE)?;
    value.parse().map_err(|_| format!("{name} {value}: {USAGE}").into())
}
