//! What is live, as the API lists it.

use anyhow::{Result, bail};

use super::account::Account;
use super::call::Call;

/// The most streams that are taken out of the list.
pub(crate) const MAX_LIVE: usize = 10_000;
/// The longest page that the server gives.
const PAGE: usize = 100;

/// A stream that is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) id: String,
    /// Its multivariant playlist, if it has one.
    pub(crate) hls: Option<String>,
}

/// The public streams that are live; none is an error.
pub(crate) fn live(account: &mut Account) -> Result<Vec<Live>> {
    let found = listed(account)?;
    if found.is_empty() {
        let what =
            "lists nothing that is live (private streams are not in the list): publish first";
        bail!("{} {what}", account.client.place);
    }
    Ok(found)
}

/// The public streams that are live, at most [`MAX_LIVE`].
pub(super) fn listed(account: &mut Account) -> Result<Vec<Live>> {
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut path = format!("/api/streams/live?limit={PAGE}");
        if let Some(cursor) = &cursor {
            path.push_str("&cursor=");
            path.push_str(cursor);
        }
        let page = account.ask(&Call::new("GET", path))?;
        let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        found.extend(items.iter().filter_map(|item| {
            let hls = item["hlsUrl"].as_str().map(str::to_owned);
            Some(Live { id: item["id"].as_str()?.to_owned(), hls })
        }));
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if cursor.is_none() || items.is_empty() || found.len() >= MAX_LIVE {
            break;
        }
    }
    found.truncate(MAX_LIVE);
    Ok(found)
}
