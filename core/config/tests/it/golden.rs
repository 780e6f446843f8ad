//! The files in the repository that the table writes.

use std::path::{Path, PathBuf};

use config::{Config, SETTINGS, Sources, env_example, help, parse_env, reference};

use crate::built;

fn in_repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

/// Compares a file with what the table renders; with `UPDATE_GOLDEN` set it is written instead.
fn check(name: &str, rendered: &str) {
    let path = in_repository(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, rendered).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == rendered,
        "{name} differs from the table; run: UPDATE_GOLDEN=1 cargo test -p config"
    );
}

#[test]
fn the_reference_page_is_what_the_table_renders() {
    check("docs/configuration.md", &reference());
}

#[test]
fn the_example_is_what_the_table_renders() {
    check(".env.example", &env_example());
}

#[test]
fn a_copy_of_the_example_starts_as_the_default_does() {
    let (config, notes) =
        built(&Sources { dotenv: parse_env(&env_example()), ..Sources::default() });
    assert_eq!(notes, [""; 0]);
    assert_eq!(config, Config::build(&Sources::default()).unwrap().0);
    assert_eq!(config.not_yet(), [""; 0]);
}

/// What is commented out must be right as well once the reader switches it on.
#[test]
fn every_line_of_the_example_is_a_setting_with_an_allowed_value() {
    let example = env_example();
    for setting in SETTINGS {
        let line = example.lines().map(|line| line.trim_start_matches('#'));
        let line = line.filter(|line| line.starts_with(&format!("{}=", setting.name)));
        assert_eq!(line.clone().count(), 1, "{}", setting.name);
        for line in line {
            let sources = Sources { dotenv: parse_env(line), ..Sources::default() };
            let problems = Config::build(&sources).err().unwrap_or_default();
            // Some settings need a partner; the line itself must not be refused.
            let refused = problems.iter().find(|problem| problem.name == setting.name);
            assert!(refused.is_none(), "{refused:?}");
        }
    }
}

#[test]
fn the_help_names_every_flag_and_fits_a_terminal() {
    let help = help();
    for setting in SETTINGS {
        assert!(help.contains(&format!("--{} ", setting.flag())), "{}", setting.name);
        assert!(setting.help.ends_with('.'), "{}", setting.name);
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100));
}
