//! Decisions are numbered and can be found from their index.

use std::collections::BTreeMap;

use tidy::{Complaints, File, Tree, links};

const FOLDER: &str = "docs/decisions/";

#[test]
fn every_decision_has_its_own_number_and_stands_in_the_index() {
    let tree = Tree::read();
    let index = tree.file("docs/decisions/README.md");
    check(tree.files(), &index).finish();
}

fn check(files: &[File], index: &File) -> Complaints {
    let mut complaints = Complaints::default();
    let linked: Vec<String> = links(&index.text).into_iter().map(|(target, _)| target).collect();
    let mut numbers: BTreeMap<String, String> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path != index.path) {
        let Some(name) = file.path.strip_prefix(FOLDER) else { continue };
        let number: String = name.chars().take_while(char::is_ascii_digit).collect();
        if number.len() != 4 || !name[4..].starts_with('-') || name.strip_suffix(".md").is_none() {
            complaints.add(&file.path, 1, "name it NNNN-what-was-decided.md");
        } else if let Some(other) = numbers.insert(number, name.to_owned()) {
            complaints.add(
                &file.path,
                1,
                format!("has the number of {other}: take the next free one"),
            );
        }
        if !linked.iter().any(|target| target == name) {
            complaints.add(
                &file.path,
                1,
                "is not linked from docs/decisions/README.md: add its line",
            );
        }
        if !file.text.starts_with("# ") {
            complaints.add(&file.path, 1, "begin with a title");
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlinked_misnamed_untitled_and_twice_numbered_decisions_are_complaints() {
        let decision = |name: &str| File::new(&format!("{FOLDER}{name}"), "# Title\n");
        let files = [
            decision("0001-a.md"),
            decision("0001-b.md"),
            decision("2-c.md"),
            decision("0003-d.md"),
            File::new("docs/decisions/0004-e.md", "no title"),
        ];
        let index = "[a](0001-a.md) [b](0001-b.md) [c](2-c.md) [e](0004-e.md)";
        let found = check(&files, &File::new("docs/decisions/README.md", index));
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found.mention(&["0001-b.md", "number"]) && found.mention(&["2-c.md", "NNNN"]));
        assert!(found.mention(&["0003-d.md", "linked"]) && found.mention(&["0004-e.md", "title"]));
    }
}
