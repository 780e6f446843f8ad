use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing that people wrote, wherever they are.
const SKIPPED: [&str; 6] = [".git", "corpus", "dist", "node_modules", "target", "artifacts"];
/// Folders of a running server, at the top level only.
const SKIPPED_AT_TOP: [&str; 4] = ["data", "logs", "media", "recordings"];

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path from the repository's root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// A file as a test gives it.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The ending of its name, without the dot.
    pub fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Its lines, numbered from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// The repository's text files.
#[derive(Debug)]
pub struct Tree {
    root: PathBuf,
    files: Vec<File>,
}

impl Tree {
    /// Reads the repository that this crate is part of. Files that are not UTF-8 are left out.
    ///
    /// # Panics
    /// When a file or folder cannot be read.
    pub fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = root.canonicalize().expect("the repository's root exists");
        let mut files = Vec::new();
        collect(&root, &root, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { root, files }
    }

    /// The repository's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All files, by path.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The Rust sources below a folder (`""`: all).
    pub fn rust(&self, folder: &str) -> Vec<File> {
        let below = |file: &&File| file.path.starts_with(folder) && file.extension() == "rs";
        self.files.iter().filter(below).cloned().collect()
    }

    /// One file; an empty one when it is missing, so that the check can say what it misses in it.
    pub fn file(&self, path: &str) -> File {
        let found = self.files.iter().find(|file| file.path == path);
        found.cloned().unwrap_or_else(|| File::new(path, ""))
    }

    /// Whether there is a file or folder of this path, read by the checks or not.
    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
        let path = entry.expect("a folder of the repository can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            let at_top = folder == root && SKIPPED_AT_TOP.contains(&name.as_str());
            if !at_top && !SKIPPED.contains(&name.as_str()) {
                collect(root, &path, files);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap_or(&path);
            files.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_holds_sources_and_nothing_built_or_installed() {
        let tree = Tree::read();
        assert!(tree.files().iter().any(|file| file.path == "tests/tidy/src/tree.rs"));
        assert!(tree.files().iter().any(|file| file.path.starts_with("core/media/src/")));
        let skipped =
            |file: &&File| SKIPPED.iter().any(|name| file.path.split('/').any(|p| p == *name));
        assert_eq!(tree.files().iter().filter(skipped).count(), 0);
    }
}
