//! The measurement: CPU time of this process over a window of whole seconds of the pattern.

use std::time::{Duration, Instant};

use crate::machine;
use crate::options::Serve;
use crate::pattern::PER_SECOND;

/// Seconds of the pattern before the window.
const WARM_UP: u64 = 2;

pub(crate) struct Meter {
    serve: Serve,
    bytes_per_second: usize,
    begun: Option<Begun>,
}

struct Begun {
    at: Instant,
    cpu: Duration,
    sent: u64,
}

impl Meter {
    pub(crate) fn new(serve: &Serve, bytes_per_second: usize) -> Self {
        Self { serve: serve.clone(), bytes_per_second, begun: None }
    }

    /// To be asked after each publication, with the messages published and the bytes sent so far. At
    /// the end of the window it prints the result and says so.
    pub(crate) fn is_over(&mut self, published: u64, sent: u64) -> bool {
        match &self.begun {
            None if published >= WARM_UP * PER_SECOND => {
                self.begun = Some(Begun { at: Instant::now(), cpu: machine::cpu_time(), sent });
                false
            }
            Some(begun) if published >= (WARM_UP + self.serve.seconds) * PER_SECOND => {
                self.print(begun, sent);
                true
            }
            _ => false,
        }
    }

    fn print(&self, begun: &Begun, sent: u64) {
        let Serve { runtime, connections, seconds, .. } = &self.serve;
        let cpu = machine::cpu_time().saturating_sub(begun.cpu).as_secs_f64();
        let wall = begun.at.elapsed().as_secs_f64();
        let due = self.bytes_per_second as f64 * *seconds as f64 * *connections as f64;
        println!(
            "{{\"runtime\":\"{}\",\"connections\":{connections},\"seconds\":{wall:.3},\
             \"cpu_seconds\":{cpu:.3},\"cpu_share\":{:.4},\"delivered\":{:.4}}}",
            runtime.name(),
            cpu / wall,
            (sent - begun.sent) as f64 / due,
        );
    }
}
