use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// How busy a shard says it is.
#[derive(Debug, Default)]
pub struct Health {
    load: AtomicU32,
}

impl Health {
    /// Share of one core that the shard used of late, 0.0 to 1.0.
    pub fn load(&self) -> f32 {
        self.load.load(Relaxed) as f32 / 1000.0
    }

    /// Pretends a load, in thousandths of a core.
    pub fn pretend(&self, thousandths: u32) {
        self.load.store(thousandths, Relaxed);
    }
}
