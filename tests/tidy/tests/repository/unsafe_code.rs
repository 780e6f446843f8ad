//! `unsafe` is for the kernel and for codec libraries, and every use of it says why it is sound.

use tidy::{Complaints, File, Masked, Tree};

const ALLOWED: [&str; 2] = ["core/shard/", "transcode/codecs/"];
/// Lines of code that may stand between the comment and the word.
const REACH: usize = 3;

#[test]
fn unsafe_is_rare_and_explained() {
    unexplained(&Tree::read().rust("")).finish();
}

fn unexplained(sources: &[File]) -> Complaints {
    let mut complaints = Complaints::default();
    for source in sources {
        let masked = Masked::new(&source.text);
        let code: Vec<&str> = masked.code.lines().collect();
        let comments: Vec<&str> = masked.comments.lines().collect();
        for (index, line) in code.iter().enumerate().filter(|(_, line)| has_unsafe(line)) {
            if !ALLOWED.iter().any(|folder| source.path.starts_with(folder)) {
                let what = "`unsafe` outside of core/shard and transcode/codecs: find a safe way";
                complaints.add(&source.path, index + 1, what);
            } else if !is_explained(&code, &comments, index) {
                let what = format!("`{}` without a `SAFETY:` comment before it", line.trim());
                complaints.add(&source.path, index + 1, what);
            }
        }
    }
    complaints
}

fn has_unsafe(line: &str) -> bool {
    line.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|word| word == "unsafe")
}

/// Whether a comment on the line, or above it within the reach, explains. The documentation of an
/// `unsafe fn` says what the caller owes under `# Safety`.
fn is_explained(code: &[&str], comments: &[&str], at: usize) -> bool {
    let explains = |comment: &str| comment.contains("SAFETY:") || comment.contains("# Safety");
    let mut passed = 0;
    for index in (0..=at).rev() {
        if comments.get(index).is_some_and(|comment| explains(comment)) {
            return true;
        }
        let attribute = code[index].trim().starts_with("#[");
        if index != at && !code[index].trim().is_empty() && !attribute {
            passed += 1;
        }
        if passed > REACH {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, source: &str) -> Complaints {
        unexplained(&[File::new(path, source)])
    }

    #[test]
    fn unsafe_elsewhere_is_a_complaint_even_with_a_reason() {
        let source = "// SAFETY: fine\nfn f() { unsafe { g() } }";
        assert!(found("core/media/src/a.rs", source).mention(&["core/media/src/a.rs:2"]));
    }

    #[test]
    fn unsafe_without_a_reason_is_a_complaint() {
        for bad in [
            "fn f() { unsafe { g() } }",
            "unsafe impl Send for A {}",
            "// SAFETY: far above\na;\nb;\nc;\nd;\nunsafe { g() }",
            "let s = \"SAFETY: \"; unsafe { g() }",
        ] {
            assert_eq!(found("core/shard/src/a.rs", bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn reasons_near_by_and_other_words_are_fine() {
        for fine in [
            "// SAFETY: one\n// two\n// three\n// four\n// five\nlet x =\n  unsafe { g() };",
            "unsafe { g() } // SAFETY: here",
            "/// Does.\n///\n/// # Safety\n/// The pointer is live.\n#[inline]\npub unsafe fn f() {}",
            "// unsafe\nfn unsafe_paths() { \"unsafe\"; }",
        ] {
            assert!(found("core/shard/src/a.rs", fine).is_empty(), "{fine}");
        }
    }
}
