/// An HTTP response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Takes the response in front of what has come; `None` while it is not whole.
pub(crate) fn take(received: &mut Vec<u8>) -> Option<Reply> {
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&received[..end]);
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let whole = end + length.unwrap_or(0);
    if received.len() < whole {
        return None;
    }
    let body = received[end..whole].to_vec();
    received.drain(..whole);
    Some(Reply { status, body })
}
