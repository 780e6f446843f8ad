use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The workspace's crates with their direct dependencies, as cargo knows them.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The crates, by name.
    pub packages: Vec<Package>,
}

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder from the repository's root, with `/`.
    pub folder: String,
    /// What it depends on directly.
    pub dependencies: Vec<Dependency>,
    /// The sources of its library and binaries, from the repository's root.
    pub roots: Vec<String>,
}

/// A direct dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The crate's name in its registry.
    pub name: String,
    /// What it is needed for.
    pub kind: Kind,
}

/// What a dependency is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The crate itself or its build script.
    Shipped,
    /// Tests only.
    Tests,
}

impl Workspace {
    /// Asks cargo, without the network.
    ///
    /// # Panics
    /// When cargo fails or its answer is not what its format says.
    pub fn read(root: &Path) -> Self {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut command = Command::new(cargo);
        command.args(["metadata", "--offline", "--no-deps", "--format-version", "1"]);
        let output = command.current_dir(root).output().expect("cargo can be started");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo metadata failed: {errors}");
        let metadata = serde_json::from_slice(&output.stdout).expect("cargo's metadata is JSON");
        Self::from_metadata(&metadata, root)
    }

    fn from_metadata(metadata: &Value, root: &Path) -> Self {
        let mut packages: Vec<Package> =
            list(metadata, "packages").iter().map(|package| Package::new(package, root)).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Self { packages }
    }

    /// Whether a crate of this name is part of the workspace.
    pub fn has(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.name == name)
    }
}

impl Package {
    fn new(package: &Value, root: &Path) -> Self {
        let manifest = below(root, text(package, "manifest_path"));
        let folder = manifest.strip_suffix("/Cargo.toml").unwrap_or(&manifest).to_owned();
        let is_root = |target: &&Value| {
            list(target, "kind").iter().any(|kind| kind == "lib" || kind == "bin")
        };
        let targets = list(package, "targets").iter().filter(is_root);
        Self {
            name: text(package, "name").to_owned(),
            folder,
            dependencies: list(package, "dependencies").iter().map(Dependency::new).collect(),
            roots: targets.map(|target| below(root, text(target, "src_path"))).collect(),
        }
    }
}

impl Dependency {
    fn new(dependency: &Value) -> Self {
        let kind = if text(dependency, "kind") == "dev" { Kind::Tests } else { Kind::Shipped };
        Self { name: text(dependency, "name").to_owned(), kind }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn below(root: &Path, path: &str) -> String {
    // A crate may take its source from another crate's folder, by way of `..`.
    let mut straight = PathBuf::new();
    for part in Path::new(path).components() {
        if part == Component::ParentDir {
            straight.pop();
        } else {
            straight.push(part);
        }
    }
    straight.strip_prefix(root).unwrap_or(&straight).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_becomes_packages() {
        let metadata = serde_json::json!({ "packages": [{
            "name": "a",
            "manifest_path": "/r/core/a/Cargo.toml",
            "targets": [
                { "kind": ["lib"], "src_path": "/r/core/a/src/lib.rs" },
                { "kind": ["test"], "src_path": "/r/core/a/tests/t.rs" },
            ],
            "dependencies": [
                { "name": "b", "kind": null }, { "name": "c", "kind": "dev" },
                { "name": "d", "kind": "build" },
            ],
        }]});
        let workspace = Workspace::from_metadata(&metadata, Path::new("/r"));
        let a = &workspace.packages[0];
        assert_eq!(
            (a.folder.as_str(), a.roots.as_slice()),
            ("core/a", &["core/a/src/lib.rs".into()][..])
        );
        let kinds: Vec<Kind> = a.dependencies.iter().map(|dependency| dependency.kind).collect();
        assert_eq!(kinds, [Kind::Shipped, Kind::Tests, Kind::Shipped]);
        assert!(workspace.has("a") && !workspace.has("b"));
    }
}
