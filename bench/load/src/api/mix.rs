//! What users ask of an API, and how often.

use serde_json::json;

use super::call::Call;

/// Something that a user does, with its share in hundredths of all requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Looks at what is live.
    Live,
    /// Looks at a stream.
    Read,
    /// Lists the own streams.
    Mine,
    /// Looks at a stream's figures.
    Stats,
    /// Changes the own stream.
    Change,
    /// Adds a stream.
    Add,
    /// Removes one that was added so.
    Remove,
}

const SHARES: [(Deed, u64); 7] = [
    (Deed::Live, 30),
    (Deed::Read, 25),
    (Deed::Mine, 18),
    (Deed::Stats, 15),
    (Deed::Change, 10),
    (Deed::Add, 1),
    (Deed::Remove, 1),
];
/// Shares no factor with 100, so a hundred steps of it reach each hundredth once, well mixed.
const STRIDE: u64 = 61;

impl Deed {
    /// What the request with this number is.
    pub(crate) fn of(number: u64) -> Self {
        let mut at = (number % 100) * STRIDE % 100;
        for (deed, share) in SHARES {
            if at < share {
                return deed;
            }
            at -= share;
        }
        Self::Live
    }

    /// As reasons name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Live => "GET /api/streams/live",
            Self::Read => "GET /api/streams/{id}",
            Self::Mine => "GET /api/streams",
            Self::Stats => "GET /api/streams/{id}/stats",
            Self::Change => "PUT /api/streams/{id}",
            Self::Add => "POST /api/streams",
            Self::Remove => "DELETE /api/streams/{id}",
        }
    }

    /// The request, on the stream with this id.
    pub(crate) fn call(self, number: u64, id: &str) -> Call {
        match self {
            Self::Live => Call::new("GET", "/api/streams/live"),
            Self::Read => Call::new("GET", format!("/api/streams/{id}")),
            Self::Mine => Call::new("GET", "/api/streams"),
            Self::Stats => Call::new("GET", format!("/api/streams/{id}/stats")),
            Self::Change => Call::new("PUT", format!("/api/streams/{id}"))
                .with(json!({ "title": format!("shardcast load, change {number}") })),
            Self::Add => super::crowd::add_stream(0),
            Self::Remove => Call::new("DELETE", format!("/api/streams/{id}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_requests_have_the_shares_and_are_mixed() {
        assert_eq!(SHARES.iter().map(|(_, share)| share).sum::<u64>(), 100);
        let deeds: Vec<Deed> = (700..800).map(Deed::of).collect();
        for (deed, share) in SHARES {
            let count = deeds.iter().filter(|one| **one == deed).count();
            assert_eq!(count as u64, share, "{deed:?}");
        }
        let longest = deeds.chunk_by(|a, b| a == b).map(<[Deed]>::len).max();
        assert!(longest <= Some(2), "{deeds:?}");
    }
}
