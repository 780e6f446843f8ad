/// The keys of one table of a TOML file with their lines, where each key stands on a line of its own.
pub fn table_keys(toml: &str, table: &str) -> Vec<(String, usize, String)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in toml.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line.trim_matches(['[', ']']) == table;
        } else if let Some((key, value)) = line.split_once('=')
            && inside
            && !line.starts_with('#')
        {
            // `name.workspace = true` and `name.version = "1"` are about `name`.
            let key = key.trim().split('.').next().unwrap_or_default();
            found.push((key.to_owned(), index + 1, value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_one_table_are_listed() {
        let toml =
            "[a]\nx = 1\n[b.c]\n# y = 2\nz = { path = \"q\" }\nw.workspace = true\n[d]\nv = 3\n";
        let keys: Vec<String> = table_keys(toml, "b.c").into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys, ["z", "w"]);
        assert_eq!(table_keys(toml, "d"), [("v".to_owned(), 8, "3".to_owned())]);
    }
}
