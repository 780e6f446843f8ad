/// Makes of the table of settings the slice of rows, the struct with one typed field a row, its
/// reader and its comparison, so that none of them can forget a setting.
macro_rules! settings {
    ($(
        $group:literal {
            $(
                $(#[doc = $help:literal])+
                $name:ident => $field:ident: $ty:ty = $row:expr;
            )+
        }
    )+) => {
        /// Every setting, in the order of the reference page.
        pub static SETTINGS: &[Setting] = &[$($(
            $row.named(stringify!($name), concat!($($help),+), $group),
        )+)+];

        /// The configuration of a running server: validated, and never changed. A new configuration is
        /// a new value, compared by [`Config::diff`].
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct Config {
            $($(
                $(#[doc = $help])+
                pub $field: $ty,
            )+)+
            /// What was not left at its default: for provenance, never read by the server itself.
            pub(crate) given: BTreeMap<&'static str, Shown>,
        }

        impl Config {
            /// Reads every field; `None` after noting a problem with at least one.
            pub(crate) fn read(resolved: &Resolved, problems: &mut Vec<Problem>) -> Option<Self> {
                $($( let $field = resolved.read::<$ty>(stringify!($name), problems); )+)+
                Some(Self { $($( $field: $field?, )+)+ given: resolved.shown() })
            }

            /// The names of the settings whose values differ, in the order of the table.
            pub(crate) fn differing(&self, other: &Self) -> Vec<&'static str> {
                let mut names = Vec::new();
                $($( if self.$field != other.$field { names.push(stringify!($name)); } )+)+
                names
            }

            /// Takes the values of the settings that a restart alone can change from `other`.
            pub(crate) fn keep_fixed(&mut self, other: &Self) {
                $($(
                    if matches!($row.reload, Restart) {
                        self.$field.clone_from(&other.$field);
                    }
                )+)+
            }
        }
    };
}

pub(crate) use settings;

/// Makes an enum of words: its names, its parser and its text.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal $(| $other:literal)* ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( $(#[$variant_meta])* $variant ),+
        }

        impl $name {
            /// The words, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[$($word),+];

            /// The word in the configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }

            /// The variant of a word, in any case.
            pub fn parse(word: &str) -> Option<Self> {
                match word.to_ascii_lowercase().as_str() {
                    $( $word $(| $other)* => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }

        impl crate::field::Field for $name {
            fn parse(_: &crate::Kind, given: &crate::source::Given) -> Result<Self, crate::field::Fault> {
                let word = given.one()?;
                Self::parse(word).ok_or_else(|| crate::field::Fault::value(word, "is not one of the words"))
            }
        }
    };
}

pub(crate) use choice;
