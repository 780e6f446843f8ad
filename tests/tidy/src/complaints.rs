use std::fmt::Write;

/// What a check found, told all at once.
#[derive(Debug, Default)]
pub struct Complaints {
    lines: Vec<String>,
}

impl Complaints {
    /// Adds a complaint about a line of a file; `what` says what is wrong and what to do.
    pub fn add(&mut self, file: &str, line: usize, what: impl AsRef<str>) {
        self.lines.push(format!("{file}:{line}: {}", what.as_ref()));
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How much was found.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether some complaint contains all of these.
    pub fn mention(&self, words: &[&str]) -> bool {
        self.lines.iter().any(|line| words.iter().all(|word| line.contains(word)))
    }

    /// Ends a check.
    ///
    /// # Panics
    /// With every complaint on a line of its own, when there are any.
    pub fn finish(mut self) {
        if self.lines.is_empty() {
            return;
        }
        self.lines.sort();
        let mut report = format!("{} to mend:\n", self.lines.len());
        for line in &self.lines {
            // Writing to a String does not fail.
            let _ = writeln!(report, "{line}");
        }
        panic!("{report}");
    }
}
