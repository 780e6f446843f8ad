//! What is written for people from the table: the help text, the reference page and `.env.example`.

use std::fmt::Write;

use crate::resolve::WITHOUT_MEANING;
use crate::{SETTINGS, Setting};

/// The widest line of the help text, in characters.
const HELP_WIDTH: usize = 100;

/// The flags of `shardcast serve`, by group.
pub fn help() -> String {
    let mut out = String::new();
    for (group, settings) in groups() {
        line(&mut out, &format!("{group}:"));
        for setting in settings {
            let value = if setting.secret { "PATH" } else { setting.kind.placeholder() };
            line(&mut out, &format!("  --{} {value}", setting.flag()));
            let mut text = plain(setting.help);
            if setting.secret {
                text = format!("A file with the value of {}. {text}", setting.name);
            }
            write!(text, " [{}: {}]", setting.name, default(setting).replace(',', ", ")).ok();
            if !setting.implemented {
                text.push_str(" [no effect yet]");
            }
            wrap(&mut out, &text, "      ");
        }
        out.push('\n');
    }
    out
}

/// `docs/configuration.md`.
pub fn reference() -> String {
    let mut out = String::from(include_str!("reference.md"));
    for (group, settings) in groups() {
        write!(out, "\n## {group}\n\n").ok();
        line(&mut out, "| variable | default | meaning | allowed | takes effect |");
        line(&mut out, "| --- | --- | --- | --- | --- |");
        for setting in settings {
            let yet = if setting.implemented { "" } else { " *No effect yet.*" };
            let row = format!(
                "| {} | {} | {}{yet} | {} | {} |",
                names(setting),
                cell(&shown_default(setting)),
                cell(setting.help),
                cell(&setting.kind.allowed()),
                setting.reload.as_str()
            );
            line(&mut out, &row);
        }
    }
    line(&mut out, "\n## Names without meaning\n");
    line(
        &mut out,
        "The old server knew these. Where they are still set, the start says so once and goes on.\n",
    );
    line(&mut out, "| variable | instead |");
    line(&mut out, "| --- | --- |");
    for (name, advice) in WITHOUT_MEANING {
        line(&mut out, &format!("| `{name}` | {} |", cell(advice)));
    }
    out
}

/// `.env.example`: a copy of it starts the server as it is.
pub fn env_example() -> String {
    let mut out = String::from(include_str!("env_example.txt"));
    for (group, settings) in groups() {
        let rule = "-".repeat(HELP_WIDTH.saturating_sub(group.len() + 6));
        write!(out, "\n# --- {group} {rule}\n").ok();
        for setting in settings {
            let yet = if setting.implemented { "" } else { " (no effect yet)" };
            write!(out, "\n# {}{yet}\n", plain(setting.help)).ok();
            line(&mut out, &assignment(setting));
        }
    }
    out
}

/// A line is active only where it repeats a default of this version: everything else, above all what
/// needs an outside service, is left for the reader to switch on.
fn assignment(setting: &Setting) -> String {
    let repeats_default = !setting.default.is_empty() && setting.example.is_empty();
    let active = setting.seed && setting.implemented && repeats_default;
    let mark = if active { "" } else { "#" };
    let value = if setting.example.is_empty() { setting.default } else { setting.example };
    let quote = if value.contains(' ') { "\"" } else { "" };
    format!("{mark}{}={quote}{value}{quote}", setting.name)
}

fn groups() -> impl Iterator<Item = (&'static str, &'static [Setting])> {
    SETTINGS.chunk_by(|a, b| a.group == b.group).map(|rows| (rows[0].group, rows))
}

fn names(setting: &Setting) -> String {
    let mut all = format!("`{}`", setting.name);
    for alias in setting.aliases {
        write!(all, " (`{alias}`)").ok();
    }
    all
}

fn default(setting: &Setting) -> &str {
    match (setting.default_note, setting.default) {
        ("", "") => "none",
        ("", default) => default,
        (note, _) => note,
    }
}

/// The default in the reference page: as code, unless it is described.
fn shown_default(setting: &Setting) -> String {
    let text = default(setting);
    if setting.default_note.is_empty() && !setting.default.is_empty() {
        format!("`{}`", text.replace(',', ", "))
    } else {
        text.to_owned()
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}

fn plain(text: &str) -> String {
    text.replace('`', "")
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn wrap(out: &mut String, text: &str, indent: &str) {
    let mut width = HELP_WIDTH;
    for word in text.split_whitespace() {
        if width + 1 + word.chars().count() > HELP_WIDTH {
            if !out.ends_with('\n') {
                out.push('\n');
            }
            out.push_str(indent);
            width = indent.len();
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.chars().count();
    }
    out.push('\n');
}
