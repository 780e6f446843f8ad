//! A publisher over RTMP: it sends the tape at the pace of its time stamps.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use media::flv::TagType;
use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Output, Url};
use shard::Conn;

use crate::ended::Ended;
use crate::publish::Studio;
use crate::rtmp_play::words;
use crate::schedule::unix_micros;
use crate::seat::CONNECT;
use crate::stamp::Stamp;
use crate::tape::Item;
use crate::wire;

/// How long the server may take to let a publisher begin.
const GO_AHEAD: Duration = Duration::from_secs(15);
/// How often a publisher reads what the server says, in microseconds.
const LISTEN_US: u64 = 1_000_000;

/// One publisher.
pub(crate) struct Publisher {
    studio: Rc<Studio>,
    index: usize,
    conn: Conn,
    session: ClientSession,
    /// A message as it is sent.
    body: Vec<u8>,
    /// Pictures sent.
    pictures: u32,
    listened: u64,
}

impl Publisher {
    /// Publishes until the run is over or the connection ends.
    pub(crate) async fn run(studio: Rc<Studio>, index: usize) {
        let ended = Self::publish(&studio, index).await.err();
        studio.count_off();
        let Some((let_in, ended)) = ended else { return };
        let mut tally = studio.tally.borrow_mut();
        let name = studio.plan.targets[index].path.rsplit('/').next().unwrap_or_default();
        let why = ended.to_string();
        // Servers like to name the stream, which is a key.
        let why = if name.is_empty() { why } else { why.replace(name, "***") };
        match ended {
            _ if let_in => tally.connections.lost += 1,
            Ended::Refused(_) => {
                tally.connections.refused += 1;
                tally.sent.rejected += 1;
            }
            Ended::Broken(_) => tally.connections.failed += 1,
        }
        tally.connections.because(&why);
    }

    /// Publishes until the run is over; an error tells whether the server had let it begin.
    async fn publish(studio: &Rc<Studio>, index: usize) -> Result<(), (bool, Ended)> {
        let schedule = &studio.plan.schedule;
        let begins = schedule.now();
        let mut this = Self::connect(studio, index).await.map_err(|ended| (false, ended))?;
        let leave = shard::timeout(GO_AHEAD, this.wait_for_leave()).await;
        let leave = leave.unwrap_or_else(|| Err(Ended::late("leave to publish")));
        leave.map_err(|ended| (false, ended))?;
        {
            let mut tally = studio.tally.borrow_mut();
            tally.connections.connected += 1;
            tally.sent.publishing += 1;
            tally.sent.go_ahead.record(schedule.now() - begins);
        }
        this.send_tape().await.map_err(|ended| (true, ended))
    }

    async fn connect(studio: &Rc<Studio>, index: usize) -> Result<Self, Ended> {
        let plan = &studio.plan;
        let target = &plan.targets[index];
        let url = Url::parse(&target.url).ok_or_else(|| Ended::Broken("a bad URL".into()))?;
        let from = match plan.source_ips.len() {
            0 => None,
            count => Some(plan.source_ips[index % count]),
        };
        let begins = plan.schedule.now();
        let conn = shard::timeout(CONNECT, Conn::connect(target.address, from)).await;
        let conn = conn.ok_or_else(|| Ended::late("connection"))??;
        studio.tally.borrow_mut().connect.record(plan.schedule.now() - begins);
        let random = (index as u64).to_le_bytes();
        Ok(Self {
            studio: Rc::clone(studio),
            index,
            conn,
            session: ClientSession::new_publish(Config::new(url), wire::now(), random),
            body: Vec::new(),
            pictures: 0,
            listened: 0,
        })
    }

    async fn wait_for_leave(&mut self) -> Result<(), Ended> {
        while !self.flush().await? {
            wire::readable(&self.conn).await?;
            self.listen()?;
        }
        Ok(())
    }

    /// Takes what the server has said.
    fn listen(&mut self) -> Result<(), Ended> {
        let session = &mut self.session;
        wire::read(&self.conn, |bytes| Ok(session.handle_input(wire::now(), bytes)?))
    }

    /// Sends what the session wants sent; true when it was let in meanwhile.
    async fn flush(&mut self) -> Result<bool, Ended> {
        let mut let_in = false;
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Send(bytes) => {
                    wire::send(&self.conn, &bytes).await?;
                    self.studio.count_bytes(bytes.len());
                }
                Output::Event(Event::Publishing) => let_in = true,
                Output::Event(Event::Rejected { code, description }) => {
                    return Err(Ended::Refused(words(&code, &description)));
                }
                Output::Event(Event::Ended { code, description }) => {
                    return Err(Ended::Broken(words(&code, &description)));
                }
                Output::Event(_) => {}
                Output::Close => return Err(Ended::closed()),
            }
        }
        Ok(let_in)
    }

    /// Sends the tape round after round. Every message is due at a time that follows from the start
    /// alone, so nothing adds up.
    async fn send_tape(&mut self) -> Result<(), Ended> {
        let studio = Rc::clone(&self.studio);
        let tape = Arc::clone(&studio.plan.tape);
        let schedule = &studio.plan.schedule;
        for item in &tape.head {
            self.send(item, 0).await?;
        }
        let start = schedule.now() + phase(self.index, tape.picture_us);
        for round in 0_i64.. {
            for item in &tape.items {
                let at_ms = round * tape.length_ms + item.at_ms;
                let due = start + at_ms as u64 * 1000;
                if schedule.now() < due {
                    let wait = Duration::from_micros(due - schedule.now());
                    shard::sleep(wait).await;
                }
                if studio.over.is_set() {
                    return self.say_goodbye().await;
                }
                self.send(item, at_ms).await?;
                studio.count_message(item.picture, schedule.now(), due);
                if schedule.now() - self.listened >= LISTEN_US {
                    self.listened = schedule.now();
                    self.listen()?;
                    self.session.handle_timeout(wire::now())?;
                    self.flush().await?;
                }
            }
        }
        Ok(())
    }

    async fn send(&mut self, item: &Item, at_ms: i64) -> Result<(), Ended> {
        let stamp =
            Stamp { publisher: self.index as u32, number: self.pictures, sent_us: unix_micros() };
        item.write(stamp, &mut self.body);
        let sent = match item.kind {
            TagType::Video => self.session.send_video(at_ms, &self.body),
            TagType::Audio => self.session.send_audio(at_ms, &self.body),
            TagType::ScriptData => {
                let mut body = Vec::new();
                media::amf0::write_string("@setDataFrame", &mut body);
                body.extend_from_slice(&self.body);
                self.session.send_data(at_ms, &body)
            }
        };
        if !sent {
            return Err(Ended::Broken("a message that is too long for RTMP".into()));
        }
        self.pictures = self.pictures.wrapping_add(u32::from(item.picture));
        self.flush().await.map(drop)
    }

    /// Takes leave, so that the server need not wait for a return.
    async fn say_goodbye(&mut self) -> Result<(), Ended> {
        self.session.stop();
        while let Some(output) = self.session.poll_output() {
            if let Output::Send(bytes) = output {
                wire::send(&self.conn, &bytes).await?;
            }
        }
        self.conn.finish();
        Ok(())
    }
}

/// What a publisher starts later than the others, so that not all send at the same instants: steps of
/// the golden section through a picture's duration, which never meet.
fn phase(index: usize, picture_us: u64) -> u64 {
    let turn = (index as f64 * 0.618_033_988_749_895).fract();
    (turn * picture_us.max(20_000) as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_are_spread_over_a_picture() {
        let mut phases: Vec<u64> = (0..100).map(|index| phase(index, 33_000)).collect();
        phases.sort_unstable();
        assert!(phases.windows(2).all(|pair| pair[1] - pair[0] < 700), "{phases:?}");
        assert!(*phases.last().unwrap() < 33_000);
    }
}
