use std::collections::BTreeSet;

use crate::report::quoted;
use crate::resolve::known_names;
use crate::source::Entry;
use crate::{Layer, Note, Problem, Source};

/// The longest text of a source, in bytes. More is refused unread.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// The most names of a source. A file with more is refused.
pub(crate) const MAX_NAMES: usize = 4096;

/// Reads the text of a `.env` file.
///
/// A line is `NAME=value`, with `export` before it if you like; `#` at the start of a line or after a
/// space starts a comment. In single quotes everything is literal; in double quotes `\n`, `\\`, `\"`
/// and `\$` are understood; both may span lines. Without quotes a value ends at the comment or the
/// line, spaces inside are kept. `$` is an ordinary character: nothing is substituted, so that a
/// password may hold one. Of a name that is set twice, the last value holds.
pub fn parse_env(text: &str) -> Layer {
    let mut layer = Layer::default();
    if text.len() > MAX_TEXT {
        let why = format!("larger than {MAX_TEXT} bytes");
        layer.problems.push(Problem::in_file(Source::DotEnv { line: 0 }, &why));
        return layer;
    }
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest, line: 1, known: known_names() };
    while !reader.rest.is_empty() {
        if layer.entries.len() == MAX_NAMES {
            let why = format!("more than {MAX_NAMES} names");
            layer.problems.push(Problem::in_file(Source::DotEnv { line: reader.line }, &why));
            break;
        }
        reader.assignment(&mut layer);
    }
    layer
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    known: BTreeSet<String>,
}

impl Reader<'_> {
    /// Reads one line, or as many as its quotes span.
    fn assignment(&mut self, layer: &mut Layer) {
        let at = Source::DotEnv { line: self.line };
        self.skip_blanks();
        if self.rest.is_empty() || self.rest.starts_with(['#', '\n']) {
            return self.skip_line();
        }
        let name = self.name();
        if name.is_empty() || !self.rest.starts_with('=') {
            self.report_no_assignment(name, at, layer);
            return self.skip_line();
        }
        self.rest = &self.rest[1..];
        self.skip_blanks();
        let line = self.line;
        let Some(value) = self.value() else {
            let why = "the quote that opens the value is never closed";
            layer.problems.push(Problem::at(name, at, why));
            self.rest = "";
            return;
        };
        self.skip_line();
        let ours = self.known.contains(name);
        if ours && value.contains("${") {
            let why = "${...} is taken as it stands: nothing is substituted";
            layer.notes.push(Note::at(name, at, why));
        }
        let before = layer.entries.insert(name.to_owned(), Entry::text(value, line));
        if let Some(before) = before.filter(|_| ours) {
            let why = format!("set on line {} too; this line holds", before.line);
            layer.notes.push(Note::at(name, at, &why));
        }
    }

    /// Of a line that is no assignment. It may be a secret's second line, so only a name is shown.
    fn report_no_assignment(&self, name: &str, at: Source, layer: &mut Layer) {
        if self.known.contains(name) {
            layer.problems.push(Problem::at(name, at, &format!("write it as {name}=value")));
        } else if layer.notes.len() < MAX_NOTES {
            let why = format!("ignored: it is not of the form {}", quoted("NAME=value"));
            layer.notes.push(Note::in_file(at, &why));
        }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\u{b}', '\u{c}']);
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        self.line += 1;
    }
}

impl<'a> Reader<'a> {
    /// The name, after an optional `export`; up to where the `=` must be.
    fn name(&mut self) -> &'a str {
        let name = self.word();
        self.skip_blanks();
        if name != "export" || self.rest.starts_with('=') {
            return name;
        }
        let name = self.word();
        self.skip_blanks();
        name
    }

    fn word(&mut self) -> &'a str {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// The value; `None` when its quote never closes. What follows a closing quote on its line is
    /// read on, as a shell would.
    fn value(&mut self) -> Option<String> {
        let mut value = String::new();
        loop {
            match self.rest.chars().next() {
                Some('\'') => value.push_str(self.single_quoted()?),
                Some('"') => self.double_quoted(&mut value)?,
                _ => break,
            }
        }
        value.push_str(&self.unquoted(value.is_empty()));
        Some(value)
    }

    fn single_quoted(&mut self) -> Option<&'a str> {
        let (inside, rest) = self.rest[1..].split_once('\'')?;
        self.line += inside.matches('\n').count();
        self.rest = rest;
        Some(inside)
    }

    fn double_quoted(&mut self, value: &mut String) -> Option<()> {
        let mut chars = self.rest[1..].char_indices();
        while let Some((index, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[index + 2..];
                    return Some(());
                }
                '\\' => match chars.next()?.1 {
                    'n' => value.push('\n'),
                    escaped @ ('\\' | '"' | '\'' | '$' | ' ') => value.push(escaped),
                    other => value.extend(['\\', other]),
                },
                other => value.push(other),
            }
            self.line += usize::from(c == '\n');
        }
        None
    }

    /// The value up to a comment or the end of the line. `#` is part of a value unless a blank stands
    /// before it, or nothing does.
    fn unquoted(&mut self, at_start: bool) -> String {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        let mut value = String::new();
        let mut blank = at_start;
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '#' if blank => break,
                '\\' => match chars.next() {
                    Some(escaped @ ('\\' | '"' | '\'' | '$' | ' ')) => value.push(escaped),
                    Some(other) => value.extend(['\\', other]),
                    None => value.push('\\'),
                },
                other => value.push(other),
            }
            blank = c == ' ' || c == '\t';
        }
        value.trim_end().to_owned()
    }
}

/// The most lines of one file that are told of as no assignments.
const MAX_NOTES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &str, name: &str) -> Option<String> {
        parse_env(text).entries.get(name).map(|entry| entry.given.shown())
    }

    #[test]
    fn quotes_comments_and_export_are_read_as_a_shell_would() {
        let text = "A=1\nexport B = two # said\nC='x # y'\nD=\"say \\\"hi\\\"\\n\"\nE=p#w\nF=\n\
                    G=   # nothing\nH=\"a\nb\" # two lines\nI=after\r\nexport=7\nJ=\"a\"'b'c\n  # K=9\nL=two words";
        for (name, expected) in [
            ("A", "1"),
            ("B", "two"),
            ("C", "x # y"),
            ("D", "say \"hi\""),
            ("E", "p#w"),
            ("F", ""),
            ("G", ""),
            ("H", "a\nb"),
            ("I", "after"),
            ("export", "7"),
            ("J", "abc"),
            ("L", "two words"),
        ] {
            assert_eq!(value(text, name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(value(text, "K"), None);
        assert_eq!(parse_env(text).entries["I"].line, 10);
    }

    #[test]
    fn the_seeds_presets_are_read() {
        let text = "PRESET_360P=\"-vf scale=640:360 -b:v 800k -b:a 96k\"\n";
        assert_eq!(
            value(text, "PRESET_360P").as_deref(),
            Some("-vf scale=640:360 -b:v 800k -b:a 96k")
        );
    }

    #[test]
    fn a_dollar_and_a_backslash_survive_in_a_password() {
        assert_eq!(value("P=pa$$w\\rd", "P").as_deref(), Some("pa$$w\\rd"));
        let layer = parse_env("DATA_DIR=${HOME}/x");
        assert_eq!(layer.entries["DATA_DIR"].given.shown(), "${HOME}/x");
        assert_eq!(
            layer.notes[0].text,
            "DATA_DIR (.env line 1): ${...} is taken as it stands: nothing is substituted"
        );
    }

    #[test]
    fn a_quote_that_stays_open_is_a_problem_that_shows_nothing_of_the_value() {
        let layer = parse_env("A=1\nDB_PASSWORD=\"hunter2\nB=2\n");
        assert_eq!(
            layer.problems[0].text,
            "DB_PASSWORD (.env line 2): the quote that opens the value is never closed"
        );
        assert_eq!(layer.entries.len(), 1);
    }

    #[test]
    fn a_line_that_assigns_nothing_is_refused_for_a_name_of_ours_and_told_else() {
        let layer = parse_env("RTMP_PORT: 1935\nhunter2\n");
        assert_eq!(layer.problems[0].text, "RTMP_PORT (.env line 1): write it as RTMP_PORT=value");
        assert_eq!(
            layer.notes[0].text,
            ".env line 2: ignored: it is not of the form \"NAME=value\""
        );
    }

    #[test]
    fn of_a_name_set_twice_the_last_holds_and_it_is_told() {
        let layer = parse_env("SHARDS=1\nSHARDS=2\nA=1\nA=2\n");
        assert_eq!(layer.entries["SHARDS"].given.shown(), "2");
        assert_eq!(layer.notes[0].text, "SHARDS (.env line 2): set on line 1 too; this line holds");
        assert_eq!(layer.notes.len(), 1);
    }

    #[test]
    fn a_file_without_end_is_refused() {
        let lines: Vec<_> = (0..=MAX_NAMES).map(|index| format!("A{index}=")).collect();
        assert_eq!(
            parse_env(&lines.join("\n")).problems[0].text,
            ".env line 4097: more than 4096 names"
        );
        assert_eq!(
            parse_env(&"#".repeat(MAX_TEXT + 1)).problems[0].text,
            ".env: larger than 1048576 bytes"
        );
    }

    proptest! {
        /// dotenvy is the judge of the grammar that both know; substitution is left out of it.
        #[test]
        fn values_are_read_as_dotenvy_reads_them(
            name in "[A-Z_][A-Z0-9_]{0,8}",
            value in r#"'[^'\\]{0,12}'|"([^"\\$]|\\[n"\\$]){0,12}"|[a-z0-9=:/#%,.-]{0,12}"#,
            comment in "( +#[a-z ']{0,8})?",
        ) {
            let text = format!("export {name} = {value}{comment}\n");
            let theirs = dotenvy::from_read_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
            if let Ok(theirs) = theirs {
                let ours = parse_env(&text);
                let ours: Vec<_> = ours
                    .entries
                    .iter()
                    .map(|(name, entry)| match &entry.given {
                        crate::source::Given::Text(text) => (name.clone(), text.clone()),
                        crate::source::Given::List(_) => unreachable!(".env has no lists"),
                    })
                    .collect();
                prop_assert_eq!(ours, theirs);
            }
        }

        #[test]
        fn no_text_panics(text in r#"([A-Z]{1,3}|[ =#'"\\\n\r$]|export|\PC){0,60}"#) {
            parse_env(&text);
        }
    }
}
