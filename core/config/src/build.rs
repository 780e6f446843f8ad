use crate::check::{check, lacks};
use crate::resolve::Resolved;
use crate::{Config, Note, Problem, SETTINGS, Setting, Source, Sources};

impl Config {
    /// Builds the configuration of its sources: the strongest source of each setting holds. On failure
    /// every problem that can be found is listed, in the order of the table.
    pub fn build(sources: &Sources) -> Result<(Self, Vec<Note>), Vec<Problem>> {
        let mut notes = Vec::new();
        let mut problems = Vec::new();
        let mut resolved = Resolved::of(sources, &mut notes, &mut problems);
        let unread = problems.len();
        resolved.open_files(sources, &mut problems);
        // The value of a file that cannot be read is its path: not worth a second problem.
        if problems.len() > unread {
            return Err(problems);
        }
        let Some(config) = Self::read(&resolved, &mut problems) else { return Err(problems) };
        check(&config, &mut notes, &mut problems);
        if problems.is_empty() { Ok((config, notes)) } else { Err(problems) }
    }

    /// Where the value of a setting comes from.
    pub fn source(&self, name: &str) -> Source {
        self.given.get(name).map_or(Source::Default, |shown| shown.source)
    }

    /// The settings that were set though this version does not act on them yet, to be told at start,
    /// in the order of the table. Those that would have no effect in any version are left out.
    pub fn not_yet(&self) -> Vec<&'static str> {
        let early = |setting: &&Setting| {
            !setting.implemented
                && self.source(setting.name) != Source::Default
                && lacks(self, setting.name).is_none()
        };
        SETTINGS.iter().filter(early).map(|setting| setting.name).collect()
    }

    /// Every setting with its value as text and its source, in the order of the table.
    pub fn effective(&self) -> impl Iterator<Item = Effective<'_>> {
        SETTINGS.iter().map(|setting| {
            let (value, source) = self.shown(setting);
            Effective { setting, value, source }
        })
    }

    /// The value of a setting as it may be shown, with its source.
    pub(crate) fn shown(&self, setting: &Setting) -> (&str, Source) {
        match self.given.get(setting.name) {
            Some(shown) => (&shown.text, shown.source),
            None if setting.default.is_empty() => (setting.default_note, Source::Default),
            None => (setting.default, Source::Default),
        }
    }
}

/// A setting in force.
#[derive(Clone, Copy, Debug)]
pub struct Effective<'a> {
    /// Its row.
    pub setting: &'static Setting,
    /// Its value as it was written; of a secret, `[secret]`.
    pub value: &'a str,
    /// Where it was set.
    pub source: Source,
}
