//! A stream that is live on another node: viewers are sent there, and a crowd costs one question.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use delivery::{Context, Parts, Settings};
use media::Timestamp;
use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Millis, Output, RANDOM_LEN, Url, server};
use shard::{Acceptor, Conn, Driver, Health};
use stream::control::StreamId;
use stream::{Directory, Hub, Listing, Protocol};

/// The node that has the stream `away`.
const OTHER: &str = "https://b.example.org/media";

/// A shard's viewers' side on which the stream `here` is live; the questions to control are counted.
fn context(questions: &Rc<Cell<usize>>) -> Rc<Context> {
    let (hub, directory) = (Rc::<RefCell<Hub>>::default(), Rc::<RefCell<Directory>>::default());
    directory.borrow_mut().put(Listing {
        id: StreamId::parse("here").unwrap(),
        title: "Here".into(),
        home: 0,
        session: 1,
        started_ms: 1,
        publisher: None,
        tracks: Arc::default(),
        stats: Arc::default(),
    });
    let questions = Rc::clone(questions);
    Context::new(Parts {
        shard: 0,
        driver: Driver::Epoll,
        settings: Settings {
            key_playback: false,
            gather: Duration::ZERO,
            shards: 1,
            segment: Timestamp::from_millis(2000),
            part: Timestamp::from_millis(250),
            window: 6,
            cors: http1::CorsPolicy::Any,
            trusted_proxies: Vec::new(),
            embed_origins: Vec::new(),
        },
        hub,
        directory,
        counters: Arc::default(),
        health: Arc::new(Health::default()),
        post: Box::new(|_, _| false),
        describe: Box::new(|_| Box::pin(async { None })),
        resolve: Box::new(|_| Box::pin(async { None })),
        elsewhere: Some(Box::new(move |id| {
            questions.set(questions.get() + 1);
            let base = (id.as_str() == "away").then(|| OTHER.into());
            Box::pin(async move {
                shard::sleep(Duration::from_millis(20)).await;
                base
            })
        })),
    })
}

/// The status and `Location` of the answer to a request of its own connection.
fn get(address: SocketAddr, target: &str) -> (u16, Option<String>) {
    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("Location: "));
    assert!(location.is_none() || answer.contains("Cache-Control: no-store\r\n"), "{answer}");
    (status, location.map(str::to_owned))
}

async fn serve_rtmp(context: Rc<Context>, conn: Conn) {
    let mut session = link::accept([3; RANDOM_LEN]);
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => link::send(&conn, &bytes).await.unwrap(),
                Output::Event(server::Event::Play { request, name, .. }) => {
                    let conn = Rc::new(conn);
                    let playing = Rc::clone(&conn);
                    delivery::play_rtmp(context, playing, session, request, &name, None)
                        .await
                        .unwrap();
                    return link::linger(&conn).await;
                }
                _ => {}
            }
        }
        link::fill(&conn, &mut session).await.unwrap();
    }
}

/// The code and the words by which a player is refused.
fn play(address: SocketAddr, id: &str) -> (String, String) {
    let mut socket = TcpStream::connect(address).unwrap();
    let url = Url::parse(&format!("rtmp://{address}/live/{id}")).unwrap();
    let mut session = ClientSession::new_play(Config::new(url), Millis(0), [7; RANDOM_LEN]);
    let mut buffer = [0; 4096];
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => socket.write_all(&bytes).unwrap(),
                Output::Event(Event::Rejected { code, description }) => return (code, description),
                other => panic!("the player was not refused: {other:?}"),
            }
        }
        let count = socket.read(&mut buffer).unwrap();
        session.handle_input(Millis(0), &buffer[..count]).unwrap();
    }
}

/// Runs the requests of `clients` against a shard; gives what they found and the questions asked.
fn run<T: Send + 'static>(
    protocol: Protocol,
    clients: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> (T, usize) {
    let claim = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = claim.local_addr().unwrap();
    drop(claim);
    let (report, reported) = std::sync::mpsc::channel();
    let health = Arc::new(Health::default());
    let shard = shard::start_anywhere(0, Driver::Epoll, health, move || async move {
        let questions = Rc::default();
        let context = context(&questions);
        let acceptor = Acceptor::bind(address).unwrap();
        let serve = move |conn: Conn| {
            let context = Rc::clone(&context);
            shard::spawn("viewer", async move {
                match protocol {
                    Protocol::Rtmp => serve_rtmp(context, conn).await,
                    _ => delivery::serve_http(context, conn).await,
                }
            });
        };
        shard::spawn("port", acceptor.run(serve));
        let clients = std::thread::spawn(move || clients(address));
        while !clients.is_finished() {
            shard::sleep(Duration::from_millis(2)).await;
        }
        report.send((clients.join().unwrap(), questions.get())).unwrap();
    });
    shard.unwrap().join().unwrap();
    reported.recv().unwrap()
}

#[test]
fn viewers_of_a_stream_on_another_node_are_sent_there_and_others_are_not() {
    let (found, _) = run(Protocol::Hls, |address| {
        let targets = [
            "/live/away/index.m3u8?a=1",
            "/live/away/v0.m3u8",
            "/live/away.flv",
            "/live/away/status.json",
            "/watch/away",
            "/live/here/s1-v0-0.m4s",
            "/live/nowhere.flv",
            "/live/away/%22.m3u8",
        ];
        targets.map(|target| get(address, target))
    });
    let sent = |path: &str| (307, Some(format!("{OTHER}{path}")));
    assert_eq!(found[0], sent("/live/away/index.m3u8?a=1"));
    assert_eq!(found[1], sent("/live/away/v0.m3u8"));
    assert_eq!(found[2], sent("/live/away.flv"));
    assert_eq!(found[3], sent("/live/away/status.json"));
    assert_eq!(found[4], sent("/watch/away"));
    assert!(found[5..].iter().all(|(status, _)| *status == 404), "{found:?}");
}

#[test]
fn a_crowd_at_the_wrong_node_costs_one_question() {
    let (found, questions) = run(Protocol::Hls, |address| {
        let viewers: Vec<_> = (0..20)
            .map(|_| std::thread::spawn(move || get(address, "/live/away/index.m3u8").0))
            .collect();
        viewers.into_iter().map(|viewer| viewer.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(found, [307; 20]);
    // A second one where the crowd takes longer than an answer is kept.
    assert!(questions <= 2, "{questions}");
}

#[test]
fn an_rtmp_player_is_told_where_the_stream_is() {
    let (found, _) = run(Protocol::Rtmp, |address| ["away", "nowhere"].map(|id| play(address, id)));
    let code = "NetStream.Play.StreamNotFound";
    let away = format!("The stream is live on another server: {OTHER}/live/away.flv");
    assert_eq!(found[0], (code.to_owned(), away));
    assert_eq!(found[1], (code.to_owned(), "No stream with this id is live.".to_owned()));
}
