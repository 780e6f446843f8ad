use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::{clock, sys, task};

/// How often a shard's heart beats, in milliseconds.
pub const PULSE_MS: u64 = 20;

/// How well a shard runs: written by its heartbeat, read by control and by the shard itself.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Health {
    beat_ms: AtomicU64,
    /// Share of one core that the shard used of late, in thousandths.
    load: AtomicU32,
    /// How late the last beats came, by upper bound in ms: 1, 2, 5, 10, 20, 50, 100, more.
    late: [AtomicU64; 8],
    late_total_us: AtomicU64,
}

impl Health {
    /// Upper bounds of the lateness buckets in milliseconds; the last bucket has none.
    pub const LATE_MS: [u64; 7] = [1, 2, 5, 10, 20, 50, 100];

    /// Milliseconds since the last beat.
    pub fn age_ms(&self) -> u64 {
        clock::millis().saturating_sub(self.beat_ms.load(Relaxed))
    }

    /// Share of one core that the shard used over the last 200 ms, 0.0 to 1.0.
    pub fn load(&self) -> f32 {
        self.load.load(Relaxed) as f32 / 1000.0
    }

    /// Beats in each lateness bucket since the start.
    pub fn late(&self) -> [u64; 8] {
        std::array::from_fn(|index| self.late[index].load(Relaxed))
    }

    /// How late all beats since the start were together, in microseconds.
    pub fn late_total_us(&self) -> u64 {
        self.late_total_us.load(Relaxed)
    }

    /// Beats for ever.
    pub(crate) async fn beat(self: Arc<Self>) {
        const LOAD_EVERY: u64 = 200 / PULSE_MS;
        let mut cpu = sys::thread_cpu_micros();
        let mut wall = std::time::Instant::now();
        for beat in 1_u64.. {
            let slept = std::time::Instant::now();
            task::sleep(Duration::from_millis(PULSE_MS)).await;
            self.record(slept.elapsed().saturating_sub(Duration::from_millis(PULSE_MS)));
            if beat % LOAD_EVERY == 0 {
                let used = sys::thread_cpu_micros();
                let passed = wall.elapsed().as_micros() as u64;
                let load = (used - cpu) * 1000 / passed.max(1);
                self.load.store(load.min(1000) as u32, Relaxed);
                (cpu, wall) = (used, std::time::Instant::now());
            }
        }
    }

    fn record(&self, late: Duration) {
        self.beat_ms.store(clock::millis(), Relaxed);
        let late_ms = late.as_millis() as u64;
        let bucket = Self::LATE_MS.iter().position(|&bound| late_ms < bound).unwrap_or(7);
        self.late[bucket].fetch_add(1, Relaxed);
        self.late_total_us.fetch_add(late.as_micros() as u64, Relaxed);
    }
}
