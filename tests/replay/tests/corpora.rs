//! Every input that the fuzzers collected, through the target that it was collected for.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use replay::{Target, targets};

/// The most bytes of a target's committed corpus; `tests/fuzz/run.sh` keeps it minimal.
const MAX_CORPUS: u64 = 300_000;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The files of a directory in order; none when there is no such directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The inputs that break a promise of the target, with what it said.
fn failures(name: &str, target: Target, kind: &str) -> Vec<String> {
    let inputs = files(&fuzz().join(kind).join(name));
    let run = |path: &PathBuf| {
        let data = fs::read(path).unwrap();
        let said = catch_unwind(AssertUnwindSafe(|| target(&data))).err()?;
        let text = said.downcast_ref::<String>().map(String::as_str);
        let text = text.or(said.downcast_ref::<&str>().copied()).unwrap_or_default();
        Some(format!("{}: {text}", path.display()))
    };
    inputs.iter().filter_map(run).collect()
}

fn assert_none(failures: &[String]) {
    assert!(failures.is_empty(), "inputs that break a promise:\n{}", failures.join("\n"));
}

#[test]
fn every_input_of_a_corpus_keeps_the_promises() {
    let all = targets().iter().flat_map(|(name, target)| failures(name, *target, "corpus"));
    assert_none(&all.collect::<Vec<_>>());
}

#[test]
fn every_former_finding_stays_mended() {
    let all = targets().iter().flat_map(|(name, target)| failures(name, *target, "regressions"));
    assert_none(&all.collect::<Vec<_>>());
}

#[test]
fn short_inputs_keep_the_promises() {
    for (_, target) in targets() {
        target(&[]);
        for byte in 0..=255 {
            target(&[byte]);
            target(&[byte; 40]);
        }
    }
}

#[test]
fn every_target_has_a_fuzzer_and_a_corpus_of_bounded_size() {
    for (name, _) in targets() {
        let fuzzer = fuzz().join(format!("fuzz_targets/{name}.rs"));
        assert!(fuzzer.exists(), "{} is missing", fuzzer.display());
        let corpus = files(&fuzz().join("corpus").join(name));
        let bytes: u64 = corpus.iter().map(|path| path.metadata().unwrap().len()).sum();
        assert!(!corpus.is_empty(), "{name} has no corpus");
        assert!(bytes <= MAX_CORPUS, "the corpus of {name} has {bytes} bytes");
    }
}
