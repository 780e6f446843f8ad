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
use shard::{Acceptor, Driver, Health};
use stream::control::StreamId;
use stream::{Directory, Hub, Listing};

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
            gather: Duration::ZERO,
            shards: 1,
            segment: Timestamp::from_millis(2000),
            part: Timestamp::from_millis(250),
            window: 6,
            cors: http1::CorsPolicy::Any,
            embed_origins: Vec::new(),
        },
        hub,
        directory,
        counters: Arc::default(),
        health: Arc::new(Health::default()),
        post: Box::new(|_, _| false),
        describe: Box::new(|_| Box::pin(async { None })),
        resolve: None,
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

/// Runs the requests of `clients` against a shard; gives what they found and the questions asked.
fn run<T: Send + 'static>(clients: impl FnOnce(SocketAddr) -> T + Send + 'static) -> (T, usize) {
    let claim = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = claim.local_addr().unwrap();
    drop(claim);
    let (report, reported) = std::sync::mpsc::channel();
    let health = Arc::new(Health::default());
    let shard = shard::start_anywhere(0, Driver::Epoll, health, move || async move {
        let questions = Rc::default();
        let context = context(&questions);
        let acceptor = Acceptor::bind(address).unwrap();
        shard::spawn(
            "port",
            acceptor.run(move |conn| {
                shard::spawn("viewer", delivery::serve_http(Rc::clone(&context), conn));
            }),
        );
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
    let (found, _) = run(|address| {
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
    let (found, questions) = run(|address| {
        let viewers: Vec<_> = (0..20)
            .map(|_| std::thread::spawn(move || get(address, "/live/away/index.m3u8").0))
            .collect();
        viewers.into_iter().map(|viewer| viewer.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(found, [307; 20]);
    // A second one where the crowd takes longer than an answer is kept.
    assert!(questions <= 2, "{questions}");
}
