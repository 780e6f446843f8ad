//! Every direct dependency is named, with its reason and licence, in docs/dependencies.md.

use serde_json::Value;
use tidy::{Complaints, File, Tree, Workspace, rows, table_keys};

const PAGE: &str = "docs/dependencies.md";

#[test]
fn every_dependency_has_its_line_and_every_line_its_dependency() {
    let tree = Tree::read();
    let mut wanted = workspace_dependencies(&tree.file("Cargo.toml"));
    for manifest in ["bench/runtimes/Cargo.toml", "tests/fuzz/Cargo.toml"] {
        wanted.extend(outside_dependencies(&tree.file(manifest)));
    }
    wanted.extend(page_dependencies(&tree.file("delivery/web/package.json")));
    let workspace = Workspace::read(tree.root());
    wanted.retain(|(name, ..)| !workspace.has(name));
    documented(&wanted, &tree.file(PAGE)).finish();
}

#[test]
fn crates_take_their_dependencies_from_the_workspace() {
    let tree = Tree::read();
    let workspace = Workspace::read(tree.root());
    let known = table_keys(&tree.file("Cargo.toml").text, "workspace.dependencies");
    let mut complaints = Complaints::default();
    for package in &workspace.packages {
        for dependency in &package.dependencies {
            if !known.iter().any(|(name, ..)| *name == dependency.name) {
                let what =
                    format!("`{}` is not in the workspace's table: add it there", dependency.name);
                complaints.add(&format!("{}/Cargo.toml", package.folder), 1, what);
            }
        }
    }
    complaints.finish();
}

/// A dependency's name and where it is declared.
type Declared = (String, String, usize);

fn workspace_dependencies(manifest: &File) -> Vec<Declared> {
    let keys = table_keys(&manifest.text, "workspace.dependencies");
    keys.into_iter().map(|(name, line, _)| (name, manifest.path.clone(), line)).collect()
}

/// Of a workspace of its own.
fn outside_dependencies(manifest: &File) -> Vec<Declared> {
    let mut keys = table_keys(&manifest.text, "dependencies");
    keys.retain(|(_, _, value)| !value.contains("path ="));
    keys.into_iter().map(|(name, line, _)| (name, manifest.path.clone(), line)).collect()
}

fn page_dependencies(manifest: &File) -> Vec<Declared> {
    let json: Value = serde_json::from_str(&manifest.text).unwrap_or_default();
    let tables = ["dependencies", "devDependencies"].map(|table| json[table].as_object().cloned());
    let names =
        tables.into_iter().flatten().flat_map(|table| table.into_iter().map(|(name, _)| name));
    names.map(|name| (name, manifest.path.clone(), 1)).collect()
}

fn documented(wanted: &[Declared], page: &File) -> Complaints {
    let mut complaints = Complaints::default();
    let rows = rows(&page.text);
    let named = |cell: &str| cell.trim_matches('`').to_owned();
    for (name, file, line) in wanted {
        if !rows.iter().any(|row| named(&row.cells[0]) == *name) {
            complaints.add(
                file,
                *line,
                format!("`{name}` has no line in {PAGE}: what for, why this one, licence"),
            );
        }
    }
    for row in &rows {
        let name = named(&row.cells[0]);
        if !wanted.iter().any(|(wanted, ..)| *wanted == name) {
            complaints.add(
                &page.path,
                row.line,
                format!("`{name}` is no dependency: take the line out"),
            );
        }
        if row.cells.len() != 4 || row.cells.iter().any(String::is_empty) {
            complaints.add(
                &page.path,
                row.line,
                "a line is: name | what for | why this one | licence",
            );
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_superfluous_and_incomplete_lines_are_complaints() {
        let manifest =
            "[workspace.dependencies]\nbytes = \"1\"\nslab = \"1\"\nmonoio.version = \"1\"\n";
        let page = "| name | for | why | licence |\n| - | - | - | - |\n\
                    | `bytes` | buffers | shared | MIT |\n| `slab` | slots | | MIT |\n\
                    | `old` | a | b | MIT |\n";
        let wanted = workspace_dependencies(&File::new("Cargo.toml", manifest));
        let found = documented(&wanted, &File::new(PAGE, page));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.mention(&["Cargo.toml:4", "monoio"]));
        assert!(found.mention(&["dependencies.md:4", "licence"]));
        assert!(found.mention(&["dependencies.md:5", "`old` is no dependency"]));
    }

    #[test]
    fn dependencies_of_fuzzers_and_pages_count() {
        let fuzz =
            File::new("f", "[dependencies]\nlibfuzzer-sys = \"0.4\"\nrtmp = { path = \"../r\" }\n");
        assert_eq!(outside_dependencies(&fuzz).len(), 1);
        let pages = File::new(
            "p",
            r#"{"dependencies": {"hls.js": "1"}, "devDependencies": {"vite": "8"}}"#,
        );
        let names: Vec<String> =
            page_dependencies(&pages).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["hls.js", "vite"]);
    }
}
