//! The runtime on real sockets, in both modes. Where the machine refuses io_uring, its half says so.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use shard::{Acceptor, Conn, Driver, Fanout, Handoff, Health, Preference, Stop, mailbox};

const PATIENCE: Duration = Duration::from_secs(10);

/// The modes that this machine has.
fn drivers() -> Vec<Driver> {
    match shard::choose(Preference::Auto).unwrap() {
        (Driver::IoUring, _) => vec![Driver::IoUring, Driver::Epoll],
        (Driver::Epoll, reason) => {
            println!("no io_uring here: {reason:?}");
            vec![Driver::Epoll]
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> SocketAddr {
    let claim = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    claim.local_addr().unwrap()
}

/// Starts a shard that serves each connection by `serve`; returns its port and what ends it.
fn serving<F>(driver: Driver, serve: F) -> (SocketAddr, Sender<()>, shard::Shard)
where
    F: Fn(Conn) + Send + 'static,
{
    let address = free_port();
    let (stop, stopped) = channel();
    let (ready, is_ready) = channel();
    let shard = shard::start(0, driver, Arc::new(Health::default()), move || async move {
        let acceptor = Acceptor::bind(address).unwrap();
        shard::spawn("port", acceptor.run(serve));
        ready.send(()).unwrap();
        until(&stopped).await;
    })
    .unwrap();
    is_ready.recv_timeout(PATIENCE).unwrap();
    (address, stop, shard)
}

/// Waits for a word of another thread; a test may poll.
async fn until(stopped: &Receiver<()>) {
    while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
        shard::sleep(Duration::from_millis(5)).await;
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

async fn echo(conn: Conn) {
    let mut buffer = vec![0; 4096];
    while conn.readable().await.is_ok() {
        match conn.try_read(&mut buffer) {
            Ok(Some(0)) | Err(_) => break,
            Ok(Some(count)) => conn.write_all(&buffer[..count]).await.unwrap(),
            Ok(None) => {}
        }
    }
}

#[test]
fn what_is_written_comes_back_and_a_panic_ends_its_own_connection_only() {
    for driver in drivers() {
        let (address, stop, shard) = serving(driver, |conn| {
            shard::spawn("echo", async move {
                let mut first = [0; 1];
                conn.readable().await.unwrap();
                conn.try_read(&mut first).unwrap();
                assert_ne!(&first, b"!", "asked to panic");
                conn.write_all(&first).await.unwrap();
                echo(conn).await;
            });
        });
        let before = shard::panics();
        let mut good = connect(address);
        let mut bad = connect(address);
        bad.write_all(b"!").unwrap();
        assert_eq!(
            bad.read(&mut [0; 8]).unwrap(),
            0,
            "the connection of the task that panicked closes"
        );
        let sent = vec![7; 300_000];
        good.write_all(&sent[..1]).unwrap();
        let mut writer = good.try_clone().unwrap();
        let rest = sent[1..].to_vec();
        let writing = std::thread::spawn(move || writer.write_all(&rest).unwrap());
        let mut got = vec![0; sent.len()];
        good.read_exact(&mut got).unwrap();
        writing.join().unwrap();
        assert_eq!(got, sent);
        // The shard answered after the panic, so it has counted it.
        assert_eq!(shard::panics(), before + 1);
        drop(stop);
        shard.join().unwrap();
    }
}

#[test]
fn a_client_connects_from_the_address_it_asks_for_and_discards_without_reading() {
    const SENT: usize = 300_000;
    for driver in drivers() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, nobody) = (listener.local_addr().unwrap(), free_port());
        let (report, reported) = channel();
        let health = Arc::new(Health::default());
        let shard = shard::start_anywhere(0, driver, health, move || async move {
            let refused = Conn::connect(nobody, None).await.map(drop);
            let from = Ipv4Addr::new(127, 0, 0, 9).into();
            let conn = Conn::connect(address, Some(from)).await.unwrap();
            let (mut total, mut first) = (0, true);
            while total < SENT {
                conn.readable().await.unwrap();
                let most = if std::mem::take(&mut first) { 10 } else { usize::MAX >> 1 };
                let count = conn.discard(most).unwrap().unwrap_or(0);
                assert!(count <= most, "{count}");
                total += count;
            }
            conn.readable().await.unwrap();
            report.send((refused, total, conn.discard(1 << 20).unwrap())).unwrap();
        })
        .unwrap();
        let (mut peer, from) = listener.accept().unwrap();
        assert_eq!(from.ip(), Ipv4Addr::new(127, 0, 0, 9));
        peer.write_all(&vec![1; SENT]).unwrap();
        drop(peer);
        let (refused, total, end) = reported.recv_timeout(PATIENCE).unwrap();
        assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
        assert_eq!((total, end), (SENT, Some(0)));
        shard.join().unwrap();
    }
}

#[test]
fn one_batch_reaches_all_who_have_room_and_tells_who_has_none() {
    const CLIENTS: usize = 300;
    for driver in drivers() {
        let (report, reported) = channel();
        let address = free_port();
        let (ready, is_ready) = channel();
        let shard = shard::start(0, driver, Arc::new(Health::default()), move || async move {
            let conns: Rc<std::cell::RefCell<Vec<Conn>>> = Rc::default();
            let accepted = Rc::clone(&conns);
            let acceptor = Acceptor::bind(address).unwrap();
            shard::spawn("port", acceptor.run(move |conn| accepted.borrow_mut().push(conn)));
            ready.send(()).unwrap();
            while conns.borrow().len() < CLIENTS {
                shard::sleep(Duration::from_millis(1)).await;
            }
            let conns = conns.borrow();
            // Fill the last one's socket, so that it has no room.
            let filler = vec![0; 1 << 20];
            let full = &conns[CLIENTS - 1];
            while full.try_send(&[std::io::IoSlice::new(&filler)]).unwrap().is_some() {}
            let (head, body) = (b"head".to_vec(), vec![1; 500]);
            let slices = [std::io::IoSlice::new(&head), std::io::IoSlice::new(&body)];
            let mut results = vec![None; CLIENTS];
            Fanout::new(driver).send(&slices, conns.iter().enumerate(), |index, sent| {
                assert!(results[index].replace(sent.unwrap()).is_none(), "told twice");
            });
            report.send(results).unwrap();
        })
        .unwrap();
        is_ready.recv_timeout(PATIENCE).unwrap();
        let mut clients: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(address)).collect();
        let results = reported.recv_timeout(PATIENCE).unwrap();
        assert_eq!(results.iter().filter(|sent| **sent == Some(Some(504))).count(), CLIENTS - 1);
        assert_eq!(results[CLIENTS - 1], Some(None));
        let mut got = [0; 504];
        clients[0].read_exact(&mut got).unwrap();
        assert_eq!(&got[..5], b"head\x01");
        shard.join().unwrap();
    }
}

#[test]
fn a_reader_gets_large_batches_unchanged_after_their_memory_was_given_back() {
    const CLIENTS: usize = 5;
    const BATCHES: usize = 60;
    let batch = |number: usize| vec![number as u8; shard::limits::STAGED_BYTES + number * 31];
    for driver in drivers() {
        let (report, reported) = channel();
        let address = free_port();
        let (ready, is_ready) = channel();
        let shard = shard::start(0, driver, Arc::new(Health::default()), move || async move {
            let conns: Rc<std::cell::RefCell<Vec<Conn>>> = Rc::default();
            let accepted = Rc::clone(&conns);
            let acceptor = Acceptor::bind(address).unwrap();
            shard::spawn("port", acceptor.run(move |conn| accepted.borrow_mut().push(conn)));
            ready.send(()).unwrap();
            while conns.borrow().len() < CLIENTS {
                shard::sleep(Duration::from_millis(1)).await;
            }
            let conns = conns.borrow();
            let mut fanout = Fanout::new(driver);
            let mut expected = vec![Vec::new(); CLIENTS];
            for number in 0..BATCHES {
                let batch = batch(number);
                let (head, body) = batch.split_at(11);
                let slices = [std::io::IoSlice::new(head), std::io::IoSlice::new(body)];
                fanout.send(&slices, conns.iter().enumerate(), |index, sent| {
                    let sent = sent.unwrap().unwrap_or(0);
                    expected[index].extend_from_slice(&batch[..sent]);
                });
            }
            conns.iter().for_each(Conn::finish);
            report.send(expected).unwrap();
        })
        .unwrap();
        is_ready.recv_timeout(PATIENCE).unwrap();
        let clients: Vec<TcpStream> = (0..CLIENTS).map(|_| connect(address)).collect();
        let mut expected = reported.recv_timeout(PATIENCE).unwrap();
        assert!(
            expected.iter().any(|sent| sent.len() > 200_000),
            "the memory was never given back"
        );
        let mut all = Vec::new();
        for mut client in clients {
            let mut got = Vec::new();
            client.read_to_end(&mut got).unwrap();
            all.push(got);
        }
        // The kernel tells the connections in an order of its own.
        all.sort();
        expected.sort();
        assert!(all == expected);
        shard.join().unwrap();
    }
}

#[test]
fn a_connection_moves_to_another_shard_and_letters_arrive_in_order() {
    for driver in drivers() {
        let (mail, inbox) = mailbox::<(u32, Option<Handoff>)>(64);
        let health = Arc::new(Health::default());
        let home = shard::start(1, driver, health, move || async move {
            let stop = Stop::default();
            let told = stop.clone();
            let mut expected = 0;
            shard::spawn(
                "mailbox",
                inbox.run(move |(number, socket)| {
                    assert_eq!(number, expected);
                    expected += 1;
                    if let Some(socket) = socket {
                        let conn = socket.adopt().unwrap();
                        let told = told.clone();
                        shard::spawn("echo", async move {
                            echo(conn).await;
                            told.set();
                        });
                    }
                }),
            );
            stop.wait().await;
        })
        .unwrap();
        let (address, stop, shard) = serving(driver, move |conn| {
            for number in 0..10 {
                mail.post((number, None)).unwrap();
            }
            let mail = mail.clone();
            shard::spawn("first", async move {
                // The connection is used here before it moves, as a session's handshake does.
                conn.readable().await.unwrap();
                assert_eq!(conn.try_read(&mut [0; 5]).unwrap(), Some(5));
                mail.post((10, Some(conn.hand_off().unwrap()))).unwrap();
            });
        });
        let mut client = connect(address);
        client.write_all(b"first").unwrap();
        // Whatever of it is still unread when the socket moves is echoed as well.
        client.write_all(b"again").unwrap();
        let mut got = [0; 5];
        client.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"again");
        drop(client);
        home.join().unwrap();
        drop(stop);
        shard.join().unwrap();
    }
}

#[test]
fn a_port_that_is_taken_cannot_be_claimed_and_a_full_mailbox_gives_the_letter_back() {
    let address = free_port();
    let claim = shard::claim_port(address).unwrap();
    assert!(shard::claim_port(address).is_err());
    drop(claim);
    assert!(shard::claim_port(address).is_ok());
    let (mail, _inbox) = mailbox(1);
    mail.post(1).unwrap();
    assert_eq!(mail.post(2).unwrap_err().0, 2);
}
