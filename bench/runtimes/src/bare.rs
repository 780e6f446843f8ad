//! No runtime: an epoll loop that sends to one connection after the other.

use std::io::IoSlice;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};

use crate::meter::Meter;
use crate::options::Serve;
use crate::pattern::{Pattern, Place};
use crate::{Failure, drain};

/// Events taken at a time.
const EVENTS: usize = 256;

struct Loop {
    pattern: Pattern,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    /// What those who keep up get next: it begins at `front`.
    batch: Vec<IoSlice<'static>>,
    front: Place,
    /// What a connection gets that does not.
    own: Vec<IoSlice<'static>>,
    sent: u64,
}

struct Connection {
    socket: TcpStream,
    place: Place,
    /// Its socket is full; epoll tells when it is not.
    blocked: bool,
}

pub(crate) fn run(serve: &Serve) -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let drain = drain::start(serve, listener.local_addr()?)?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut connections = Vec::with_capacity(serve.connections);
    for index in 0..serve.connections {
        let (socket, _) = listener.accept()?;
        socket.set_nodelay(true)?;
        let data = epoll::EventData::new_u64(index as u64);
        epoll::add(&epoll, &socket, data, epoll::EventFlags::ONESHOT)?;
        connections.push(Connection { socket, place: Place::before(0), blocked: false });
    }
    let front = Place::before(0);
    let (batch, own) = (Vec::new(), Vec::new());
    let pattern = Pattern::new();
    Loop { pattern, epoll, connections, batch, front, own, sent: 0 }.run(serve)?;
    drop(drain);
    Ok(())
}

impl Loop {
    fn run(&mut self, serve: &Serve) -> Result<(), Failure> {
        let mut meter = Meter::new(serve, self.pattern.bytes_per_second());
        let mut events = Vec::with_capacity(EVENTS);
        let start = Instant::now();
        let mut published = 0;
        loop {
            let wait = self.pattern.due(published).saturating_sub(start.elapsed());
            let wait = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&wait)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            for event in &events {
                let index = event.data.u64() as usize;
                self.connections[index].blocked = false;
                self.send(index, published)?;
            }
            let before = published;
            while self.pattern.due(published) <= start.elapsed() {
                published += 1;
            }
            if published > before {
                self.front = Place::before(before);
                self.pattern.slices(self.front, published, &mut self.batch);
                for index in 0..self.connections.len() {
                    self.send(index, published)?;
                }
                if meter.is_over(published, self.sent) {
                    return Ok(());
                }
            }
        }
    }

    /// One write, of all that is new.
    fn send(&mut self, index: usize, end: u64) -> Result<(), Failure> {
        let connection = &mut self.connections[index];
        if connection.blocked || connection.place.message >= end {
            return Ok(());
        }
        let batch = if connection.place == self.front {
            &self.batch
        } else {
            connection.place = Pattern::skip(connection.place, end);
            self.pattern.slices(connection.place, end, &mut self.own);
            &self.own
        };
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match sendmsg(&connection.socket, batch, &mut SendAncillaryBuffer::default(), flags) {
            Ok(sent) => {
                self.sent += sent as u64;
                connection.place = self.pattern.advance(connection.place, sent);
                let whole: usize = batch.iter().map(|slice| slice.len()).sum();
                connection.blocked = sent < whole;
            }
            Err(Errno::AGAIN) => connection.blocked = true,
            Err(error) => return Err(error.into()),
        }
        if connection.blocked {
            let data = epoll::EventData::new_u64(index as u64);
            let flags = epoll::EventFlags::OUT | epoll::EventFlags::ONESHOT;
            epoll::modify(&self.epoll, &connection.socket, data, flags)?;
        }
        Ok(())
    }
}
