//! The lines of a playlist (RFC 8216bis 4.1).

use super::PlaylistError;

/// A line that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'t> {
    /// A tag without its `#`, and what follows its colon.
    Tag(&'t str, &'t str),
    /// Anything else that is no comment.
    Uri(&'t str),
}

/// The lines with their numbers; the first must be `#EXTM3U`.
pub(super) fn lines(text: &str) -> Result<impl Iterator<Item = (usize, Line<'_>)>, PlaylistError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().map(str::trim).zip(1..);
    if lines.next().map(|(line, _)| line) != Some("#EXTM3U") {
        return Err(PlaylistError { line: 1, what: "a playlist begins with #EXTM3U" });
    }
    Ok(lines.filter_map(|(line, number)| Some((number, read(line)?))))
}

fn read(line: &str) -> Option<Line<'_>> {
    let Some(rest) = line.strip_prefix('#') else {
        return (!line.is_empty()).then_some(Line::Uri(line));
    };
    let (name, value) = rest.split_once(':').unwrap_or((rest, ""));
    name.starts_with("EXT").then_some(Line::Tag(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_lines_are_left_out_and_counted() {
        let text = "\u{feff}#EXTM3U\r\n\r\n# a\n#EXT-X-A\r\n#EXT-X-B:1:2\n http://h/x \n";
        let found: Vec<_> = lines(text).unwrap().collect();
        let expected = [
            (4, Line::Tag("EXT-X-A", "")),
            (5, Line::Tag("EXT-X-B", "1:2")),
            (6, Line::Uri("http://h/x")),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn another_file_is_refused_at_its_first_line() {
        for text in ["", "<html>", "\n#EXTM3U"] {
            assert_eq!(lines(text).err().map(|error| error.line), Some(1));
        }
    }
}
