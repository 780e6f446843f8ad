/// A row of a Markdown table, without its header and rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The cells, trimmed.
    pub cells: Vec<String>,
    /// The line, from 1.
    pub line: usize,
}

/// The rows of all tables of a page.
pub fn rows(markdown: &str) -> Vec<Row> {
    let lines: Vec<&str> = markdown.lines().map(str::trim).collect();
    let is_rule = |line: &str| line.starts_with('|') && line.chars().all(|c| "|-: ".contains(c));
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let is_header = lines.get(index + 1).is_some_and(|next| is_rule(next));
        if line.starts_with('|') && !is_rule(line) && !is_header {
            found.push(Row { cells: cells(line), line: index + 1 });
        }
    }
    found
}

/// The cells of a row; `\|` is a bar in the text.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut chars = row.trim_matches('|').chars().peekable();
    while let Some(current) = chars.next() {
        match (current, cells.last_mut()) {
            ('\\', Some(cell)) if chars.next_if_eq(&'|').is_some() => cell.push('|'),
            ('|', _) => cells.push(String::new()),
            (_, Some(cell)) => cell.push(current),
            (_, None) => {}
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// The targets of the page's links and pictures with their lines; code is left out.
pub fn links(markdown: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in markdown.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        for after in prose.split("](").skip(1) {
            if let Some((target, _)) = after.split_once(')') {
                found.push((target.trim().to_owned(), index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_leave_header_and_rule_out() {
        let page = "| a | b |\n| --- | :-: |\n| 1 | x \\| y |\n\ntext\n|c|\n|-|\n|2|\n";
        let found = rows(page);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].cells.as_slice(), found[0].line),
            (&["1".into(), "x | y".into()][..], 3)
        );
        assert_eq!(found[1].cells, ["2"]);
    }

    #[test]
    fn links_are_found_outside_of_code() {
        let page = "[a](b.md) and `x[0](y)` ![`p`](c.png)\n```\n[no](no.md)\n```\n[d](e#f)\n";
        let targets: Vec<String> = links(page).into_iter().map(|(target, _)| target).collect();
        assert_eq!(targets, ["b.md", "c.png", "e#f"]);
    }
}
