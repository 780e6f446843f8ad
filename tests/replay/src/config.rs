//! The configuration's sources and what is built of them.

use std::fmt::Write;

use config::{Config, Layer, SETTINGS, Setting, Sources, parse_env, parse_toml};

use crate::input::{Input, mark};

/// The text of a `.env` file.
pub(crate) fn config_dotenv(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    build(&Sources { dotenv: parse_env(&text), ..Sources::default() }, None);
}

/// The text of a `shardcast.toml` file.
pub(crate) fn config_toml(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    build(&Sources { toml: parse_toml(&text), ..Sources::default() }, None);
}

/// All sources together: a secret, files, the environment, `.env` and `shardcast.toml`, with zero bytes
/// between them.
///
/// A configuration equals itself, and neither it nor a refusal shows the secret.
pub(crate) fn config_build(data: &[u8]) {
    let mut input = Input::new(data);
    let secrets: Vec<&Setting> = SETTINGS.iter().filter(|setting| setting.secret).collect();
    let secret = secrets[input.below(secrets.len())].name;
    let place = input.u8();
    let text = String::from_utf8_lossy(input.rest());
    let mut parts = text.split('\0');
    let mut part = || parts.next().unwrap_or_default();
    let mark = mark(data);
    let value = format!("{}{mark}{}", part(), part());
    let file = part();
    let mut pairs: Vec<(&str, &str)> =
        part().lines().filter_map(|line| line.split_once('=')).collect();
    let (mut dotenv, mut toml) = (part().to_owned(), part().to_owned());
    // In a file the value must not end early: what stands behind it would be a name.
    let plain = |c: &char| !c.is_control() && !matches!(c, '\'' | '"' | '\\');
    let in_file: String = value.chars().filter(plain).collect();
    match place % 4 {
        0 => pairs.push((secret, &value)),
        1 => write!(dotenv, "\n{secret}='{in_file}'\n").expect("a string takes all"),
        2 => write!(dotenv, "\n{secret}={in_file}\n").expect("a string takes all"),
        _ => {
            let key = secret.to_ascii_lowercase();
            toml.insert_str(0, &format!("{key} = '''{in_file}'''\n"));
        }
    }
    let mut sources = Sources {
        environment: Layer::from_pairs(pairs),
        dotenv: parse_env(&dotenv),
        toml: parse_toml(&toml),
        ..Sources::default()
    };
    for path in config::secret_files(&sources) {
        let content = if file.is_empty() { Err("no such file".into()) } else { Ok(file.into()) };
        sources.files.insert(path, content);
    }
    build(&sources, Some(&mark));
}

/// Builds a configuration; nothing that is shown of it may hold the `secret`.
fn build(sources: &Sources, secret: Option<&str>) {
    let mut shown = format!("{sources:?}\n");
    match Config::build(sources) {
        Ok((config, notes)) => {
            assert_eq!(config.diff(&config), []);
            for setting in config.effective() {
                writeln!(shown, "{} {} {}", setting.setting.name, setting.value, setting.source)
                    .expect("a string takes all");
            }
            assert!(config.not_yet().len() <= SETTINGS.len());
            for note in notes {
                one_line(&note.text);
                shown.push_str(&note.text);
            }
            write!(shown, "{config:?}").expect("a string takes all");
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            for problem in problems {
                one_line(&problem.text);
                shown.push_str(&problem.text);
            }
        }
    }
    assert!(!secret.is_some_and(|secret| shown.contains(secret)), "a secret is shown: {shown}");
}

fn one_line(text: &str) {
    assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
}
