//! Players over RTMP.

use std::rc::Rc;

use media::flv::TagType;
use rtmp::client::{ClientSession, Config, Event};
use rtmp::{Output, Url};

use crate::ended::Ended;
use crate::life::Life;
use crate::seat::Seat;
use crate::unpack::unpack;
use crate::wire;

/// Plays until the connection ends.
pub(crate) async fn play(seat: &Rc<Seat>) -> Ended {
    try_play(seat).await.unwrap_or_else(|ended| ended)
}

async fn try_play(seat: &Rc<Seat>) -> Result<Ended, Ended> {
    let url = Url::parse(&seat.target().url).ok_or_else(|| Ended::Broken("a bad URL".into()))?;
    let conn = seat.connect().await?;
    let random = (seat.index as u64).to_le_bytes();
    let mut session = ClientSession::new_play(Config::new(url), wire::now(), random);
    let mut received = 0;
    loop {
        while let Some(output) = session.poll_output() {
            match output {
                Output::Send(bytes) => wire::send(&conn, &bytes).await?,
                Output::Event(event) => take(seat, event)?,
                Output::Close => return Err(Ended::closed()),
            }
        }
        if seat.is_to_be_drained() {
            let life = Life::rtmp(received, seat.engine.plan.schedule.now());
            return Ok(seat.drain(conn, life).await);
        }
        wire::readable(&conn).await?;
        wire::read(&conn, |bytes| {
            received += bytes.len() as u64;
            seat.received(bytes.len());
            Ok(session.handle_input(wire::now(), bytes)?)
        })?;
    }
}

fn take(seat: &Seat, event: Event) -> Result<(), Ended> {
    let arrived = |arrival: &_| seat.arrived(arrival);
    match event {
        Event::Playing => seat.accepted(),
        Event::Rejected { code, description } => {
            return Err(Ended::Refused(words(&code, &description)));
        }
        Event::Ended { code, description } => {
            return Err(Ended::Broken(words(&code, &description)));
        }
        Event::Video { timestamp, body } => unpack(TagType::Video, timestamp, &body, arrived),
        Event::Audio { timestamp, body } => unpack(TagType::Audio, timestamp, &body, arrived),
        Event::Data { .. } | Event::Publishing => {}
    }
    Ok(())
}

/// A status as a reason: numbers in the description, which may be of this connection only, are left
/// out.
pub(crate) fn words(code: &str, description: &str) -> String {
    let description = without_numbers(description);
    let description = description.as_str();
    match (code, description) {
        ("", "") => "the server ended the stream".into(),
        ("", words) | (words, "") => words.into(),
        (code, description) => format!("{code}: {description}"),
    }
}

/// The text with an N for each number.
fn without_numbers(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for character in text.chars() {
        if !character.is_ascii_digit() {
            words.push(character);
        } else if !words.ends_with('N') {
            words.push('N');
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_alike_for_all_connections() {
        assert_eq!(words("A.B", "came 15 ms ago"), "A.B: came N ms ago");
        assert_eq!(words("", "no"), "no");
        assert_eq!(words("A.B", ""), "A.B");
        assert_eq!(words("", ""), "the server ended the stream");
    }
}
