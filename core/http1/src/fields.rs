use std::fmt;

/// The header fields of a request as they came, looked up on demand. They were checked before: every
/// line has a name of token characters and a value without control characters.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Fields<'b>(pub(crate) &'b [u8]);

impl<'b> Fields<'b> {
    /// The value of the first field with this name, in any case. `None` also when it is not UTF-8.
    pub fn get(self, name: &str) -> Option<&'b str> {
        self.all(name).next()
    }

    /// The values of all fields with this name in order, without those that are not UTF-8.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'b str> {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// Names and values in order, without the white space around values.
    pub fn iter(self) -> impl Iterator<Item = (&'b str, &'b [u8])> {
        self.0.split(|&b| b == b'\n').filter_map(|line| {
            let colon = line.iter().position(|&b| b == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name, line[colon + 1..].trim_ascii()))
        })
    }
}

/// Shows the names only: values hold tokens and cookies.
impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_any_case_and_order() {
        let fields = Fields(b"Accept: a\r\nX-One:  1 \r\naccept: b:c\r\nBad: \xff\r\nEmpty:\r\n");
        assert_eq!(fields.get("ACCEPT"), Some("a"));
        assert_eq!(fields.all("accept").collect::<Vec<_>>(), ["a", "b:c"]);
        assert_eq!(fields.get("x-one"), Some("1"));
        assert_eq!(fields.get("empty"), Some(""));
        assert_eq!(fields.get("bad"), None);
        assert_eq!(fields.iter().count(), 5);
    }

    #[test]
    fn debugging_shows_no_values() {
        let shown = format!("{:?}", Fields(b"Authorization: Bearer secret\r\n"));
        assert_eq!(shown, "[\"Authorization\"]");
    }
}
