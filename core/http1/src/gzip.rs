/// What the `Accept-Encoding` fields of a request say of gzip (RFC 9110 section 12.5.3).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gzip {
    named: Option<bool>,
    any: Option<bool>,
}

impl Gzip {
    /// Takes one field's list.
    pub(crate) fn read(&mut self, list: &str) {
        for item in list.split(',') {
            let mut parts = item.split(';');
            let coding = parts.next().unwrap_or_default().trim_ascii();
            let accepted = !parts.any(is_zero_weight);
            if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
                self.named = Some(accepted);
            } else if coding == "*" {
                self.any = Some(accepted);
            }
        }
    }

    /// Whether a gzip body may be sent; what names gzip counts before the wildcard.
    pub(crate) fn accepted(self) -> bool {
        self.named.or(self.any).unwrap_or(false)
    }
}

/// Whether a parameter is `q=0`, `q=0.0` and the like.
fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let value = value.trim_ascii();
    name.trim_ascii().eq_ignore_ascii_case("q")
        && value.starts_with('0')
        && value.bytes().all(|b| b == b'0' || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_accepted_when_named_or_covered_and_not_weighted_to_zero() {
        for (list, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("x-gzip", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0, gzip", true),
            ("identity", false),
            ("", false),
        ] {
            let mut gzip = Gzip::default();
            gzip.read(list);
            assert_eq!(gzip.accepted(), expected, "{list}");
        }
    }
}
