//! What is fine on a developer's machine and not in the repository.

use tidy::{Complaints, File, Masked, Tree};

/// Macros and attributes of unfinished work.
const UNFINISHED: [&str; 4] = ["todo!", "unimplemented!", "dbg!", "#[ignore"];
/// Notes to oneself.
const NOTES: [&str; 3] = ["TODO", "FIXME", "XXX"];
/// What paths of one person's machine begin with.
const HOMES: [&str; 6] = ["/home/", "/root/", "/Users/", "C:\\Users\\", "/tmp/", "/var/folders/"];
/// Endings of files that other programs or people wrote.
const FOREIGN: [&str; 3] = ["lock", "json", "txt"];

#[test]
fn nothing_unfinished_is_committed() {
    let tree = Tree::read();
    let mut complaints = Complaints::default();
    tree.files().iter().for_each(|file| unfinished(file, &mut complaints));
    complaints.finish();
}

#[test]
fn no_path_of_a_developers_machine_is_committed() {
    let tree = Tree::read();
    let mut complaints = Complaints::default();
    tree.files().iter().for_each(|file| homes(file, &mut complaints));
    complaints.finish();
}

fn unfinished(file: &File, complaints: &mut Complaints) {
    if file.extension() == "md" || FOREIGN.contains(&file.extension()) {
        return;
    }
    let notes = if file.extension() == "rs" {
        let masked = Masked::new(&file.text);
        for (index, line) in masked.code.lines().enumerate() {
            let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
            for left in UNFINISHED.iter().filter(|left| names_macro(&line, left)) {
                complaints.add(
                    &file.path,
                    index + 1,
                    format!("`{left}`: finish it or take it out"),
                );
            }
        }
        masked.comments
    } else {
        file.text.clone()
    };
    for (index, line) in notes.lines().enumerate() {
        let mut words = line.split(|c: char| c != '_' && !c.is_alphanumeric());
        if let Some(note) = words.find(|word| NOTES.contains(word)) {
            complaints.add(
                &file.path,
                index + 1,
                format!("`{note}`: do it, or open an issue for it"),
            );
        }
    }
}

/// Whether it stands in the line and is not the end of a longer name.
fn names_macro(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| c != '_' && !c.is_alphanumeric())
    })
}

fn homes(file: &File, complaints: &mut Complaints) {
    // This list itself; and files that other programs write.
    if file.path == "tests/tidy/tests/repository/leftovers.rs"
        || FOREIGN.contains(&file.extension())
    {
        return;
    }
    for (number, line) in file.lines() {
        if let Some(home) = HOMES.iter().find(|home| is_home(line, home)) {
            let what =
                format!("a path below `{home}`: make it relative, or ask for a temporary one");
            complaints.add(&file.path, number, what);
        }
    }
}

/// Whether a path begins there, not in the middle of another, and goes on.
fn is_home(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + home.len()..].chars().next();
        let starts = before.is_none_or(|c| !c.is_alphanumeric() && !"._-/}~".contains(c));
        starts && after.is_some_and(|c| c.is_alphanumeric() || "._$<{".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str, check: fn(&File, &mut Complaints)) -> Complaints {
        let mut complaints = Complaints::default();
        check(&File::new(path, text), &mut complaints);
        complaints
    }

    #[test]
    fn unfinished_work_is_found() {
        for bad in [
            "fn f() { todo!() }",
            "fn f() { std::unimplemented!(\"later\") }",
            "let x = dbg!(y);",
            "#[test]\n#[ignore = \"slow\"]\nfn f() {}",
            "# [ ignore ]\nfn f() {}",
            "// TODO: later",
            "/* FIXME(me) */",
        ] {
            assert_eq!(found("a.rs", bad, unfinished).len(), 1, "{bad}");
        }
        assert!(found("a.ts", "x;\n// TODO\n", unfinished).mention(&["a.ts:2"]));
        assert!(found("run.sh", "# FIXME", unfinished).mention(&["run.sh:1"]));
    }

    #[test]
    fn words_that_look_alike_are_not() {
        for fine in [
            "let s = \"TODO todo!()\";",
            "// what is to do; todos, a TODOS list\nfn my_dbg!() {}",
            "#[allow(unused)] fn ignore() {}",
        ] {
            let found = found("a.rs", fine, unfinished);
            assert!(found.is_empty(), "{fine}: {found:?}");
        }
    }

    #[test]
    fn paths_of_a_machine_are_found_and_addresses_are_not() {
        for bad in ["\"/home/ann/x\"", "cd /root/shardcast", "=/Users/ann", "`/tmp/out.flv`"] {
            assert_eq!(found("docs/a.md", bad, homes).len(), 1, "{bad}");
        }
        for fine in
            ["http://a.example/home/page", "`/home/`", "$HOME/x", "./tmp/x", "site/src/home/x"]
        {
            assert!(found("docs/a.md", fine, homes).is_empty(), "{fine}");
        }
    }
}
