use std::io;
use std::rc::Rc;
use std::time::Duration;

use shard::Acceptor;
use stream::control::Command;

use super::mail::{Mail, Tell};
use super::state::{Plane, Setup, ShardParts};
use super::{home, http_port, rtmp_port};

/// How often streams without publisher are looked at.
const JANITOR: Duration = Duration::from_millis(250);

/// How often streams are measured, in milliseconds.
const MEASURE_MS: u64 = 1000;

/// A shard's life: opens its ports, serves until it is told to stop.
pub(crate) async fn run(setup: Setup, parts: ShardParts) {
    let started = parts.started.clone();
    match start(setup, parts) {
        Ok(plane) => plane.stop.wait().await,
        Err(error) => drop(started.send(Err(error))),
    }
}

/// Opens this shard's ports and starts its tasks.
pub(crate) fn start(setup: Setup, parts: ShardParts) -> io::Result<Rc<Plane>> {
    let rtmp = Acceptor::bind(setup.rtmp)?;
    let http = Acceptor::bind(setup.http)?;
    let plane = Plane::new(setup, &parts);
    let mail = Rc::clone(&plane);
    shard::spawn("mailbox", async move { parts.inbox.run(move |letter| mail.open(letter)).await });
    let janitor = Rc::clone(&plane);
    shard::spawn("janitor", async move { janitor.sweep().await });
    let port = Rc::clone(&plane);
    shard::spawn("rtmp port", rtmp.run(move |conn| rtmp_port::accept(&port, conn)));
    let port = Rc::clone(&plane);
    shard::spawn("http port", http.run(move |conn| http_port::accept(&port, conn)));
    drop(parts.started.send(Ok(())));
    Ok(plane)
}

impl Plane {
    fn open(self: &Rc<Self>, letter: Mail) {
        match letter {
            Mail::Publish(publish) => rtmp_port::adopt(self, *publish),
            Mail::Delivery(letter) => self.delivery.open(letter),
            Mail::Listed(listing) => {
                self.delivery.listed(&listing);
                self.directory.borrow_mut().put(*listing);
            }
            Mail::Unlisted(id, session) => self.directory.borrow_mut().remove(&id, session),
            Mail::Answer(asked, answer) => self.asking.answer(asked, answer),
            Mail::Command(command) => self.obey(command),
            // Control that waits no more needs no answer.
            Mail::Sessions { stream, limit, answer } => {
                drop(answer.post(self.sessions(&stream, limit)));
            }
            Mail::Cut { stream, session, answer } => drop(answer.post(self.cut(&stream, session))),
            Mail::Configure(settings) => self.configure(settings),
            Mail::Drain => self.drain(),
            Mail::Stop => self.stop.set(),
        }
    }

    fn obey(self: &Rc<Self>, command: Command) {
        match command {
            Command::Stop { stream, reason } => {
                let stopped = self.sources.borrow_mut().stop(&stream, shard::millis(), reason);
                if let Some(source) = stopped {
                    tracing::info!(%stream, %reason, "stream stopped");
                    home::close(self, &source);
                }
            }
            Command::Limit { stream, max_viewers } => {
                if let Some(source) = self.sources.borrow().get(&stream) {
                    source.stream.stats().limit(max_viewers);
                }
            }
        }
    }

    fn drain(self: &Rc<Self>) {
        self.draining.set(true);
        let all = self.sources.borrow_mut().stop_all(shard::millis());
        for source in all {
            home::close(self, &source);
        }
        let plane = Rc::clone(self);
        shard::spawn("drain", async move {
            // Connections between two requests are not waited for.
            while plane.rtmp_connections.get() + plane.delivery.exchanges() > 0 {
                shard::sleep(Duration::from_millis(20)).await;
            }
            plane.setup.desk.tell(Tell::Drained);
        });
    }

    /// Ends the sessions whose publisher did not come back, and measures the others.
    async fn sweep(self: Rc<Self>) {
        let mut measured_ms = 0;
        loop {
            shard::sleep(JANITOR).await;
            let now = shard::millis();
            if now - measured_ms >= MEASURE_MS {
                measured_ms = now;
                self.sources.borrow().measure(now);
            }
            self.sources.borrow().all().for_each(|source| home::tell_absence(&self, source));
            let gone = self.sources.borrow_mut().expire(shard::millis());
            for source in gone {
                home::close(&self, &source);
            }
        }
    }
}
