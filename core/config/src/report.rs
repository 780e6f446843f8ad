use crate::{Setting, Source};

/// Why the configuration is refused: one line that names the variable, where it was set, the bad value
/// (never a secret) and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Problem {
    /// The variable; empty when a whole file is at fault.
    pub name: String,
    /// The line.
    pub text: String,
}

/// Something that the operator should be told once at start, though the server runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The variable.
    pub name: String,
    /// The line.
    pub text: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Problem {
    pub(crate) fn at(name: &str, source: Source, why: &str) -> Self {
        Self { name: name.to_owned(), text: line(name, source, why) }
    }

    pub(crate) fn in_file(source: Source, why: &str) -> Self {
        Self { name: String::new(), text: one_line(&format!("{source}: {why}")) }
    }
}

impl Note {
    pub(crate) fn at(name: &str, source: Source, why: &str) -> Self {
        Self { name: name.to_owned(), text: line(name, source, why) }
    }

    pub(crate) fn in_file(source: Source, why: &str) -> Self {
        Self { name: String::new(), text: one_line(&format!("{source}: {why}")) }
    }
}

/// The longest part of a bad value that an error shows, in characters.
pub(crate) const MAX_SHOWN: usize = 80;

/// A user's text in quotes, on one line, and bounded.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push_str("...");
    }
    format!("\"{}\"", shown.replace("\\\"", "\"").replace("\\'", "'"))
}

fn line(name: &str, source: Source, why: &str) -> String {
    let place = match source {
        Source::Default => return one_line(&format!("{name}: {why}")),
        Source::Flag => {
            let flag = Setting::find(name).map_or_else(
                || name.to_ascii_lowercase().replace('_', "-"),
                |setting| setting.toml_key().replace('_', "-"),
            );
            format!("flag --{flag}")
        }
        other => other.to_string(),
    };
    one_line(&format!("{name} ({place}): {why}"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
