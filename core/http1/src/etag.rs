/// Whether a representation with this entity tag is the one the client has, by the value of one
/// `If-None-Match` field (RFC 9110 section 13.1.2): weak comparison, `*` matches any.
///
/// `etag` is written with its quotes, as it is sent.
pub fn not_modified(if_none_match: &str, etag: &str) -> bool {
    let mut rest = if_none_match.trim_ascii();
    if rest == "*" {
        return true;
    }
    while let Some((tag, after)) = next_tag(rest) {
        if tag == opaque(etag) {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a range may be served although the client set the condition of an `If-Range` field (RFC
/// 9110 section 13.1.5): strong comparison, so that weak tags and dates never match.
pub fn range_applies(if_range: &str, etag: Option<&str>) -> bool {
    etag.is_some_and(|etag| !etag.starts_with("W/") && if_range.trim_ascii() == etag)
}

/// The first entity tag of a list, quotes included and `W/` taken off, and what follows it. A tag may
/// hold commas, so the quotes decide. `None` at the end and at anything that is no tag.
fn next_tag(list: &str) -> Option<(&str, &str)> {
    let list = opaque(list.trim_start_matches([' ', '\t', ',']));
    let close = list.strip_prefix('"')?.find('"')? + 2;
    Some(list.split_at(close))
}

fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_none_match_compares_weakly_over_a_list() {
        assert!(not_modified("\"a\"", "\"a\""));
        assert!(not_modified("W/\"a\"", "\"a\""));
        assert!(not_modified("\"a\"", "W/\"a\""));
        assert!(not_modified("\"x,y\", W/\"b\" ,\"a\"", "\"a\""));
        assert!(not_modified("\"x,y\"", "\"x,y\""));
        assert!(not_modified(" * ", "\"a\""));
        assert!(!not_modified("\"a\"", "\"b\""));
        assert!(!not_modified("a", "\"a\""));
        assert!(!not_modified("\"a", "\"a\""));
        assert!(!not_modified("", "\"a\""));
    }

    #[test]
    fn if_range_compares_strongly_and_never_matches_a_date() {
        assert!(range_applies("\"a\"", Some("\"a\"")));
        assert!(!range_applies("W/\"a\"", Some("W/\"a\"")));
        assert!(!range_applies("\"a\"", Some("\"b\"")));
        assert!(!range_applies("\"a\"", None));
        assert!(!range_applies("Sun, 06 Nov 1994 08:49:37 GMT", Some("\"a\"")));
    }
}
