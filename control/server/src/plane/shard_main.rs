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
            Mail::Command(Command::Stop { stream, reason }) => {
                let stopped = self.sources.borrow_mut().stop(&stream, shard::millis());
                if let Some(source) = stopped {
                    tracing::info!(%stream, %reason, "stream stopped");
                    home::close(self, &source);
                }
            }
            Mail::Drain => self.drain(),
            Mail::Stop => self.stop.set(),
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

    /// Ends the sessions whose publisher did not come back.
    async fn sweep(self: Rc<Self>) {
        loop {
            shard::sleep(JANITOR).await;
            let gone = self.sources.borrow_mut().expire(shard::millis());
            for source in gone {
                home::close(&self, &source);
            }
        }
    }
}
