use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

/// Longest message on the channel that is read, in bytes. Ours have some hundreds.
const MAX_MESSAGE: usize = 64 * 1024;

/// What a node tells all others. Events are hints to look again at what the database says: they may come
/// twice, and out of order; where one may have been lost, [`Event::Missed`] comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// A user's rights changed (role, lock, password, removal) or their log-ins were revoked.
    UserChanged {
        /// The user's number in the database.
        user: i64,
    },
    /// A log-in session was revoked.
    LoginRevoked {
        /// The session's id.
        login: String,
    },
    /// A stream's publishing right ended (disabled, removed, new key, stopped): who publishes is to be
    /// cut.
    StreamRevoked {
        /// The stream's id.
        stream: String,
        /// Why, for the publisher.
        reason: String,
    },
    /// A stream's other facts changed (title, limits, privacy).
    StreamChanged {
        /// The stream's id.
        stream: String,
    },
    /// Another node took a stream over that this node holds: a session here that is older than
    /// `session` is to end. Told once, and only on the node that lost it.
    StreamTaken {
        /// The stream's id.
        stream: String,
        /// The session that has it now.
        session: u32,
        /// That session's node.
        node: String,
    },
    /// Events may have been lost: forget what is cached, and look again at whatever an event could have
    /// ended. Told whenever this node's subscription begins too.
    Missed,
}

/// The events of all nodes, from the moment of [`crate::Cluster::events`] on.
#[derive(Debug)]
pub struct Events(pub(crate) broadcast::Receiver<Event>);

impl Events {
    /// Waits for the next one. Who falls too far behind gets [`Event::Missed`] in place of what was
    /// dropped. `None` when the cluster is gone.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Event::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// An event on its way between nodes.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    /// The sending process. A node's name would not do: two nodes may have got one name by mistake.
    from: String,
    #[serde(flatten)]
    event: Event,
}

pub(crate) fn encode(from: &str, event: &Event) -> String {
    let message = Message { from: from.to_owned(), event: event.clone() };
    serde_json::to_string(&message).expect("strings and numbers are JSON")
}

/// The sender and the event; `None` for what this version does not understand.
pub(crate) fn decode(message: &[u8]) -> Option<(String, Event)> {
    if message.len() > MAX_MESSAGE {
        return None;
    }
    let message: Message = serde_json::from_slice(message).ok()?;
    Some((message.from, message.event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_travel_whole_and_look_as_documented() {
        let text = |text: &str| text.to_owned();
        for (event, json) in [
            (Event::UserChanged { user: 7 }, r#"{"from":"a","event":"userChanged","user":7}"#),
            (
                Event::StreamRevoked { stream: text("s"), reason: text("\"new\" key") },
                r#"{"from":"a","event":"streamRevoked","stream":"s","reason":"\"new\" key"}"#,
            ),
            (
                Event::StreamTaken { stream: text("s"), session: u32::MAX, node: text("b") },
                r#"{"from":"a","event":"streamTaken","stream":"s","session":4294967295,"node":"b"}"#,
            ),
            (Event::Missed, r#"{"from":"a","event":"missed"}"#),
        ] {
            assert_eq!(encode("a", &event), json);
            assert_eq!(decode(json.as_bytes()), Some((text("a"), event)));
        }
    }

    #[test]
    fn what_is_no_event_of_ours_is_none() {
        let long = format!(r#"{{"from":"{}","event":"missed"}}"#, "a".repeat(MAX_MESSAGE));
        for message in
            ["", "{}", "missed", r#"{"event":"missed"}"#, r#"{"from":"a","event":"later"}"#, &long]
        {
            assert_eq!(decode(message.as_bytes()), None, "{message:.40}");
        }
        assert_eq!(decode(&[0xff, 0xfe]), None);
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_so_and_goes_on() {
        let (sender, receiver) = broadcast::channel(2);
        let mut events = Events(receiver);
        for user in 0..5 {
            sender.send(Event::UserChanged { user }).unwrap();
        }
        drop(sender);
        assert_eq!(events.next().await, Some(Event::Missed));
        assert_eq!(events.next().await, Some(Event::UserChanged { user: 3 }));
        assert_eq!(events.next().await, Some(Event::UserChanged { user: 4 }));
        assert_eq!(events.next().await, None);
    }
}
