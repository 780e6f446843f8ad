use std::time::Duration;

use crate::{Error, Limits, Millis};

/// Watches that the peer goes on: through the handshake, to its request, and ever after.
#[derive(Clone, Debug)]
pub(crate) struct Watchdog {
    started: Millis,
    last_input: Millis,
    /// When a sign of life was asked for, since the last input.
    pinged: bool,
    handshake: Duration,
    request: Duration,
}

/// What a connection is at, which decides how long its peer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Shaking hands.
    Handshake,
    /// Neither publishing nor playing, since then.
    Waiting(Millis),
    /// Publishing or playing: it may be silent for so long.
    Active(Duration),
}

impl Watchdog {
    pub(crate) const fn new(limits: &Limits, now: Millis) -> Self {
        Self {
            started: now,
            last_input: now,
            pinged: false,
            handshake: limits.handshake_timeout,
            request: limits.request_timeout,
        }
    }

    /// The peer sent something.
    pub(crate) const fn fed(&mut self, now: Millis) {
        self.last_input = now;
        self.pinged = false;
    }

    /// Checks the time; true when the peer is to be pinged.
    pub(crate) fn check(&mut self, now: Millis, activity: Activity) -> Result<bool, Error> {
        if now < self.deadline(activity) {
            let ping = !self.pinged && self.ping_at(activity).is_some_and(|at| at <= now);
            self.pinged |= ping;
            return Ok(ping);
        }
        Err(match activity {
            Activity::Handshake => Error::HandshakeTimeout,
            Activity::Waiting(_) => Error::RequestTimeout,
            Activity::Active(_) => Error::IdleTimeout,
        })
    }

    /// When to check next.
    pub(crate) fn next(&self, activity: Activity) -> Millis {
        let ping = self.ping_at(activity).filter(|_| !self.pinged);
        ping.unwrap_or(self.deadline(activity))
    }

    fn deadline(&self, activity: Activity) -> Millis {
        match activity {
            Activity::Handshake => self.started.plus(self.handshake),
            Activity::Waiting(since) => since.plus(self.request),
            Activity::Active(idle) => self.last_input.plus(idle),
        }
    }

    fn ping_at(&self, activity: Activity) -> Option<Millis> {
        match activity {
            Activity::Active(idle) => Some(self.last_input.plus(idle / 2)),
            Activity::Handshake | Activity::Waiting(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Activity = Activity::Active(Duration::from_secs(30));

    #[test]
    fn a_silent_peer_is_pinged_once_and_then_given_up() {
        let mut watchdog = Watchdog::new(&Limits::default(), Millis(1000));
        assert_eq!(watchdog.next(IDLE), Millis(16_000));
        assert_eq!(watchdog.check(Millis(15_999), IDLE), Ok(false));
        assert_eq!(watchdog.check(Millis(16_000), IDLE), Ok(true));
        assert_eq!(watchdog.check(Millis(16_001), IDLE), Ok(false));
        assert_eq!(watchdog.next(IDLE), Millis(31_000));
        assert_eq!(watchdog.check(Millis(31_000), IDLE), Err(Error::IdleTimeout));
        watchdog.fed(Millis(30_999));
        assert_eq!(watchdog.check(Millis(31_000), IDLE), Ok(false));
    }

    #[test]
    fn input_does_not_prolong_the_handshake_or_the_wait_for_a_request() {
        let mut watchdog = Watchdog::new(&Limits::default(), Millis(0));
        watchdog.fed(Millis(9999));
        assert_eq!(watchdog.next(Activity::Handshake), Millis(10_000));
        let late = watchdog.check(Millis(10_000), Activity::Handshake);
        assert_eq!(late, Err(Error::HandshakeTimeout));
        let waiting = Activity::Waiting(Millis(5000));
        assert_eq!(watchdog.check(Millis(34_999), waiting), Ok(false));
        assert_eq!(watchdog.check(Millis(35_000), waiting), Err(Error::RequestTimeout));
    }
}
