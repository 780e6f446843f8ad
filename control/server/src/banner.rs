//! What the operator reads at start.

use config::{Config, Note};
use control::{FirstAdmin, Links};
use shard::Driver;

use crate::demo::Prepared;

/// Descriptors that are not for connections: files, databases, rings.
const OWN_DESCRIPTORS: u64 = 200;
/// Descriptors of a stream: its publisher's socket and the files of its renditions.
const PER_STREAM: u64 = 4;

/// What is to be told about the configuration.
pub(crate) fn notes(notes: &[Note], config: &Config) {
    for note in notes {
        tracing::warn!("{note}");
    }
    let not_yet = config.not_yet();
    if !not_yet.is_empty() {
        tracing::warn!("set, but without effect in this version: {}", not_yet.join(", "));
    }
}

/// How to sign in as the first administrator. A made password goes to the terminal, never to a log.
pub(crate) fn first_administrator(first: &FirstAdmin) {
    match first {
        FirstAdmin::Exists => {}
        FirstAdmin::Configured { email } => tracing::info!(email, "administrator added"),
        FirstAdmin::Show { email, password } => show(&format!(
            "\n  First administrator: {email}\n  Password:            {}   (shown this once)\n",
            password.expose()
        )),
        FirstAdmin::Written { email, path } => {
            tracing::info!(email, "administrator added; the password is in {}", path.display());
        }
    }
}

/// What runs, and how much fits.
pub(crate) fn started(config: &Config, driver: Driver, shards: usize, descriptors: u64) {
    let free = descriptors.saturating_sub(OWN_DESCRIPTORS);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        runtime = driver.name(),
        shards,
        encoder = %codecs::assembler(),
        "RLIMIT_NOFILE {descriptors}: room for about {} viewers, or {} streams with {} viewers each",
        free,
        free / (PER_STREAM + 20),
        20
    );
    tracing::debug!(data = %config.data_dir.display(), logs = %config.log_dir.display(), "directories");
}

/// The pages to open and ready lines for FFmpeg and OBS.
pub(crate) fn demo(config: &Config, links: &Links, prepared: &Prepared) {
    let local = format!("http://localhost:{}", config.http_port);
    let watch = |id: &str| format!("{local}/watch/{id}");
    let Prepared { demo, yours, .. } = prepared;
    show(&format!(
        r#"
  Shardcast is running.

  Open in a browser
    Test card:    {demo_page}
    Your stream:  {your_page}   (starts by itself when you publish)
    What is live: {local}/
    The API:      http://localhost:{api_port}/api/docs

  Publish with OBS: Settings > Stream > Service "Custom..."
    Server:      {server}
    Stream Key:  {key}
    and under Output: Keyframe Interval 2 s

  Publish with FFmpeg
    ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440 \
      -c:v libx264 -preset veryfast -pix_fmt yuv420p -b:v 2500k -g 60 -c:a aac -b:a 128k \
      -f flv rtmp://localhost:{rtmp_port}/live/{key}

  From other machines use {other} instead of localhost.
  Ctrl-C stops the server.
"#,
        demo_page = watch(&demo.id),
        your_page = watch(&yours.id),
        server = format_args!("rtmp://localhost:{}/live", config.rtmp_port),
        key = yours.key.expose(),
        rtmp_port = config.rtmp_port,
        api_port = config.streaming_port,
        other = links
            .watch("")
            .unwrap_or_default()
            .trim_end_matches("/watch/")
            .trim_start_matches("http://"),
    ));
}

#[expect(clippy::print_stdout, reason = "for the person at the terminal, not for a log")]
fn show(text: &str) {
    println!("{text}");
}
