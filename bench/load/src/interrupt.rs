//! Signals that ask the runner to come to an end: SIGINT (Ctrl-C), SIGTERM, SIGHUP.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Counts them, from its making on; before, and without one, they end the process at once.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<u32>);

impl Interrupt {
    /// Listens from now on, on a thread of its own that ends with the process.
    pub(crate) fn listen() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let [mut int, mut term, mut hup] = {
            let _inside = runtime.enter();
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            let signals: Vec<_> = kinds.into_iter().map(signal).collect::<Result<_, _>>()?;
            <[_; 3]>::try_from(signals).ok().context("three signals")?
        };
        let (told, heard) = watch::channel(0);
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                loop {
                    let came = tokio::select! {
                        came = int.recv() => came,
                        came = term.recv() => came,
                        came = hup.recv() => came,
                    };
                    if came.is_none() {
                        return;
                    }
                    told.send_modify(|times| *times += 1);
                }
            });
        })?;
        Ok(Self(heard))
    }

    /// How often until now.
    pub(crate) fn times(&self) -> u32 {
        *self.0.borrow()
    }

    /// Waits for the first.
    pub(crate) async fn first(&mut self) {
        if self.0.wait_for(|times| *times > 0).await.is_err() {
            // Nobody listens any more, so none will come.
            std::future::pending::<()>().await;
        }
    }
}
