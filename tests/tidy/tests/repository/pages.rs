//! Links between the pages lead somewhere.

use tidy::{Complaints, File, Tree, links};

#[test]
fn links_between_pages_lead_to_files() {
    let tree = Tree::read();
    let mut complaints = Complaints::default();
    for page in tree.files().iter().filter(|file| file.extension() == "md") {
        dead_links(page, |path| tree.has(path), &mut complaints);
    }
    complaints.finish();
}

fn dead_links(page: &File, has: impl Fn(&str) -> bool, complaints: &mut Complaints) {
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    for (target, line) in links(&page.text) {
        let file = target.split(['#', ' ']).next().unwrap_or_default();
        let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
        if !is_elsewhere && !file.is_empty() && !has(&resolve(folder, file)) {
            complaints.add(&page.path, line, format!("`{target}` leads nowhere: mend the link"));
        }
    }
}

fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_lead_nowhere_are_complaints() {
        let text = "[a](b.md) [c](../README.md#x) [d](https://e.example/f) [g](#h)\n[i](gone.md)";
        let page = File::new("docs/page.md", text);
        let mut found = Complaints::default();
        dead_links(&page, |path| ["docs/b.md", "README.md"].contains(&path), &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.mention(&["docs/page.md:2", "gone.md"]));
    }
}
