//! Files and functions that a reader can hold in mind.

use tidy::{Complaints, File, Masked, TestFiles, Tree, functions, without_tests};

/// Lines of a source file: from here on it is named in the test's output.
const LONG_FILE: usize = 400;
/// Lines of a source file at most.
const MAX_FILE: usize = 800;
/// Lines of a function at most.
const MAX_FUNCTION: usize = 70;
/// Lines of a function of tests at most.
const MAX_TEST: usize = 120;

#[test]
fn files_are_short() {
    let tree = Tree::read();
    let sources: Vec<File> = tree.files().iter().filter(|file| is_source(file)).cloned().collect();
    for file in sources.iter().filter(|file| file.lines().count() > LONG_FILE) {
        println!("warning: {} has {} lines: has it one subject?", file.path, file.lines().count());
    }
    long_files(&sources).finish();
}

#[test]
fn functions_are_short() {
    long_functions(&Tree::read().rust("")).finish();
}

fn is_source(file: &File) -> bool {
    matches!(file.extension(), "rs" | "ts")
}

fn long_files(sources: &[File]) -> Complaints {
    let mut complaints = Complaints::default();
    for file in sources {
        let lines = file.lines().count();
        if lines > MAX_FILE {
            let what = format!("{lines} lines, at most {MAX_FILE}: split it by subject");
            complaints.add(&file.path, lines, what);
        }
    }
    complaints
}

fn long_functions(sources: &[File]) -> Complaints {
    let mut complaints = Complaints::default();
    let tests = TestFiles::of(sources);
    for file in sources {
        let masked = Masked::new(&file.text);
        let shipped =
            if tests.contain(&file.path) { Vec::new() } else { functions(&without_tests(&masked)) };
        for function in functions(&masked) {
            let most = if shipped.contains(&function) { MAX_FUNCTION } else { MAX_TEST };
            if function.lines > most {
                let (name, lines) = (&function.name, function.lines);
                let what = format!("`{name}` has {lines} lines, at most {most}: split it by step");
                complaints.add(&file.path, function.line, what);
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn a_file_over_the_limit_is_a_complaint() {
        let file = |lines: usize| [File::new("core/a/src/b.rs", &"x\n".repeat(lines))];
        assert!(long_files(&file(MAX_FILE)).is_empty());
        assert!(long_files(&file(MAX_FILE + 1)).mention(&["core/a/src/b.rs:801"]));
    }

    #[test]
    fn a_function_over_the_limit_is_a_complaint() {
        let found = |text: &str| long_functions(&[File::new("core/a/src/b.rs", text)]);
        assert!(found(&function("f", MAX_FUNCTION)).is_empty());
        assert!(
            found(&format!("\n{}", function("f", MAX_FUNCTION + 1))).mention(&["b.rs:2", "`f`"])
        );
    }

    #[test]
    fn tests_may_be_longer_but_not_without_end() {
        let module = |lines| format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function("f", lines));
        let found = |text: &str| long_functions(&[File::new("core/a/src/b.rs", text)]);
        assert!(found(&module(MAX_TEST)).is_empty());
        assert_eq!(found(&module(MAX_TEST + 1)).len(), 1);
        let file = File::new("core/a/tests/b.rs", &function("f", MAX_TEST));
        assert!(long_functions(&[file]).is_empty());
    }
}
