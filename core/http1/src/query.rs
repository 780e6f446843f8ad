use std::borrow::Cow;

/// The query of a request target, without its `?`, percent-encoded as it came.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<'b>(pub(crate) &'b str);

impl<'b> Query<'b> {
    /// The query as it was sent; empty when there is none.
    pub const fn as_str(self) -> &'b str {
        self.0
    }

    /// The value of the first parameter with this name, decoded.
    pub fn get(self, name: &str) -> Option<Cow<'b, str>> {
        self.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The parameters in order, as `application/x-www-form-urlencoded` decodes them (WHATWG URL section
    /// 5.1): `+` is a space, what is no escape stays, bytes that are no UTF-8 become U+FFFD. Values may
    /// hold any character, control characters included.
    pub fn iter(self) -> impl Iterator<Item = (Cow<'b, str>, Cow<'b, str>)> {
        self.0.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
    }
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        out.push(match byte {
            b'+' => b' ',
            b'%' => match escape(after) {
                Some(decoded) => {
                    rest = &after[2..];
                    decoded
                }
                None => b'%',
            },
            _ => byte,
        });
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// The byte that the two hexadecimal digits at the start of `digits` stand for (RFC 3986 2.1).
pub(crate) fn escape(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    Some((digit(0)? * 16 + digit(1)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_name_and_decoded() {
        let query =
            Query("_HLS_msn=12&_HLS_part=3&flag&a%20b=c+d%26&x=%zz%4&_HLS_msn=9&&u=%C3%A9%ff");
        assert_eq!(query.get("_HLS_msn").as_deref(), Some("12"));
        assert_eq!(query.get("_HLS_part").as_deref(), Some("3"));
        assert_eq!(query.get("flag").as_deref(), Some(""));
        assert_eq!(query.get("a b").as_deref(), Some("c d&"));
        assert_eq!(query.get("x").as_deref(), Some("%zz%4"));
        assert_eq!(query.get("u").as_deref(), Some("é\u{fffd}"));
        assert_eq!(query.get("_hls_msn"), None);
        assert_eq!(query.iter().count(), 7);
        assert!(matches!(query.get("_HLS_msn"), Some(Cow::Borrowed(_))));
        assert_eq!(Query("").iter().count(), 0);
    }
}
