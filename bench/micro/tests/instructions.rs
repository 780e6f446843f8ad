//! No hot path takes more instructions than it did, by valgrind's count, which does not depend on the
//! machine's load.
//!
//! After a change that is worth it: `UPDATE_BASELINE=1 cargo nextest run --release -p micro`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const CASES: [&str; 4] = ["rtmp", "log", "packager", "batch"];
/// Allocators and string functions differ a little from system to system.
const TOLERANCE_PERCENT: u64 = 3;
/// The C library copies by other instructions on other processors; without these it does not.
const TUNABLES: &str =
    "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM";
const UPDATE: &str = "UPDATE_BASELINE=1 cargo nextest run --release -p micro";

/// Instructions of each case.
type Counts = BTreeMap<String, u64>;

#[test]
fn no_hot_path_takes_more_instructions_than_its_baseline() {
    if cfg!(debug_assertions) {
        println!("the baseline is that of the release profile: nothing compared");
        return;
    }
    let counts: Counts = CASES.into_iter().map(|case| (case.to_owned(), count(case))).collect();
    write(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("instructions.json"), &counts);
    let baseline = baseline();
    if std::env::var_os("UPDATE_BASELINE").is_some() {
        write(&baseline, &counts);
        return;
    }
    let Ok(known) = std::fs::read_to_string(&baseline) else {
        println!("no baseline for this processor yet; to make one: {UPDATE}");
        return;
    };
    let known: Counts = serde_json::from_str(&known).unwrap();
    let mut worse = Vec::new();
    for (case, count) in &counts {
        let before = known.get(case).copied().unwrap_or(0);
        if *count * 100 > before * (100 + TOLERANCE_PERCENT) {
            worse.push(format!("{case}: {count} instructions, {before} before"));
        } else if *count * (100 + TOLERANCE_PERCENT) < before * 100 {
            println!("{case} got better: {count}, {before} before. Keep it: {UPDATE}");
        }
    }
    assert!(
        worse.is_empty(),
        "over the baseline by more than {TOLERANCE_PERCENT} %:\n{}\nIf it is worth it: {UPDATE}",
        worse.join("\n")
    );
}

/// Instructions inside the binary's `measured`.
fn count(case: &str) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--toggle-collect=*measured*"]);
    valgrind.args(["--callgrind-out-file=/dev/null", env!("CARGO_BIN_EXE_micro"), case]);
    valgrind.env("GLIBC_TUNABLES", TUNABLES);
    let output = valgrind.output().expect("valgrind is missing: run ./setup.sh --test");
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{case}: {log}");
    let collected = log.lines().find_map(|line| line.split_once("Collected :"));
    let count: u64 = collected.unwrap().1.trim().parse().unwrap();
    let messages: u64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    println!("{case}: {count} instructions, {} for each of {messages} messages", count / messages);
    assert!(count > messages, "{case}: valgrind did not find what to measure");
    count
}

/// The counts of one kind of processor.
fn baseline() -> PathBuf {
    let name = format!("baseline-{}.json", std::env::consts::ARCH);
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn write(path: &Path, counts: &Counts) {
    std::fs::write(path, serde_json::to_string_pretty(counts).unwrap() + "\n").unwrap();
    println!("wrote {}", path.display());
}
