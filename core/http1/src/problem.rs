use crate::{Cors, HeaderError, Status, response::ResponseHead};

/// What stands before the slug in a problem's `type`. The URI is a name, not an address.
pub const PROBLEM_TYPE_PREFIX: &str = "urn:shardcast:problem:";

/// A problem document (RFC 9457, `application/problem+json`): `type` is [`PROBLEM_TYPE_PREFIX`] and
/// `slug`, `title` the status's reason phrase, `detail` a sentence that a person can act on.
pub fn problem(status: Status, slug: &str, detail: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + slug.len() + detail.len());
    out.extend_from_slice(b"{\"type\":\"");
    escape(&mut out, PROBLEM_TYPE_PREFIX);
    escape(&mut out, slug);
    out.extend_from_slice(b"\",\"title\":\"");
    escape(&mut out, status.reason());
    out.extend_from_slice(b"\",\"status\":");
    out.extend_from_slice(status.code().to_string().as_bytes());
    out.extend_from_slice(b",\"detail\":\"");
    escape(&mut out, detail);
    out.extend_from_slice(b"\"}");
    out
}

/// A refusal of a route (404, 403, 503), to be sent as a problem document.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The response's status.
    pub status: Status,
    /// The stable name of the kind of problem.
    pub slug: &'a str,
    /// What happened and what to do.
    pub detail: &'a str,
}

impl Problem<'_> {
    /// Appends the whole response to `out`, with the date of [`crate::http_date`]. `body` is false in an answer to HEAD.
    pub fn write_response(
        &self,
        out: &mut Vec<u8>,
        date: &[u8; 29],
        cors: Cors<'_>,
        keep_alive: bool,
        body: bool,
    ) -> Result<(), HeaderError> {
        let document = problem(self.status, self.slug, self.detail);
        ResponseHead::problem(out, self.status, document.len() as u64, cors)
            .date(date)
            .keep_alive(keep_alive)
            .finish()?;
        if body {
            out.extend_from_slice(&document);
        }
        Ok(())
    }
}

fn escape(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CorsPolicy;

    #[test]
    fn a_problem_document_has_the_four_members() {
        let body = problem(Status::NotFound, "no-such-stream", "there is no stream \"a\\b\"\n");
        assert_eq!(
            String::from_utf8(body).unwrap(),
            "{\"type\":\"urn:shardcast:problem:no-such-stream\",\"title\":\"Not Found\",\
             \"status\":404,\"detail\":\"there is no stream \\\"a\\\\b\\\"\\u000a\"}"
        );
    }

    #[test]
    fn a_problem_response_announces_the_body_even_when_it_is_left_out() {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        let cors = CorsPolicy::Any.decide(None);
        let refusal = Problem { status: Status::NotFound, slug: "x", detail: "y" };
        refusal.write_response(&mut with, &crate::http_date(0), cors, true, true).unwrap();
        refusal.write_response(&mut without, &crate::http_date(0), cors, true, false).unwrap();
        assert_eq!(with, [without, problem(Status::NotFound, "x", "y")].concat());
    }
}
