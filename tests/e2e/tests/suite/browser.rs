//! The watch page in Chromium.

use std::time::Duration;

use e2e::browser::Page;
use e2e::http;
use e2e::publish::Publisher;
use e2e::server::Server;
use e2e::sources::{self, Source};
use e2e::wait::eventually;
use serde_json::Value;

use crate::common::{live, until_segments};

const LIMIT: Duration = Duration::from_secs(40);
/// A picture whose mean is darker than this is black: the test card's is about 80.
const BLACK: f64 = 30.0;

fn watch(server: &Server, id: &str) -> Page {
    Page::open(&server.http_url(&format!("/watch/{id}")))
}

#[track_caller]
fn assert_shows(page: &Page, what: &str) {
    let last = page.last().expect("the page was looked at");
    assert!(last["luma"].as_f64().is_some_and(|luma| luma > BLACK), "{what}: {last}");
    assert!(last["stamp"].is_object(), "{what}: no stamp in the picture: {last}");
    assert_eq!(last["error"], Value::Null, "{what}");
    assert_eq!(page.complaints(), [""; 0], "{what}");
}

fn text(page: &Page) -> String {
    page.last().and_then(|last| Some(last["text"].as_str()?.to_owned())).unwrap_or_default()
}

#[test]
fn a_page_that_was_opened_before_the_stream_starts_by_itself_and_plays() {
    let server = Server::start();
    let stream = server.add_stream("opened early");
    let page = watch(&server, &stream.id);
    eventually(LIMIT, "the page says that nothing is live yet", || {
        text(&page).contains("Not live yet").then_some(())
    });
    let _publisher = Publisher::start(&server, &stream, &sources::OBS);
    page.plays_for(4.0, LIMIT);
    assert_shows(&page, "OBS");
    let ahead = page.last().and_then(|last| last["ahead"].as_f64());
    assert!(ahead.is_some_and(|ahead| ahead < 20.0), "{ahead:?} s are buffered ahead");
    let status = server.get(&format!("/live/{}/status.json", stream.id)).json();
    assert_eq!(status["viewers"], 1, "one page is one viewer: {status}");
}

#[track_caller]
fn plays(source: &Source) {
    let server = Server::start();
    let (stream, _publisher) = live(&server, source, 1);
    let page = watch(&server, &stream.id);
    page.plays_for(6.0, LIMIT);
    let last = page.last().expect("the page was looked at");
    assert!(last["luma"].as_f64().is_some_and(|luma| luma > BLACK), "{last}");
    assert_eq!(page.complaints(), [""; 0]);
}

#[test]
fn the_readmes_ffmpeg_command_plays_in_the_browser() {
    plays(&sources::SEED);
}

#[test]
fn obs_custom_server_defaults_play_in_the_browser() {
    plays(&sources::OBS_CUSTOM);
}

#[test]
fn viewers_resume_without_reloading_when_a_publisher_returns() {
    let server = Server::start();
    let (stream, first) = live(&server, &sources::OBS, 1);
    let page = watch(&server, &stream.id);
    page.plays_for(3.0, LIMIT);
    first.kill();
    std::thread::sleep(Duration::from_secs(5));
    let _second = Publisher::start(&server, &stream, &sources::OBS);
    // The source begins anew: its first pictures must come again.
    let seen = page.samples().len();
    eventually(LIMIT, "the second publisher's first pictures are shown", || {
        let samples = page.samples();
        let frames = samples[seen..].iter().filter_map(|sample| sample["stamp"]["frame"].as_u64());
        frames.into_iter().any(|frame| frame < 60).then_some(())
    });
    page.plays_for(3.0, LIMIT);
    assert_shows(&page, "after the return");
    assert_eq!(page.last().expect("a look")["loads"], 1, "the page was not loaded again");
}

#[test]
fn the_watch_page_says_why_a_browser_cannot_play_a_webcams_chroma_and_what_to_add() {
    let server = Server::start();
    let (stream, _publisher) = live(&server, &sources::CHROMA_422, 1);
    let page = watch(&server, &stream.id);
    eventually(LIMIT, "the page names the remedy", || {
        let text = text(&page);
        (text.contains("4:2:2") && text.contains("-pix_fmt yuv420p")).then_some(())
    });
}

#[test]
fn the_page_of_an_unknown_stream_says_so() {
    let server = Server::start();
    let known = server.add_stream("known");
    let unknown: String = known.id.chars().rev().collect();
    let page = Page::open(&server.http_url(&format!("/watch/{unknown}")));
    eventually(LIMIT, "the page says that there is no such stream", || {
        let text = text(&page).to_lowercase();
        text.contains("no such stream").then_some(())
    });
}

#[test]
fn html_in_a_title_a_name_and_a_description_is_shown_as_text_and_runs_nowhere() {
    let html = "<img src=x onerror=\"document.title='run'\"><script>throw 'run'</script>";
    let server = Server::start();
    let port = server.ports().api;
    let body = serde_json::json!({
        "email": "html@example.com", "password": "long enough", "name": format!("N{html}"),
    });
    let made = http::post(port, "/api/auth/register", None, &body).json();
    let token = made["token"].as_str().expect("a token");
    let body = serde_json::json!({
        "title": format!("T{html}"), "description": format!("D{html}"), "category": format!("C{}", &html[..40]),
    });
    let made = http::post(port, "/api/streams", Some(token), &body).json();
    let (id, key) =
        (made["id"].as_str().expect("an id"), made["streamKey"].as_str().expect("a key"));
    let _publisher = Publisher::to(&server.rtmp_url(key), &sources::OBS);
    until_segments(&server, id, 1);
    let docs = format!("http://127.0.0.1:{port}/api/docs");
    for (url, shown) in [
        (server.http_url(&format!("/watch/{id}")), format!("T{html}")),
        (server.http_url("/"), format!("T{html}")),
        (docs, "At least 8 characters".to_lowercase()),
    ] {
        let page = Page::open(&url);
        eventually(LIMIT, "the page shows it", || {
            let text = text(&page);
            (text.contains(&shown) || text.to_lowercase().contains(&shown)).then_some(())
        });
        assert_eq!(page.complaints(), [""; 0], "{url}");
        let said = format!("{:?}", page.lines_but_samples());
        assert!(!said.contains("Content Security Policy"), "nothing even tried: {said}");
    }
}

#[test]
fn the_front_page_lists_what_is_live() {
    let server = Server::start();
    let stream = server.add_stream("On the front page");
    let page = Page::open(&server.http_url("/"));
    let _publisher = Publisher::start(&server, &stream, &sources::OBS);
    eventually(LIMIT, "the title is listed", || {
        text(&page).contains("On the front page").then_some(())
    });
}
