use std::collections::BTreeMap;
use std::fmt;

use crate::field::Fault;
use crate::{Note, Problem};

/// Everything that the configuration is built from, strongest first: flags, the environment, `.env`,
/// `shardcast.toml`, and below all of them the defaults of the table.
#[derive(Clone, Default)]
pub struct Sources {
    /// Values of flags, under [`crate::Setting::flag_variable`].
    pub flags: Layer,
    /// The process environment.
    pub environment: Layer,
    /// `.env`, by [`crate::parse_env`].
    pub dotenv: Layer,
    /// `shardcast.toml`, by [`crate::parse_toml`].
    pub toml: Layer,
    /// The content of the files that [`crate::secret_files`] names, by path, or why one cannot be read.
    pub files: BTreeMap<String, Result<String, String>>,
}

/// One source's names and values. What is wrong with its text is kept beside them, so that
/// [`crate::Config::build`] can tell everything at once.
#[derive(Clone, Default)]
pub struct Layer {
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) notes: Vec<Note>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A command-line flag.
    Flag,
    /// The process environment.
    Environment,
    /// A line of `.env`, from 1.
    DotEnv {
        /// The line; 0 when the whole file is meant.
        line: usize,
    },
    /// A line of `shardcast.toml`, from 1.
    Toml {
        /// The line; 0 when the whole file is meant.
        line: usize,
    },
    /// Nobody set it.
    Default,
}

/// A value as it was written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Given {
    Text(String),
    List(Vec<String>),
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) given: Given,
    pub(crate) line: usize,
}

impl Layer {
    /// A layer of flags or environment variables.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<String>,
        V: Into<String>,
    {
        let entries = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), Entry::text(value.into(), 0)))
            .collect();
        Self { entries, ..Self::default() }
    }

    /// The value under this name; one that is empty counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name).filter(|entry| !entry.given.is_empty())
    }
}

impl fmt::Debug for Layer {
    /// Names only: the values hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("flags", &self.flags)
            .field("dotenv", &self.dotenv)
            .field("toml", &self.toml)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::DotEnv { line: 0 } => f.write_str(".env"),
            Self::DotEnv { line } => write!(f, ".env line {line}"),
            Self::Toml { line: 0 } => f.write_str("shardcast.toml"),
            Self::Toml { line } => write!(f, "shardcast.toml line {line}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Entry {
    pub(crate) fn text(value: String, line: usize) -> Self {
        Self { given: Given::Text(value), line }
    }
}

impl Given {
    /// The most items of a list.
    pub(crate) const MAX_ITEMS: usize = 256;

    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    /// The value where one is wanted.
    pub(crate) fn one(&self) -> Result<&str, Fault> {
        match self {
            Self::Text(text) => Ok(text.trim()),
            Self::List(_) => Err(Fault::hidden("is a list, but takes one value")),
        }
    }

    /// The value where a list is wanted: an array, or text with commas. `none` is the empty list.
    pub(crate) fn items(&self) -> Result<Vec<&str>, Fault> {
        let items: Vec<&str> = match self {
            Self::Text(text) if text.trim().eq_ignore_ascii_case("none") => Vec::new(),
            Self::Text(text) => text.split(',').map(str::trim).filter(|s| !s.is_empty()).collect(),
            Self::List(items) => items.iter().map(|item| item.trim()).collect(),
        };
        if items.len() > Self::MAX_ITEMS {
            return Err(Fault::hidden(&format!("has more than {} items", Self::MAX_ITEMS)));
        }
        Ok(items)
    }

    /// The value on one line, for provenance.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::List(items) if items.is_empty() => "none".to_owned(),
            Self::List(items) => items.join(","),
        }
    }
}
