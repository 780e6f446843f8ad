//! Which crate may know which: the directions that keep protocols pure, the runtime replaceable and
//! ingest and delivery strangers to each other.

use tidy::{Complaints, File, Kind, Masked, Package, Tree, Workspace, paths};

/// What a crate may depend on of the workspace.
enum May {
    /// These only.
    Only(&'static [&'static str]),
    /// All but these.
    NotOn(&'static [&'static str]),
}
use May::{NotOn, Only};

/// Every crate outside of `tests/`.
const CRATES: [(&str, May); 21] = [
    ("cluster", Only(&[])),
    ("api", NotOn(MEDIA_PLANE)),
    ("codecs", Only(&["media"])),
    ("config", Only(&[])),
    ("control", NotOn(MEDIA_PLANE)),
    (
        "delivery",
        Only(&["config", "hls", "http1", "link", "media", "rtmp", "shard", "stream", "web"]),
    ),
    ("hls", Only(&["media", "stream"])),
    ("hlsplay", Only(&["http1", "media"])),
    ("http1", Only(&[])),
    ("ingest", Only(&["config", "link", "media", "rtmp", "shard", "stream"])),
    ("link", Only(&["rtmp", "shard"])),
    ("load", Only(&["codecs", "hlsplay", "media", "rtmp", "shard", "testcard"])),
    ("media", Only(&[])),
    ("micro", Only(&["hls", "http1", "media", "rtmp", "stream"])),
    ("rtmp", Only(&["media"])),
    ("server", NotOn(&[])),
    ("shard", Only(&[])),
    ("store", NotOn(MEDIA_PLANE)),
    ("stream", Only(&["media"])),
    ("testcard", Only(&["media"])),
    ("web", Only(&["http1"])),
];
const MEDIA_PLANE: &[&str] = &["delivery", "hls", "ingest", "link", "rtmp", "server"];

/// What tests of a crate need beyond its own dependencies.
const FOR_TESTS: [(&str, &str); 1] = [("codecs", "testcard")];

/// The crates of the kernel and of the runtime, as dependencies and in source: the name, and who may
/// have it.
const KERNEL: [(&str, &str); 3] = [("io-uring", "shard"), ("libc", "shard"), ("monoio", "shard")];

/// A workspace of its own that compares runtimes, by their own functions.
const COMPARISON: &str = "bench/runtimes/";

/// Pairs of folders that never name each other.
const STRANGERS: [(&str, &str); 2] =
    [("ingest/ingest/", "delivery"), ("delivery/delivery/", "ingest")];

#[test]
fn crates_depend_only_in_the_allowed_directions() {
    let workspace = Workspace::read(Tree::read().root());
    let mut complaints = directions(&workspace);
    for (name, _) in CRATES.iter().filter(|(name, _)| !workspace.has(name)) {
        complaints.add("Cargo.toml", 1, format!("`{name}` is gone: take its row out of CRATES"));
    }
    complaints.finish();
}

#[test]
fn only_the_shard_crate_knows_the_kernel_and_its_runtime() {
    let tree = Tree::read();
    let mut complaints = Complaints::default();
    kernel_dependencies(&Workspace::read(tree.root()), &mut complaints);
    kernel_in_source(&tree.rust(""), &mut complaints);
    complaints.finish();
}

#[test]
fn ingest_and_delivery_never_name_each_other() {
    let sources = Tree::read().rust("");
    for (folder, _) in STRANGERS {
        assert!(sources.iter().any(|source| source.path.starts_with(folder)), "{folder} is gone");
    }
    strangers(&sources).finish();
}

#[test]
fn every_folder_has_the_name_of_its_crate_and_every_crate_says_what_it_is() {
    let tree = Tree::read();
    let mut complaints = Complaints::default();
    for package in &Workspace::read(tree.root()).packages {
        let roots: Vec<File> = package.roots.iter().map(|root| tree.file(root)).collect();
        names(package, &roots, &mut complaints);
    }
    complaints.finish();
}

fn directions(workspace: &Workspace) -> Complaints {
    let mut complaints = Complaints::default();
    for package in &workspace.packages {
        let manifest = format!("{}/Cargo.toml", package.folder);
        let rule = CRATES.iter().find(|(name, _)| *name == package.name);
        let in_tests = package.folder.starts_with("tests/");
        if rule.is_none() && !in_tests {
            let what = "a new crate: say in tests/tidy/tests/repository/crates.rs what it may know";
            complaints.add(&manifest, 1, what);
        }
        for dependency in &package.dependencies {
            let (from, to) = (package.name.as_str(), dependency.name.as_str());
            if !workspace.has(to) || from == to {
                continue;
            }
            let allowed = match rule {
                None => true,
                Some((_, Only(names))) => names.contains(&to),
                Some((_, NotOn(names))) => !names.contains(&to),
            };
            let for_tests = dependency.kind == Kind::Tests && FOR_TESTS.contains(&(from, to));
            if !allowed && !for_tests {
                let what =
                    format!("`{from}` may not depend on `{to}`: move what both need below both");
                complaints.add(&manifest, 1, what);
            }
            if is_test_crate(workspace, to) && !in_tests {
                complaints.add(&manifest, 1, format!("`{to}` is a crate of tests"));
            }
        }
    }
    complaints
}

fn is_test_crate(workspace: &Workspace, name: &str) -> bool {
    let is_it = |package: &&Package| package.name == name;
    workspace.packages.iter().find(is_it).is_some_and(|one| one.folder.starts_with("tests/"))
}

fn kernel_dependencies(workspace: &Workspace, complaints: &mut Complaints) {
    for package in workspace.packages.iter().filter(|one| !one.folder.starts_with("tests/")) {
        for dependency in &package.dependencies {
            let owner = KERNEL.iter().find(|(name, _)| *name == dependency.name);
            if owner.is_some_and(|(_, owner)| *owner != package.name) {
                let what =
                    format!("only `shard` may depend on `{}`: add the call there", dependency.name);
                complaints.add(&format!("{}/Cargo.toml", package.folder), 1, what);
            }
        }
    }
}

/// Tests of whole servers use system calls to break them; the runtime is nobody's but the shard's.
fn kernel_in_source(sources: &[File], complaints: &mut Complaints) {
    let may =
        |source: &&File| ["core/shard/", COMPARISON].iter().any(|may| source.path.starts_with(may));
    for source in sources.iter().filter(|source| !may(source)) {
        for path in paths(&Masked::new(&source.text)) {
            let named = KERNEL.iter().find(|(name, _)| path.segments[0] == name.replace('-', "_"));
            let in_tests = source.path.starts_with("tests/") && path.segments[0] == "libc";
            if named.is_some() && !in_tests {
                let what =
                    format!("`{path}`: only core/shard names this; use or extend its functions");
                complaints.add(&source.path, path.line, what);
            }
        }
    }
}

fn strangers(sources: &[File]) -> Complaints {
    let mut complaints = Complaints::default();
    for (folder, stranger) in STRANGERS {
        for source in sources.iter().filter(|source| source.path.starts_with(folder)) {
            for path in paths(&Masked::new(&source.text)) {
                if path.segments[0] == stranger {
                    let what = format!("`{path}`: ingest and delivery meet in `stream` only");
                    complaints.add(&source.path, path.line, what);
                }
            }
        }
    }
    complaints
}

fn names(package: &Package, roots: &[File], complaints: &mut Complaints) {
    let folder = package.folder.rsplit('/').next().unwrap_or_default();
    if folder != package.name {
        let what =
            format!("the folder `{folder}` holds the crate `{}`: give both one name", package.name);
        complaints.add(&format!("{}/Cargo.toml", package.folder), 1, what);
    }
    for root in roots {
        if !root.text.starts_with("//!") {
            complaints.add(&root.path, 1, "begin with a `//!` line that says what the crate is");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidy::Dependency;

    fn package(folder: &str, dependencies: &[&str], kind: Kind) -> Package {
        let name = folder.rsplit('/').next().unwrap().to_owned();
        let dependency = |name: &&str| Dependency { name: (*name).to_owned(), kind };
        let dependencies = dependencies.iter().map(dependency).collect();
        Package { name, folder: folder.to_owned(), dependencies, roots: Vec::new() }
    }

    fn workspace(first: Package) -> Workspace {
        let others =
            ["core/media", "core/stream", "delivery/hls", "delivery/delivery", "tests/e2e"];
        let others = others.iter().filter(|folder| **folder != first.folder);
        let mut packages: Vec<Package> =
            others.map(|folder| package(folder, &[], Kind::Shipped)).collect();
        packages.push(first);
        Workspace { packages }
    }

    #[test]
    fn a_forbidden_direction_is_a_complaint() {
        for (folder, bad) in [
            ("core/media", "stream"),
            ("core/shard", "media"),
            ("ingest/ingest", "delivery"),
            ("control/store", "hls"),
            ("control/server", "e2e"),
        ] {
            let found = directions(&workspace(package(folder, &[bad], Kind::Shipped)));
            assert!(found.mention(&[folder, bad]), "{folder} on {bad}: {found:?}");
        }
        assert!(
            directions(&workspace(package("core/new", &[], Kind::Shipped))).mention(&["core/new"])
        );
    }

    #[test]
    fn an_allowed_direction_is_none_and_test_dependencies_obey_too() {
        let fine = workspace(package("delivery/hls", &["media", "stream", "bytes"], Kind::Shipped));
        assert!(directions(&fine).is_empty());
        let tests = workspace(package("ingest/ingest", &["delivery"], Kind::Tests));
        assert_eq!(directions(&tests).len(), 1);
    }

    #[test]
    fn the_kernel_is_found_in_manifests_and_source() {
        let mut found = Complaints::default();
        let workspace = workspace(package("core/media", &["libc"], Kind::Shipped));
        kernel_dependencies(&workspace, &mut found);
        assert!(found.mention(&["core/media", "libc"]));

        let mut found = Complaints::default();
        let sources = [
            File::new(
                "delivery/delivery/src/a.rs",
                "// libc::x\nuse monoio::net;\nfn f() { libc::recv() }",
            ),
            File::new("tests/e2e/src/a.rs", "fn f() { libc::kill(); io_uring::IoUring::new(); }"),
            File::new("core/shard/src/a.rs", "use libc;"),
            File::new("bench/runtimes/src/a.rs", "use monoio::net;"),
            File::new("bench/load/src/a.rs", "use monoio::net;"),
        ];
        kernel_in_source(&sources, &mut found);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(
            found.mention(&["a.rs:2", "monoio::net"]) && found.mention(&["a.rs:3", "libc::recv"])
        );
    }

    #[test]
    fn strangers_are_found_by_path_and_not_by_word() {
        let sources = [
            File::new(
                "ingest/ingest/src/a.rs",
                "// delivery::x\nlet delivery = 1;\nuse delivery::Player;",
            ),
            File::new("delivery/delivery/src/a.rs", "fn f() { ingest::Publisher::new() }"),
        ];
        let found = strangers(&sources);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.mention(&["ingest/ingest/src/a.rs:3", "delivery::Player"]));
    }

    #[test]
    fn a_foreign_folder_and_a_silent_crate_are_complaints() {
        let mut found = Complaints::default();
        let mut wrong = package("core/media", &[], Kind::Shipped);
        wrong.name = "medium".to_owned();
        names(&wrong, &[File::new("core/media/src/lib.rs", "mod a;\n//! late")], &mut found);
        assert!(found.mention(&["medium"]) && found.mention(&["lib.rs:1", "//!"]));
    }
}
