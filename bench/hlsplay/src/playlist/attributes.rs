//! Attribute lists (RFC 8216bis 4.2).

/// Names and values in order; quotes around values are removed, commas inside them are not the end.
pub(super) fn attributes(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let quoted = after.strip_prefix('"').and_then(|inside| inside.split_once('"'));
        let (value, after) = match quoted {
            Some((value, after)) => (value, after.split_once(',').map_or("", |(_, rest)| rest)),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        rest = after;
        Some((name.trim(), value.trim()))
    })
}

/// Whether an enumerated value is `YES`.
pub(super) fn yes(value: &str) -> bool {
    value == "YES"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quoted_values_may_hold_commas_and_equals() {
        let list = "TYPE=AUDIO,CODECS=\"avc1,mp4a\", URI=\"a.m3u8?x=1\",EMPTY=\"\",LAST=1.5";
        let found: Vec<_> = attributes(list).collect();
        let expected = [
            ("TYPE", "AUDIO"),
            ("CODECS", "avc1,mp4a"),
            ("URI", "a.m3u8?x=1"),
            ("EMPTY", ""),
            ("LAST", "1.5"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_quote_that_never_ends_is_part_of_the_value() {
        assert_eq!(attributes("A=\"b,C=d").collect::<Vec<_>>(), [("A", "\"b"), ("C", "d")]);
    }

    proptest! {
        #[test]
        fn any_list_comes_to_an_end(list in "[A-Z=\", ]{0,60}") {
            prop_assert!(attributes(&list).count() <= list.len());
        }
    }
}
