use std::time::Duration;

/// One row of the table: everything that is known of a setting but its value.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name in the environment and in `.env`, such as `RTMP_PORT`.
    pub name: &'static str,
    /// The heading that it is listed under.
    pub group: &'static str,
    /// What it means, in one or two sentences.
    pub help: &'static str,
    /// The default as a user would write it; empty when the setting has none.
    pub default: &'static str,
    /// What to say of the default in place of its text, where that is computed or empty.
    pub default_note: &'static str,
    /// The form of its values.
    pub kind: Kind,
    /// Whether the value is kept out of logs, errors and every output, and may come from a file.
    pub secret: bool,
    /// What a change of the value needs.
    pub reload: Reload,
    /// Other names that are understood: those of the server that this one replaces.
    pub aliases: &'static [&'static str],
    /// Whether this version of the server acts on it.
    pub implemented: bool,
    /// Whether the old server's users know it: an active line in `.env.example`.
    pub seed: bool,
    /// The value that `.env.example` and the reference page show where there is no default.
    pub example: &'static str,
}

/// What a change of a setting needs before it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// Nothing: it applies at once.
    Live,
    /// A new session: running streams and viewers keep the old value.
    NextSession,
    /// A restart of the server.
    Restart,
}

impl Reload {
    /// The word in the reference page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::NextSession => "next session",
            Self::Restart => "restart",
        }
    }
}

/// The form of a setting's values, with its limits.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A TCP or UDP port.
    Port,
    /// True or false.
    Bool,
    /// A whole number within these limits.
    Number(u64, u64),
    /// The same, or `auto`.
    NumberOrAuto(u64, u64),
    /// A duration; a bare number counts `unit`. Limits are inclusive.
    Duration {
        /// What a bare number counts.
        unit: Unit,
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
        /// Whether a bare number of 1000 or more is milliseconds, as the old server wrote it. Such a
        /// setting's `max` is below 1000 s, so no value has two meanings.
        old_millis: bool,
    },
    /// A number of bytes; a bare number counts GB.
    Size,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text of at most this many bytes.
    Text(usize),
    /// A secret of at least this many bytes.
    Secret(usize),
    /// The same, which signs or seals: weak and example values are refused.
    SigningSecret(usize),
    /// A file or directory.
    Path,
    /// A URL without query, with one of these schemes.
    Url(&'static [&'static str]),
    /// An IP address to listen on.
    Address,
    /// A host name or IP address.
    Host,
    /// A list of host names and IP addresses.
    Hosts,
    /// A list of IP networks.
    Cidrs,
    /// A list of web origins, or `*`.
    Origins,
    /// A list of web origins, `self`, or `*`.
    Embed,
    /// A rate with a burst.
    Rate,
    /// A rung of the ladder in the form of FFmpeg's options.
    Rung,
    /// A list of `role=role` pairs.
    Roles,
    /// One STUN or TURN server, or a list; with one of these schemes.
    Ice(&'static [&'static str]),
    /// An e-mail address.
    Email,
}

/// What a bare number counts in a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Millis,
    /// Seconds.
    Seconds,
    /// Hours.
    Hours,
    /// Days.
    Days,
}

impl Unit {
    /// Its length in milliseconds.
    pub fn millis(self) -> u64 {
        match self {
            Self::Millis => 1,
            Self::Seconds => 1000,
            Self::Hours => 3_600_000,
            Self::Days => 86_400_000,
        }
    }

    /// Its name in prose.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Millis => "milliseconds",
            Self::Seconds => "seconds",
            Self::Hours => "hours",
            Self::Days => "days",
        }
    }
}

/// Starts a row; the macro that holds the table names it.
pub(crate) const fn row(default: &'static str, kind: Kind, reload: Reload) -> Setting {
    Setting {
        name: "",
        group: "",
        help: "",
        default,
        default_note: "",
        kind,
        secret: matches!(kind, Kind::Secret(_) | Kind::SigningSecret(_)),
        reload,
        aliases: &[],
        implemented: true,
        seed: false,
        example: "",
    }
}

/// A duration with limits in the unit that a bare number counts.
pub(crate) const fn duration(unit: Unit, min: u64, max: u64) -> Kind {
    let scale = match unit {
        Unit::Millis => 1,
        Unit::Seconds => 1000,
        Unit::Hours => 3_600_000,
        Unit::Days => 86_400_000,
    };
    Kind::Duration {
        unit,
        min: Duration::from_millis(min * scale),
        max: Duration::from_millis(max * scale),
        old_millis: false,
    }
}

/// Seconds, where a bare number of 1000 or more is milliseconds.
pub(crate) const fn seconds_or_old_millis(min: u64, max: u64) -> Kind {
    assert!(max < 1000, "else a bare number would have two meanings");
    Kind::Duration {
        unit: Unit::Seconds,
        min: Duration::from_secs(min),
        max: Duration::from_secs(max),
        old_millis: true,
    }
}

impl Setting {
    pub(crate) const fn named(
        mut self,
        name: &'static str,
        help: &'static str,
        group: &'static str,
    ) -> Self {
        self.name = name;
        self.help = help.trim_ascii();
        self.group = group;
        self
    }

    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(crate) const fn later(mut self) -> Self {
        self.implemented = false;
        self
    }

    pub(crate) const fn seed(mut self) -> Self {
        self.seed = true;
        self
    }

    pub(crate) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    pub(crate) const fn note(mut self, note: &'static str) -> Self {
        self.default_note = note;
        self
    }

    /// The row of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        crate::SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its command-line flag without the dashes, such as `rtmp-port`. A secret has none, since every
    /// user of a machine can read the arguments of a process: its flag names a file instead, such as
    /// `jwt-secret-file`.
    pub fn flag(&self) -> String {
        let name = self.name.to_ascii_lowercase().replace('_', "-");
        if self.secret { format!("{name}-file") } else { name }
    }

    /// The name to give a flag's value in the flag layer: that of the setting, or for a secret that
    /// of its file.
    pub fn flag_variable(&self) -> String {
        if self.secret { self.file_variable() } else { self.name.to_owned() }
    }

    /// The variable that names a file with the value, such as `JWT_SECRET_FILE`; only secrets have it.
    pub fn file_variable(&self) -> String {
        format!("{}_FILE", self.name)
    }

    /// Its key in `shardcast.toml`, such as `rtmp_port`.
    pub fn toml_key(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

impl Kind {
    /// What values are allowed, for errors and the reference page.
    pub fn allowed(&self) -> String {
        match self {
            Self::Port => "a port from 1 to 65535".into(),
            Self::Bool => "true or false".into(),
            Self::Number(min, max) => format!("a whole number from {min} to {max}"),
            Self::NumberOrAuto(min, max) => format!("auto, or a whole number from {min} to {max}"),
            Self::Duration { unit, min, max, old_millis } => {
                let old = if *old_millis { ", from 1000 on of milliseconds" } else { "" };
                let (min, max) = (render(*min), render(*max));
                format!("{min} to {max}; a bare number is of {}{old}", unit.as_str())
            }
            Self::Size => "a number of GB, or one with MB, GB or TB; 0: no limit".into(),
            Self::Choice(words) => words.join(", "),
            Self::Text(max) => format!("text of at most {max} bytes"),
            Self::Secret(1) => "not empty".into(),
            Self::Secret(min) => format!("at least {min} bytes"),
            Self::SigningSecret(min) => {
                format!("at least {min} random bytes, such as from: openssl rand -hex 32")
            }
            Self::Path => "a path".into(),
            Self::Url(schemes) => format!("a URL that starts with {}", or(schemes, "://")),
            Self::Address => "an IP address without port, such as 0.0.0.0 or [::]".into(),
            Self::Host => "a host name or IP address, without port".into(),
            Self::Hosts => "a list of host names and IP addresses, without ports".into(),
            Self::Cidrs => {
                "a list of networks such as 10.0.0.0/8, addresses, loopback, private; or none"
                    .into()
            }
            Self::Origins => "*, none, or a list of origins such as https://example.com".into(),
            Self::Embed => {
                "*, none, or a list of self and origins such as https://example.com".into()
            }
            Self::Rate => "N/s, or N/s burst M; 0: no limit".into(),
            Self::Rung => "the form -vf scale=W:H -b:v N -b:a N".into(),
            Self::Roles => {
                "a list of ROLE=viewer, ROLE=streamer, ROLE=moderator or ROLE=admin".into()
            }
            Self::Ice(schemes) => {
                format!("HOST:PORT or a URL that starts with {}", or(schemes, ":"))
            }
            Self::Email => "an e-mail address".into(),
        }
    }

    /// The placeholder of a value in the help text.
    pub fn placeholder(&self) -> &'static str {
        match self {
            Self::Port => "PORT",
            Self::Bool => "BOOL",
            Self::Number(..) | Self::NumberOrAuto(..) => "N",
            Self::Duration { .. } => "TIME",
            Self::Size => "SIZE",
            Self::Choice(_) => "WORD",
            Self::Text(_) => "TEXT",
            Self::Secret(_) | Self::SigningSecret(_) | Self::Path => "PATH",
            Self::Url(_) => "URL",
            Self::Address => "ADDR",
            Self::Host => "HOST",
            Self::Hosts | Self::Cidrs | Self::Origins | Self::Embed | Self::Roles => "LIST",
            Self::Rate => "RATE",
            Self::Rung => "RUNG",
            Self::Ice(_) => "SERVER",
            Self::Email => "EMAIL",
        }
    }
}

fn or(schemes: &[&str], suffix: &str) -> String {
    let all: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}{suffix}")).collect();
    all.join(" or ")
}

/// A duration in its largest whole unit.
fn render(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")] {
        if millis >= unit && millis.is_multiple_of(unit) {
            return format!("{} {name}", millis / unit);
        }
    }
    if millis == 0 { "0".into() } else { format!("{millis} ms") }
}
