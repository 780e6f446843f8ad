//! What processes use, out of `/proc` (proc(5)).

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};

use crate::summary::round3;

/// Ticks a second in `/proc/PID/stat`: Linux shows this unit whatever the kernel counts in.
const TICKS: f64 = 100.0;

/// What a process, or some of them, used or holds at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Used {
    /// User and system time of all threads since the start.
    pub(crate) cpu_seconds: f64,
    pub(crate) rss_kib: u64,
    pub(crate) memfd_kib: u64,
    pub(crate) descriptors: u64,
}

/// What the watched processes used over a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watched {
    pub(crate) cpu_seconds: f64,
    /// Of one core.
    pub(crate) cpu_share: f64,
    pub(crate) rss_kib: u64,
    pub(crate) rss_start_kib: u64,
    /// Memory of memory files, which RSS does not hold.
    pub(crate) memfd_kib: u64,
    pub(crate) descriptors: u64,
    pub(crate) descriptors_start: u64,
}

impl Watched {
    pub(crate) fn between(start: Used, end: Used, window_seconds: f64) -> Self {
        let cpu_seconds = round3(end.cpu_seconds - start.cpu_seconds);
        Self {
            cpu_seconds,
            cpu_share: round3(cpu_seconds / window_seconds.max(1e-3)),
            rss_kib: end.rss_kib,
            rss_start_kib: start.rss_kib,
            memfd_kib: end.memfd_kib,
            descriptors: end.descriptors,
            descriptors_start: start.descriptors,
        }
    }
}

/// The sum over these processes; one that is gone counts nothing.
pub(crate) fn processes(pids: &[u32]) -> Used {
    let mut sum = Used::default();
    let mut seen = HashSet::new();
    for pid in pids {
        let folder = format!("/proc/{pid}");
        sum.cpu_seconds += cpu_seconds(&format!("{folder}/stat"));
        let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        sum.rss_kib += kib(&status, "VmRSS:");
        let Ok(descriptors) = fs::read_dir(format!("{folder}/fd")) else { continue };
        for descriptor in descriptors.flatten() {
            sum.descriptors += 1;
            let path = descriptor.path();
            // The text is "/memfd:NAME (deleted)": no path whose components could be compared.
            let is_memory = fs::read_link(&path)
                .is_ok_and(|to| to.as_os_str().as_encoded_bytes().starts_with(b"/memfd:"));
            // Many descriptors may lead to one file.
            if let Ok(file) = fs::metadata(&path)
                && is_memory
                && seen.insert((file.dev(), file.ino()))
            {
                sum.memfd_kib += file.blocks() / 2;
            }
        }
    }
    sum
}

/// One of the runner's shards at a moment: seconds since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Thread {
    pub(crate) id: u32,
    pub(crate) ran: f64,
    /// It could have run, and others had the core.
    pub(crate) waited: f64,
}

/// The CPU of this process, and its threads that are shards.
pub(crate) fn own() -> (Used, Vec<Thread>) {
    let process = Used { cpu_seconds: cpu_seconds("/proc/self/stat"), ..Used::default() };
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let shards = tasks.filter_map(|task| {
        let id = task.file_name().to_str()?.parse().ok()?;
        let name = fs::read_to_string(task.path().join("comm")).ok()?;
        let times = fs::read_to_string(task.path().join("schedstat")).ok()?;
        let (ran, waited) = schedule(&times)?;
        name.starts_with("shard-").then_some(Thread { id, ran, waited })
    });
    (process, shards.collect())
}

/// What each thread did between two looks.
pub(crate) fn between(before: &[Thread], after: &[Thread]) -> impl Iterator<Item = Thread> {
    after.iter().map(|after| {
        let before = before.iter().find(|before| before.id == after.id).copied();
        let Thread { ran, waited, .. } = before.unwrap_or_default();
        Thread { ran: after.ran - ran, waited: after.waited - waited, ..*after }
    })
}

/// The first two fields of `/proc/PID/task/TID/schedstat`, in nanoseconds there.
fn schedule(text: &str) -> Option<(f64, f64)> {
    let mut fields = text.split_whitespace().map(|field| field.parse::<f64>().ok());
    Some((fields.next()?? / 1e9, fields.next()?? / 1e9))
}

fn cpu_seconds(path: &str) -> f64 {
    ticks(&fs::read_to_string(path).unwrap_or_default()) as f64 / TICKS
}

/// utime and stime: the 12th and 13th field behind the name, which may hold anything.
fn ticks(stat: &str) -> u64 {
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let number = |field: Option<&str>| field.and_then(|field| field.parse::<u64>().ok());
    let mut fields = fields.split_whitespace().skip(11);
    number(fields.next()).unwrap_or(0) + number(fields.next()).unwrap_or(0)
}

fn kib(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_a_name_with_brackets_and_spaces() {
        let stat = "12 (a ) b) S 1 2 3 4 5 6 7 8 9 10 120 34 0 0 20 0 9 0 1";
        assert_eq!(ticks(stat), 154);
        assert_eq!(ticks(""), 0);
    }

    #[test]
    fn threads_are_compared_by_their_ids() {
        assert_eq!(schedule("2000000000 500000000 7\n"), Some((2.0, 0.5)));
        assert_eq!(schedule("x"), None);
        let thread = |id, ran, waited| Thread { id, ran, waited };
        let (before, after) = ([thread(1, 2.0, 0.5)], [thread(1, 3.0, 0.75), thread(2, 1.0, 0.0)]);
        let found: Vec<Thread> = between(&before, &after).collect();
        assert_eq!(found, [thread(1, 1.0, 0.25), thread(2, 1.0, 0.0)]);
    }

    #[test]
    fn memory_is_read_from_the_status() {
        assert_eq!(kib("Name:\tx\nVmRSS:\t  123 kB\n", "VmRSS:"), 123);
        assert_eq!(kib("", "VmRSS:"), 0);
    }

    #[test]
    fn this_process_uses_memory_and_descriptors() {
        let mut file = shard::MemFile::new().unwrap();
        file.append(&[vec![1; 64 << 10].into()]).unwrap();
        let used = processes(&[std::process::id()]);
        assert!(used.rss_kib > 0 && used.descriptors > 0, "{used:?}");
        assert!(used.memfd_kib >= 64, "{used:?}");
        assert_eq!(processes(&[u32::MAX]), Used::default());
    }
}
