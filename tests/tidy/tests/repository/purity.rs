//! Pure crates have no clock, randomness, file, socket, thread, environment or runtime: time and
//! bytes come in as values.

use tidy::{Complaints, File, Masked, TestFiles, Tree, UsedPath, paths, without_tests};

const PURE: [&str; 8] = [
    "bench/hlsplay/",
    "core/config/",
    "core/http1/",
    "core/media/",
    "core/rtmp/",
    "core/stream/",
    "delivery/hls/",
    "transcode/testcard/",
];

/// What no path of a pure crate begins with.
const ROOTS: [&str; 14] = [
    "getrandom",
    "libc",
    "monoio",
    "rand",
    "std::*",
    "std::env",
    "std::fs",
    "std::net::*",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::*",
    "tokio",
    "uuid",
];
/// What no path of a pure crate contains, under whatever name the module was imported.
const PARTS: [&str; 10] = [
    "Instant::now",
    "SystemTime::now",
    "io::stdin",
    "net::TcpListener",
    "net::TcpStream",
    "net::UdpSocket",
    "thread::spawn",
    "time::Instant",
    "time::SystemTime",
    "time::UNIX_EPOCH",
];

#[test]
fn pure_crates_touch_nothing_outside() {
    let sources = Tree::read().rust("");
    let mut complaints = impurities(&sources);
    for folder in PURE {
        if !sources.iter().any(|source| source.path.starts_with(folder)) {
            complaints.add(folder, 1, "a pure crate that is gone: name its new folder in PURE");
        }
    }
    complaints.finish();
}

fn impurities(sources: &[File]) -> Complaints {
    let mut complaints = Complaints::default();
    let tests = TestFiles::of(sources);
    let pure = |source: &&File| PURE.iter().any(|folder| source.path.starts_with(folder));
    for source in sources.iter().filter(pure).filter(|source| !tests.contain(&source.path)) {
        for path in paths(&without_tests(&Masked::new(&source.text))) {
            if is_impure(&path) {
                let what = format!("`{path}` in a pure crate: take it as a value from the caller");
                complaints.add(&source.path, path.line, what);
            }
        }
    }
    complaints
}

fn is_impure(path: &UsedPath) -> bool {
    ROOTS.iter().any(|root| path.begins(root)) || PARTS.iter().any(|part| path.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Complaints {
        impurities(&[File::new("core/media/src/a.rs", source)])
    }

    #[test]
    fn clocks_files_sockets_threads_and_runtimes_are_found() {
        for bad in [
            "use std::fs;",
            "use std::{collections::HashMap, fs::File};",
            "use std::time::{Duration, Instant};",
            "use std::net::{IpAddr, UdpSocket};",
            "fn f() { let now = ::std::time::SystemTime::now(); }",
            "use std::time; fn f() -> time::Instant { time::Instant::now() }",
            "fn f(i: Instant) { Instant::now(); }",
            "use std::time::*;",
            "use std::time::Instant as Clock;",
            "fn f() { std::thread::sleep(d); }",
            "fn f() { std::env::var(\"A\"); }",
            "use rand::Rng;",
            "use monoio;",
            "async fn f() { tokio::time::sleep(d).await; }",
            "#[cfg(not(test))] use std::fs;",
        ] {
            assert!(!found(bad).is_empty(), "{bad}");
        }
        assert!(found("\n\nuse std::fs;").mention(&["core/media/src/a.rs:3", "std::fs"]));
    }

    #[test]
    fn values_comments_strings_and_tests_are_not() {
        for fine in [
            "use std::time::Duration; use std::net::{IpAddr, SocketAddr};",
            "// std::fs\n/* use std::fs; */ const A: &str = \"std::fs\"; const B: &str = r#\"use std::fs;\"#;",
            "#[cfg(test)]\nmod tests { use std::fs; fn f() { std::env::var(\"A\"); } }",
            "fn rand(instant: u64) { let fs = rand; fs.thread(); }",
            "use std::fmt; use std::io::IoSlice; use crate::env::fs;",
        ] {
            assert!(found(fine).is_empty(), "{fine}: {:?}", found(fine));
        }
    }

    #[test]
    fn other_crates_and_test_files_are_free() {
        let sources = [
            File::new("core/media/src/lib.rs", "#[cfg(test)] mod fixtures;"),
            File::new("core/media/src/fixtures.rs", "use std::fs;"),
            File::new("core/media/tests/a.rs", "use std::fs;"),
            File::new("core/shard/src/lib.rs", "use std::fs;"),
        ];
        assert!(impurities(&sources).is_empty());
    }
}
