//! The command line.

use std::io::Read;

use clap::{Arg, ArgAction, ArgMatches, Command as Clap};
use control::admin::Request;
use store::{Role, Secret};

use crate::moving;
use crate::settings::Flags;

/// What was asked for.
pub(crate) enum Command {
    Serve { flags: Flags, demo: bool },
    Check { flags: Flags },
    Admin { flags: Flags, request: Request, json: bool },
    Moving { flags: Flags, task: moving::Task },
    Load(ArgMatches),
}

/// Reads the arguments; help and usage errors end the process here (exit code 2 for the latter).
pub(crate) fn parse() -> Command {
    let matches = clap().get_matches();
    match matches.subcommand() {
        Some(("check", matches)) => Command::Check { flags: flags(matches) },
        Some(("user", matches)) => admin(matches, user),
        Some(("stream", matches)) => admin(matches, stream),
        Some((name @ ("migrate" | "export" | "import"), matches)) => {
            let (flags, task) = moving::task(name, matches);
            Command::Moving { flags, task }
        }
        Some(("reload", matches)) => Command::Admin {
            flags: flags(matches),
            request: Request::Reload,
            json: matches.get_flag("json"),
        },
        Some(("load", matches)) => Command::Load(matches.clone()),
        Some((_, matches)) => {
            Command::Serve { flags: flags(matches), demo: matches.get_flag("demo") }
        }
        None => Command::Serve { flags: flags(&matches), demo: false },
    }
}

fn clap() -> Clap {
    let demo = Arg::new("demo")
        .long("demo")
        .action(ArgAction::SetTrue)
        .help("Also publishes a built-in test card, and makes a stream for you to publish to");
    let example = "Examples:\n  \
        shardcast serve --demo                      a picture to watch at once\n  \
        shardcast stream add \"My show\"              a stream with its key and addresses\n  \
        shardcast check                             is everything configured right?\n\n\
        Settings come from flags, the environment, .env and shardcast.toml, in this order.\n\
        docs/configuration.md lists them all.";
    Clap::new("shardcast")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A live streaming server: RTMP in, HLS, LL-HLS, RTMP and FLV out")
        .after_help(example)
        .args(settings())
        .args_conflicts_with_subcommands(true)
        .subcommand(
            Clap::new("serve").about("Runs the server (also what a bare `shardcast` does)").arg(demo).args(settings()),
        )
        .subcommand(
            Clap::new("check")
                .about("Validates the configuration, and tells what is in use and which limits are in force")
                .args(settings()),
        )
        .subcommand(users())
        .subcommand(streams())
        .subcommands(moving::commands())
        .subcommand(
            Clap::new("reload")
                .about("Has the running server read its settings again, and tells what changed")
                .args([data_dir(), json()]),
        )
        .subcommand(load::command())
}

/// One flag for each setting, from the configuration's own table.
fn settings() -> Vec<Arg> {
    let flag = |setting: &'static config::Setting| {
        let help = if setting.default_note.is_empty() {
            format!("{} [default: {}]", setting.help, setting.default)
        } else {
            format!("{} [default: {}]", setting.help, setting.default_note)
        };
        Arg::new(setting.name)
            .long(setting.flag())
            .value_name(setting.kind.placeholder())
            .help(help)
            .help_heading(setting.group)
    };
    config::SETTINGS.iter().filter(|setting| setting.implemented).map(flag).collect()
}

pub(crate) fn data_dir() -> Arg {
    Arg::new("DATA_DIR")
        .long("data-dir")
        .value_name("PATH")
        .global(true)
        .help("The server's DATA_DIR")
}

pub(crate) fn json() -> Arg {
    let help = "Prints one JSON value instead of text";
    Arg::new("json").long("json").action(ArgAction::SetTrue).global(true).help(help)
}

fn users() -> Clap {
    let email = || Arg::new("email").value_name("EMAIL").required(true);
    let stdin = || {
        Arg::new("password-stdin")
            .long("password-stdin")
            .action(ArgAction::SetTrue)
            .help("Reads the password from standard input; without it one is made and printed")
    };
    let role = Arg::new("role").long("role").value_name("ROLE").default_value("streamer");
    let roles = ["viewer", "streamer", "moderator", "admin"];
    Clap::new("user")
        .about("Adds, lists and removes users")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args([data_dir(), json()])
        .subcommand(
            Clap::new("add")
                .about("Adds a user")
                .arg(email())
                .arg(
                    Arg::new("name")
                        .long("name")
                        .value_name("NAME")
                        .help("The name that others see"),
                )
                .arg(role.value_parser(roles))
                .arg(stdin()),
        )
        .subcommand(Clap::new("list").about("Lists all users"))
        .subcommand(Clap::new("passwd").about("Sets a new password").arg(email()).arg(stdin()))
        .subcommand(Clap::new("rm").about("Removes a user and the user's streams").arg(email()))
}

fn streams() -> Clap {
    let id = || Arg::new("id").value_name("ID").required(true);
    let owner = Arg::new("owner").long("owner").value_name("EMAIL");
    let new = Arg::new("new").long("new").action(ArgAction::SetTrue);
    let limit = viewers(Arg::new("max-viewers").long("max-viewers"));
    let session = Arg::new("session").value_name("SESSION").required(true);
    Clap::new("stream")
        .about("Adds, lists and removes streams, handles their keys, and shows and cuts who is on them")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args([data_dir(), json()])
        .subcommand(
            Clap::new("add")
                .about("Adds a stream and prints its key and addresses")
                .arg(Arg::new("title").value_name("TITLE").required(true))
                .arg(owner.help("The owner; without it the stream is the administrator's"))
                .arg(limit.help("The most viewers at a time; 0: no limit [default: 1000]")),
        )
        .subcommand(Clap::new("list").about("Lists all streams"))
        .subcommand(
            Clap::new("key").about("Shows a stream's key").arg(id()).arg(
                new.help("Makes a new key: the old one stops working and its publisher is cut"),
            ),
        )
        .subcommand(
            Clap::new("disable").about("Denies publishing and cuts the publisher").arg(id()),
        )
        .subcommand(Clap::new("enable").about("Allows publishing again").arg(id()))
        .subcommand(
            Clap::new("limit")
                .about("Sets the most viewers at a time, also while it is live")
                .arg(id())
                .arg(viewers(Arg::new("max-viewers")).required(true).help("0: no limit")),
        )
        .subcommand(Clap::new("stats").about("Shows how a live stream is").arg(id()))
        .subcommand(
            Clap::new("sessions").about("Lists who publishes and watches a live stream").arg(id()),
        )
        .subcommand(
            Clap::new("cut")
                .about("Ends a session: a publisher may come back, an HLS viewer cannot be cut")
                .arg(id())
                .arg(session),
        )
        .subcommand(Clap::new("rm").about("Removes a stream").arg(id()))
}

fn viewers(argument: Arg) -> Arg {
    argument.value_name("VIEWERS").value_parser(clap::value_parser!(u32))
}

/// The settings' values that were given as flags.
pub(crate) fn flags(matches: &ArgMatches) -> Flags {
    let given = |setting: &config::Setting| {
        let value = matches.try_get_one::<String>(setting.name).ok().flatten()?;
        Some((setting.flag_variable(), value.clone()))
    };
    config::SETTINGS.iter().filter_map(given).collect()
}

fn admin(matches: &ArgMatches, request: fn(&str, &ArgMatches) -> Request) -> Command {
    // A subcommand is required, so clap has refused the command line without one.
    let (name, inner) = matches.subcommand().unwrap_or(("list", matches));
    Command::Admin {
        flags: flags(inner),
        request: request(name, inner),
        json: inner.get_flag("json"),
    }
}

fn user(name: &str, matches: &ArgMatches) -> Request {
    let email = || text(matches, "email");
    match name {
        "add" => Request::UserAdd {
            email: email(),
            name: matches.get_one::<String>("name").cloned(),
            role: role(&text(matches, "role")),
            password: password(matches),
        },
        "passwd" => Request::UserPasswd { email: email(), password: password(matches) },
        "rm" => Request::UserRm { email: email() },
        _ => Request::UserList,
    }
}

fn stream(name: &str, matches: &ArgMatches) -> Request {
    let id = || text(matches, "id");
    match name {
        "add" => Request::StreamAdd {
            title: text(matches, "title"),
            owner: matches.get_one::<String>("owner").cloned(),
            max_viewers: matches.get_one::<u32>("max-viewers").copied(),
        },
        "key" => Request::StreamKey { id: id(), new: matches.get_flag("new") },
        "disable" => Request::StreamDisable { id: id() },
        "enable" => Request::StreamEnable { id: id() },
        "limit" => Request::StreamLimit {
            id: id(),
            max_viewers: matches.get_one::<u32>("max-viewers").copied().unwrap_or_default(),
        },
        "stats" => Request::StreamStats { id: id() },
        "sessions" => Request::StreamSessions { id: id() },
        "cut" => Request::StreamCut { id: id(), session: text(matches, "session") },
        "rm" => Request::StreamRm { id: id() },
        _ => Request::StreamList,
    }
}

fn text(matches: &ArgMatches, name: &str) -> String {
    matches.get_one::<String>(name).cloned().unwrap_or_default()
}

fn role(name: &str) -> Role {
    match name {
        "viewer" => Role::Viewer,
        "moderator" => Role::Moderator,
        "admin" => Role::Admin,
        _ => Role::Streamer,
    }
}

/// The first line of standard input, when asked for.
fn password(matches: &ArgMatches) -> Option<Secret> {
    /// Longer than any password that is accepted.
    const MAX: u64 = 4096;
    if !matches.get_flag("password-stdin") {
        return None;
    }
    let mut input = String::new();
    // Unreadable input is an empty password, which the rules refuse.
    let _ = std::io::stdin().take(MAX).read_to_string(&mut input);
    Some(Secret::new(input.lines().next().unwrap_or_default()))
}
