use std::collections::{BTreeMap, BTreeSet};

use crate::field::Field;
use crate::source::{Entry, Given};
use crate::suggest::nearest;
use crate::{Layer, Note, Problem, SETTINGS, Setting, Source, Sources};

/// What was set, by setting: the strongest source of each.
pub(crate) struct Resolved {
    found: BTreeMap<&'static str, Found>,
}

/// A value with its provenance, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) source: Source,
    pub(crate) text: String,
}

struct Found {
    /// The name it was set by: the setting's own, an alias, or that of its file.
    name: String,
    given: Given,
    source: Source,
    /// Whether `given` is the path of a file that holds the value.
    file: bool,
}

/// What replaces the value of a secret wherever it would be shown.
pub(crate) const HIDDEN: &str = "[secret]";

/// Names of the old server's environment that mean nothing here, with what to do instead.
pub(crate) const WITHOUT_MEANING: &[(&str, &str)] = &[
    ("DISABLE_AUTH", "there is no way to switch authentication off"),
    ("ENABLE_CLUSTERING", "one process uses every core; see SHARDS"),
    ("GCS_BUCKET", "use Google's S3-compatible endpoint with S3_ENDPOINT and S3_BUCKET"),
    ("GCS_KEY_FILE", "use Google's S3-compatible endpoint with an HMAC key in S3_ACCESS_KEY_ID"),
    ("GCS_PROJECT_ID", "use Google's S3-compatible endpoint with S3_ENDPOINT"),
    ("NODE_ENV", "there is one mode"),
    ("WORKER_PROCESSES", "use SHARDS"),
];

/// The files that hold secrets, by path: for those `*_FILE` variables that are in force. The caller
/// reads them and puts their content, or why it cannot, into [`Sources::files`].
pub fn secret_files(sources: &Sources) -> Vec<String> {
    let resolved = Resolved::of(sources, &mut Vec::new(), &mut Vec::new());
    let files = resolved.found.values().filter(|found| found.file);
    files.map(|found| found.given.shown()).collect::<BTreeSet<_>>().into_iter().collect()
}

impl Resolved {
    /// Picks the strongest source of every setting, and tells of names that are none.
    pub(crate) fn of(
        sources: &Sources,
        notes: &mut Vec<Note>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let layers = [
            (&sources.flags, Source::Flag),
            (&sources.environment, Source::Environment),
            (&sources.dotenv, Source::DotEnv { line: 0 }),
            (&sources.toml, Source::Toml { line: 0 }),
        ];
        let mut found = BTreeMap::new();
        for setting in SETTINGS {
            let winner = layers
                .iter()
                .find_map(|(layer, source)| pick(setting, layer, *source, notes, problems));
            if let Some(winner) = winner {
                found.insert(setting.name, winner);
            }
        }
        for (layer, source) in layers {
            problems.extend(layer.problems.iter().cloned());
            notes.extend(layer.notes.iter().cloned());
            unknown_names(layer, source, notes, problems);
        }
        Self { found }
    }

    /// Replaces the paths of secret files with their content.
    pub(crate) fn open_files(&mut self, sources: &Sources, problems: &mut Vec<Problem>) {
        let files = self.found.values_mut().filter(|found| found.file);
        for found in files {
            let path = found.given.shown();
            match sources.files.get(&path) {
                Some(Ok(content)) if !content.trim().is_empty() => {
                    found.given = Given::Text(content.trim().to_owned());
                }
                Some(Ok(_)) => {
                    let why = format!("the file {path} is empty");
                    problems.push(Problem::at(&found.name, found.source, &why));
                }
                other => {
                    let cause = match other {
                        Some(Err(cause)) => cause.as_str(),
                        _ => "it was not read",
                    };
                    let why = format!("the file {path} cannot be read: {cause}");
                    problems.push(Problem::at(&found.name, found.source, &why));
                }
            }
        }
    }

    /// The typed value of a setting; `None` after noting what is wrong with it.
    pub(crate) fn read<T: Field>(&self, name: &str, problems: &mut Vec<Problem>) -> Option<T> {
        let setting = Setting::find(name)?;
        let Some(found) = self.found.get(name) else {
            if setting.default.is_empty() {
                return T::absent();
            }
            let given = Given::Text(setting.default.to_owned());
            return value(setting, name, &given, Source::Default, problems);
        };
        value(setting, &found.name, &found.given, found.source, problems)
    }

    /// What was given, with its provenance and without secrets.
    pub(crate) fn shown(&self) -> BTreeMap<&'static str, Shown> {
        let show = |(name, found): (&&'static str, &Found)| {
            let secret = Setting::find(name).is_none_or(|setting| setting.secret);
            let text = if secret { HIDDEN.to_owned() } else { found.given.shown() };
            (*name, Shown { source: found.source, text })
        };
        self.found.iter().map(show).collect()
    }
}

fn value<T: Field>(
    setting: &Setting,
    name: &str,
    given: &Given,
    source: Source,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let fault = match T::parse(&setting.kind, given) {
        Ok(value) => return Some(value),
        Err(fault) => fault,
    };
    let why = format!("{}; allowed: {}", fault.sentence(setting.secret), setting.kind.allowed());
    problems.push(Problem::at(name, source, &why));
    None
}

/// The value of a setting in one layer. Its own name is stronger than an alias; a value and a file
/// with the value contradict each other.
fn pick(
    setting: &Setting,
    layer: &Layer,
    source: Source,
    notes: &mut Vec<Note>,
    problems: &mut Vec<Problem>,
) -> Option<Found> {
    let names = std::iter::once(&setting.name).chain(setting.aliases);
    let names = names.filter(|name| !is_secret_flag(name, source));
    let mut winner: Option<Found> = None;
    for name in names {
        let Some(entry) = layer.get(name) else { continue };
        let found = Found::new(name, entry, source, false);
        match &winner {
            None => winner = Some(found),
            Some(first) if first.given != found.given => {
                let why = format!("ignored, since {} is set beside it", first.name);
                notes.push(Note::at(name, found.source, &why));
            }
            Some(_) => {}
        }
    }
    if setting.secret {
        let name = setting.file_variable();
        if let Some(entry) = layer.get(&name) {
            let found = Found::new(&name, entry, source, true);
            if let Some(first) = &winner {
                let why = format!("{} is set beside it; set one of the two", first.name);
                problems.push(Problem::at(&name, found.source, &why));
            }
            winner = Some(found);
        }
    }
    winner
}

impl Found {
    fn new(name: &str, entry: &Entry, source: Source, file: bool) -> Self {
        let source = source.at(entry.line);
        Self { name: name.to_owned(), given: entry.given.clone(), source, file }
    }
}

impl Source {
    fn at(self, line: usize) -> Self {
        match self {
            Self::DotEnv { .. } => Self::DotEnv { line },
            Self::Toml { .. } => Self::Toml { line },
            other => other,
        }
    }
}

/// Every name that a source may use.
pub(crate) fn known_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for setting in SETTINGS {
        names.insert(setting.name.to_owned());
        names.extend(setting.aliases.iter().map(|alias| (*alias).to_owned()));
        if setting.secret {
            names.insert(setting.file_variable());
        }
    }
    names
}

/// A wrong flag or TOML key stops the start: nobody else reads them. `.env` and the environment are
/// shared with other programs.
fn unknown_names(
    layer: &Layer,
    source: Source,
    notes: &mut Vec<Note>,
    problems: &mut Vec<Problem>,
) {
    let known = known_names();
    let near = |name: &str| nearest(&name.to_ascii_uppercase(), known.iter().map(String::as_str));
    let is_known = |name: &str| known.contains(name) && !is_secret_flag(name, source);
    let mut strangers = Vec::new();
    for (name, entry) in layer.entries.iter().filter(|(name, _)| !is_known(name)) {
        let at = source.at(entry.line);
        match source {
            Source::Flag => problems.push(Problem::at(name, at, &unknown_flag(near(name)))),
            Source::Toml { .. } => {
                let near =
                    near(name).map(|near| format!("; did you mean {}?", near.to_lowercase()));
                let why = format!("no such setting{}", near.unwrap_or_default());
                problems.push(Problem::at(&name.to_ascii_lowercase(), at, &why));
            }
            Source::DotEnv { .. } => {
                match without_meaning(name).or_else(|| resembles(near(name))) {
                    Some(why) => notes.push(Note::at(name, at, &why)),
                    None => strangers.push(name.as_str()),
                }
            }
            Source::Environment | Source::Default => {
                // Nearly every service sets it, for whoever it may concern.
                let why = without_meaning(name).filter(|_| name != "NODE_ENV");
                notes.extend(why.map(|why| Note::at(name, at, &why)));
            }
        }
    }
    if !strangers.is_empty() {
        let why = format!("not settings of this server, ignored: {}", list(&strangers));
        notes.push(Note::in_file(source, &why));
    }
}

/// Whether this is a secret's value as a flag, which no flag takes: only its file.
fn is_secret_flag(name: &str, source: Source) -> bool {
    let secret = |setting: &Setting| {
        setting.secret && (setting.name == name || setting.aliases.contains(&name))
    };
    source == Source::Flag && SETTINGS.iter().any(secret)
}

fn unknown_flag(near: Option<&str>) -> String {
    let setting = near.and_then(|near| {
        SETTINGS
            .iter()
            .find(|s| [s.name, &s.file_variable()].contains(&near) || s.aliases.contains(&near))
    });
    match setting {
        Some(setting) => format!("no such flag; did you mean --{}?", setting.flag()),
        None => "no such flag".to_owned(),
    }
}

fn resembles(near: Option<&str>) -> Option<String> {
    near.map(|near| format!("no such setting, ignored; did you mean {near}?"))
}

/// The most names that one note lists.
const MAX_LISTED: usize = 20;
/// The longest name that is shown, in bytes.
const MAX_LISTED_NAME: usize = 40;

/// The names that look like names. A line of a key in base64 that was pasted without quotes may end in
/// `=` and pass for one: it is counted, not shown.
fn list(names: &[&str]) -> String {
    let is_name = |name: &&&str| {
        let one_case = !name.contains(|c: char| c.is_ascii_lowercase())
            || !name.contains(|c: char| c.is_ascii_uppercase());
        name.len() <= MAX_LISTED_NAME && one_case
    };
    let shown: Vec<&str> = names.iter().filter(is_name).copied().take(MAX_LISTED).collect();
    match (names.len() - shown.len(), shown.is_empty()) {
        (0, _) => shown.join(", "),
        (more, true) => format!("{more} names"),
        (more, false) => format!("{} and {more} more", shown.join(", ")),
    }
}

fn without_meaning(name: &str) -> Option<String> {
    let (_, advice) = WITHOUT_MEANING.iter().find(|(old, _)| *old == name)?;
    Some(format!("has no meaning any more, ignored: {advice}"))
}
