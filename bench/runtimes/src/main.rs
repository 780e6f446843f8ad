//! The fan-out loop as bare programs: one stream to many loopback connections, on a plain epoll loop and on
//! several runtimes. What the server is built on was chosen by this, and the bare loop is what it is
//! measured against. `run.sh` runs them all and prints the table.

mod bare;
mod drain;
mod machine;
mod meter;
mod on_glommio;
mod on_monoio;
mod on_tokio;
mod options;
mod pattern;
mod show;

use std::process::ExitCode;

use options::{Command, Runtime};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let done = Command::read(std::env::args().skip(1)).and_then(|command| match command {
        Command::Drain(drain) => drain::run(&drain),
        Command::Serve(serve) => {
            machine::raise_descriptor_limit()?;
            machine::pin(serve.server_cpu)?;
            match serve.runtime {
                Runtime::Bare => bare::run(&serve),
                Runtime::MonoioUring => on_monoio::run_uring(&serve),
                Runtime::MonoioEpoll => on_monoio::run_epoll(&serve),
                Runtime::Glommio => on_glommio::run(&serve),
                Runtime::Tokio => on_tokio::run(&serve),
            }
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
