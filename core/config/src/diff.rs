use crate::{Config, Reload, SETTINGS, Setting};

/// A setting that differs between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: &'static str,
    /// What the change needs before it shows.
    pub reload: Reload,
    /// The old value as it was written; of a secret, `[secret]`.
    pub from: String,
    /// The new value.
    pub to: String,
}

impl Config {
    /// What changes when `other` takes the place of this one, in the order of the table. Two ways to
    /// write the same value do not differ.
    pub fn diff(&self, other: &Self) -> Vec<Change> {
        let change = |setting: &'static Setting| Change {
            name: setting.name,
            reload: setting.reload,
            from: self.shown(setting).0.to_owned(),
            to: other.shown(setting).0.to_owned(),
        };
        self.differing(other).into_iter().filter_map(Setting::find).map(change).collect()
    }

    /// What is in force once `read` takes the place of this one in a running server: the new values, but
    /// for the settings that wait for a restart, which keep value and source.
    #[must_use]
    pub fn reloaded(&self, mut read: Self) -> Self {
        read.keep_fixed(self);
        for setting in SETTINGS.iter().filter(|setting| setting.reload == Reload::Restart) {
            match self.given.get(setting.name) {
                Some(shown) => read.given.insert(setting.name, shown.clone()),
                None => read.given.remove(setting.name),
            };
        }
        read
    }
}

impl PartialEq for Config {
    /// Whether every value is the same, wherever it was set.
    fn eq(&self, other: &Self) -> bool {
        self.differing(other).is_empty()
    }
}
