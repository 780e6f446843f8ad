use crate::macros::choice;

choice! {
    /// What becomes of a second publisher of a live key (`PUBLISH_TAKEOVER`).
    pub enum Takeover {
        /// It takes over when the first has sent no media for 3 s, else it is refused.
        Stale = "stale",
        /// It takes over.
        Always = "always",
        /// It is refused.
        Never = "never",
    }
}

choice! {
    /// The name of a rung by its height (`DEFAULT_QUALITY`).
    pub enum Quality {
        /// `PRESET_360P`
        P360 = "360p",
        /// `PRESET_480P`
        P480 = "480p",
        /// `PRESET_720P`
        P720 = "720p",
        /// `PRESET_1080P`
        P1080 = "1080p",
    }
}

choice! {
    /// How sockets are driven (`RUNTIME`).
    pub enum Runtime {
        /// `io_uring` where the kernel allows it, else `epoll`.
        Auto = "auto",
        /// `io_uring`, or no start.
        IoUring = "io_uring" | "iouring" | "io-uring",
        /// `epoll`.
        Epoll = "epoll",
    }
}

choice! {
    /// How much is logged (`LOG_LEVEL`). The old server's finer words are understood.
    pub enum LogLevel {
        /// What failed.
        Error = "error",
        /// What may fail.
        Warn = "warn" | "warning",
        /// What happened.
        Info = "info",
        /// What happens inside.
        Debug = "debug" | "http" | "verbose",
        /// Everything.
        Trace = "trace" | "silly",
    }
}

choice! {
    /// The role of who registers (`REGISTRATION`).
    pub enum Registration {
        /// May stream.
        Streamer = "streamer",
        /// May watch and chat.
        Viewer = "viewer",
        /// Nobody registers: an administrator adds users.
        Closed = "closed",
    }
}

choice! {
    /// Where recordings are kept (`STORAGE_PROVIDER`).
    pub enum Storage {
        /// In `RECORDING_PATH`.
        Local = "local",
        /// In `S3_BUCKET`.
        S3 = "s3",
    }
}
