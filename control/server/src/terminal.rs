//! The terminal that the server was started from.

use std::io::IsTerminal;

/// Whether there was a terminal at the start. SIGHUP then has two meanings: the terminal is gone, which
/// ends the server, or somebody wants the settings to be read again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    was_there: bool,
}

impl Terminal {
    /// As it is now.
    pub(crate) fn at_start() -> Self {
        Self { was_there: is_there() }
    }

    /// Whether it is gone: a terminal that hung up answers as no terminal.
    pub(crate) fn is_gone(self) -> bool {
        self.was_there && !is_there()
    }
}

fn is_there() -> bool {
    std::io::stdin().is_terminal() || std::io::stdout().is_terminal()
}
