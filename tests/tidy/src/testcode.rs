use std::collections::BTreeSet;

use crate::{File, Masked};

/// The source with every item under `#[cfg(test)]` blanked out, as code that ships; comments of the
/// result are those of the whole file.
pub fn without_tests(masked: &Masked) -> Masked {
    let mut code: Vec<char> = masked.code.chars().collect();
    for item in test_items(&code) {
        for current in &mut code[item.start..item.end] {
            if *current != '\n' {
                *current = ' ';
            }
        }
    }
    Masked { code: code.into_iter().collect(), comments: masked.comments.clone() }
}

/// The files that hold nothing but tests, examples or build scripts.
#[derive(Debug, Default)]
pub struct TestFiles {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl TestFiles {
    /// Finds the modules under `#[cfg(test)]` of these sources, with their own modules.
    pub fn of(sources: &[File]) -> Self {
        let mut found = Self::default();
        for source in sources {
            let code: Vec<char> = Masked::new(&source.text).code.chars().collect();
            for name in test_items(&code).into_iter().filter_map(|item| item.module) {
                let folder = module_folder(&source.path);
                found.files.insert(format!("{folder}/{name}.rs"));
                found.folders.insert(format!("{folder}/{name}/"));
            }
        }
        found
    }

    /// Whether this file is no part of what ships.
    pub fn contain(&self, path: &str) -> bool {
        let elsewhere = ["tests", "benches", "examples"];
        path.starts_with("tests/")
            || path.ends_with("/build.rs") && !path.contains("/src/")
            || path.split("/src/").next().is_some_and(|top| {
                !path.contains("/src/") && top.split('/').any(|name| elsewhere.contains(&name))
            })
            || self.files.contains(path)
            || self.folders.iter().any(|folder| path.starts_with(folder))
    }
}

/// The folder in which the modules of a file lie.
fn module_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    if matches!(stem, "lib" | "main" | "mod") {
        folder.to_owned()
    } else {
        format!("{folder}/{stem}")
    }
}

struct Item {
    start: usize,
    end: usize,
    /// The name, when it is a module in another file.
    module: Option<String>,
}

fn test_items(code: &[char]) -> Vec<Item> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let Some((end, text)) = attribute(code, at) else {
            at += 1;
            continue;
        };
        if !is_for_tests(&text) {
            at = end;
        } else if text.starts_with("#!") {
            found.push(Item { start: 0, end: code.len(), module: None });
            return found;
        } else {
            let item = item(code, at, end);
            at = item.end;
            found.push(item);
        }
    }
    found
}

fn is_for_tests(attribute: &str) -> bool {
    let body = attribute.trim_start_matches(['#', '!']);
    let words = || body.split(|c: char| c != '_' && !c.is_alphanumeric());
    body.starts_with("[cfg(")
        && words().any(|word| word == "test")
        && words().all(|word| word != "not")
}

/// An attribute that starts here: its end and its text without white space.
fn attribute(code: &[char], at: usize) -> Option<(usize, String)> {
    if code[at] != '#' || !matches!(code.get(at + 1), Some('[' | '!')) {
        return None;
    }
    let open = at + 1 + usize::from(code[at + 1] == '!');
    if code.get(open) != Some(&'[') {
        return None;
    }
    let mut depth = 0;
    for (index, current) in code.iter().enumerate().skip(open) {
        match current {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let text = code[at..=index].iter().filter(|c| !c.is_whitespace()).collect();
            return Some((index + 1, text));
        }
    }
    None
}

/// The item after an attribute that ends at `from`: up to its brace or semicolon.
fn item(code: &[char], start: usize, mut from: usize) -> Item {
    loop {
        while code.get(from).is_some_and(|c| c.is_whitespace()) {
            from += 1;
        }
        match code.get(from).and_then(|_| attribute(code, from)) {
            Some((end, _)) => from = end,
            None => break,
        }
    }
    let mut head = String::new();
    let mut depth = 0_i32;
    for (index, current) in code.iter().enumerate().skip(from) {
        match current {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth -= 1,
            _ if depth == 0 => head.push(*current),
            _ => {}
        }
        let words: Vec<&str> = head.split_whitespace().collect();
        let is_value = words.contains(&"const") && !words.contains(&"fn");
        let ends_by_brace = !words.contains(&"use") && !is_value;
        if depth == 0 && (*current == ';' || *current == '}' && ends_by_brace) {
            let name = words.iter().skip_while(|word| **word != "mod").nth(1);
            let module = name.filter(|_| *current == ';').map(|name| name.trim_end_matches(';'));
            return Item { start, end: index + 1, module: module.map(str::to_owned) };
        }
    }
    Item { start, end: code.len(), module: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(source: &str) -> String {
        let code = without_tests(&Masked::new(source)).code;
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn items_for_tests_are_blanked_and_others_stay() {
        let source =
            "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests { fn b() { \"}\" } }\nfn c() {}";
        assert_eq!(shipped(source), "fn a() {} fn c() {}");
        assert_eq!(shipped("#[cfg(test)]\nuse a::{b, c};\nfn d() {}"), "fn d() {}");
        assert_eq!(shipped("#[cfg(not(test))]\nfn d() {}"), "#[cfg(not(test))] fn d() {}");
        assert_eq!(
            shipped("#[cfg(all(test, unix))] fn e(x: [u8; 2]) { f(); } fn g() {}"),
            "fn g() {}"
        );
        assert_eq!(shipped("#![cfg(test)]\nfn d() {}"), "");
    }

    #[test]
    fn modules_for_tests_are_found_in_their_files() {
        let sources = [
            File::new("core/a/src/lib.rs", "#[cfg(test)]\nmod fixtures;\nmod b;"),
            File::new("core/a/src/b.rs", "#[cfg(test)]\npub(crate) mod tests;\n"),
        ];
        let found = TestFiles::of(&sources);
        for path in [
            "core/a/src/fixtures.rs",
            "core/a/src/fixtures/more.rs",
            "core/a/src/b/tests.rs",
            "core/a/tests/whole.rs",
            "core/a/examples/show.rs",
            "core/a/build.rs",
            "tests/e2e/src/lib.rs",
        ] {
            assert!(found.contain(path), "{path}");
        }
        for path in ["core/a/src/lib.rs", "core/a/src/b.rs", "core/a/src/tests.rs"] {
            assert!(!found.contain(path), "{path}");
        }
    }
}
