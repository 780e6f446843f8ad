//! The command line of `shardcast load`: what there is, with its help.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::{Arg, ArgAction, Command, value_parser};

use crate::expect;

/// The most connections of a run.
const MAX_CONNECTIONS: u64 = 1_000_000;

const EXAMPLES: &str = "Examples:\n  \
    shardcast load publish rtmp://localhost/live/KEY --source pattern --duration 60\n  \
    shardcast load play rtmp://localhost/live/ID --players 1000 --expect 'p99<200ms' --expect lost=0\n  \
    shardcast load play http://localhost:8080/live/ID.flv --players 200 --frozen 20% --json\n  \
    shardcast load publish 'rtmp://localhost/live/{key}' --keys-file keys.txt --streams 200\n  \
    shardcast load publish --api http://localhost:8081 --token-file token --streams 200\n  \
    shardcast load play --api http://localhost:8081 'rtmp://localhost/live/{id}' --players 1000\n  \
    shardcast load api http://localhost:8081 --login ADMIN --per-second 500 --expect 'p99<20ms'\n  \
    shardcast load merge machine-a.json machine-b.json\n\n\
    Latency, loss and order are counted from a stamp that `publish` puts into each picture, so run a\n\
    `publish` beside `play`. docs/load-testing.md has recipes and explains every figure.";

/// The command, for a program to hang in.
pub fn command() -> Command {
    Command::new("load")
        .about("Load test: publishes and plays thousands of streams at once, against any server")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(play_command())
        .subcommand(publish_command())
        .subcommand(api_command())
        .subcommand(merge_command())
}

fn play_command() -> Command {
    // A help text cannot show {n}: clap makes a line break of it.
    let urls = urls(
        "What to play; players are dealt out over several URLs. An n in braces stands for a number \
         that counts up from 0; with --api {id} stands for the id of each stream that is live, and \
         without a URL their HLS is played",
    );
    let parse = option(
        "parse-one-in",
        "N",
        "Of the well-behaved players one in N is looked at picture by picture, the others' bytes \
         are counted [default: 1, above 500 players 20]",
    );
    let streams = option("streams", "N", "Where the n in braces begins again [default: --players]");
    let low_latency = number("ll", "WHEN", "auto", "HLS with low latency");
    Command::new("play")
        .about("Plays streams: rtmp://, http://….flv, ws://….flv, http://….m3u8")
        .after_help(EXAMPLES)
        .arg(urls)
        .arg(number("players", "N", "1", "Players").value_parser(connections()))
        .arg(streams.value_parser(connections()))
        .arg(parse.value_parser(connections()))
        .arg(low_latency.value_parser(PossibleValuesParser::new(["auto", "on", "off"])))
        .args(misbehaviour())
        .arg(ramp())
        .args(api("Plays what is live by this Shardcast server's API, spread over the players"))
        .args(common())
}

fn publish_command() -> Command {
    let urls = urls(
        "Where to publish. An n in braces stands for the stream's number, from 0 on, and {key} for \
         its key. Not needed with --api",
    );
    let source = number(
        "source",
        "FILE",
        "pattern",
        "An FLV file, any other file (through ffmpeg, without coding it anew), or `pattern`: a \
         test card",
    );
    let keys = option("keys-file", "FILE", "The streams' keys: a line each, the key or `id key`");
    let fps = number("fps", "N", "30", "Pictures a second of the pattern");
    let bitrate = number(
        "bitrate",
        "BITS",
        "500k",
        "Bits a second of the pattern's pictures, such as 500k or 2.5M",
    );
    Command::new("publish")
        .about("Publishes streams over RTMP, each picture stamped with a number and its time")
        .after_help(EXAMPLES)
        .arg(urls)
        .arg(number("streams", "N", "1", "Streams").value_parser(connections()))
        .arg(source)
        .arg(keys.value_parser(value_parser!(PathBuf)))
        .arg(number("size", "WxH", "640x360", "Size of the pattern"))
        .arg(fps.value_parser(value_parser!(u32).range(1..=120)))
        .arg(bitrate)
        .arg(ramp())
        .args(api("Makes the streams by this Shardcast server's API, and removes them at the end"))
        .args(common())
}

fn api_command() -> Command {
    let url = Arg::new("api").value_name("URL").required(true);
    let [_, token, token_file, login] = api("");
    Command::new("api")
        .about(
            "Asks a Shardcast server's API at a constant rate, by users that it adds and removes",
        )
        .after_help(EXAMPLES)
        .arg(url.help("The server's API, such as http://localhost:8081"))
        .args([token, token_file, login])
        .arg(number("per-second", "R", "100", "Requests a second, each at its time"))
        .arg(
            number("users", "N", "20", "Users who ask")
                .value_parser(value_parser!(u64).range(1..=1000)),
        )
        .arg(number("logins", "R", "0", "Log-ins a second beside the requests"))
        .args(common())
}

fn connections() -> RangedU64ValueParser {
    value_parser!(u64).range(1..=MAX_CONNECTIONS)
}

fn merge_command() -> Command {
    Command::new("merge")
        .about("Joins the JSON summaries of several machines into one, percentiles exactly")
        .arg(
            Arg::new("files")
                .value_name("FILE")
                .num_args(1..)
                .required(true)
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(expect_option())
        .arg(json_flag())
}

fn misbehaviour() -> [Arg; 5] {
    let share = |name, help| option(name, "SHARE", help).help_heading("Misbehaviour");
    [
        share(
            "frozen",
            "Share of players that read nothing after their first picture, such as 20%",
        ),
        share("slow", "Share of players that read too slowly"),
        share("slow-rate", "What those read, as a share of the stream's bit rate")
            .default_value("0.5"),
        share("pausing", "Share of players that stop reading for 5 s again and again"),
        share("leaving", "Share of players that leave and come back again and again"),
    ]
}

fn api(help: &str) -> [Arg; 4] {
    let option = |name, value, help: &str| option(name, value, help).help_heading("API");
    let token = "An access token; other users of this machine can see it in the list of processes, so \
                 better by --token-file or the variable SHARDCAST_TOKEN";
    let login = "Logs in with this email, and gets new tokens as they end; the password is the variable \
                 SHARDCAST_PASSWORD, or else the first line of standard input";
    [
        option("api", "URL", help),
        option("token", "TOKEN", token),
        option("token-file", "FILE", "A file with the access token")
            .value_parser(value_parser!(PathBuf))
            .conflicts_with("token"),
        option("login", "EMAIL", login).conflicts_with_all(["token", "token-file"]),
    ]
}

fn ramp() -> Arg {
    number("per-second", "R", "250", "Connections opened a second")
}

fn common() -> Vec<Arg> {
    vec![
        number("warmup", "SECONDS", "2.5", "Time between the last opening and the measuring"),
        number("duration", "SECONDS", "10", "Time that is measured"),
        number("shards", "N", "1", "Threads").value_parser(value_parser!(u64).range(1..=256)),
        number("runtime", "NAME", "auto", "What sockets are waited for with")
            .value_parser(PossibleValuesParser::new(["auto", "io_uring", "epoll"])),
        option("source-ip", "ADDRESS", "Own addresses to connect from, in turn")
            .value_delimiter(',')
            .value_parser(value_parser!(IpAddr)),
        option(
            "watch-pid",
            "PID",
            "Processes of the server: their CPU, memory and descriptors are measured too",
        )
        .value_delimiter(',')
        .value_parser(value_parser!(u32)),
        expect_option(),
        json_flag(),
        option("hdr-log", "FILE", "Writes an HdrHistogram interval log of the latencies")
            .value_parser(value_parser!(PathBuf)),
        option("prometheus", "FILE", "Writes the summary as Prometheus text")
            .value_parser(value_parser!(PathBuf)),
    ]
}

fn expect_option() -> Arg {
    let help = format!(
        "Exit code 1 unless this holds, such as 'p99<200ms'; repeatable. Names: {}",
        expect::names()
    );
    option("expect", "CONDITION", &help).action(ArgAction::Append)
}

fn json_flag() -> Arg {
    let help = "Prints the summary as JSON, and nothing else";
    Arg::new("json").long("json").action(ArgAction::SetTrue).help(help)
}

fn urls(help: &'static str) -> Arg {
    Arg::new("urls").value_name("URL").num_args(1..).required_unless_present("api").help(help)
}

fn option(name: &'static str, value: &'static str, help: &str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help.to_owned())
}

fn number(name: &'static str, value: &'static str, default: &'static str, help: &str) -> Arg {
    option(name, value, help).default_value(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_consistent() {
        command().debug_assert();
    }
}
