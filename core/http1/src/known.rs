use crate::{
    Body, HttpError, Limits, RangeSpec, Version, gzip::Gzip, request::Upgrade, target::is_host,
};

/// The longest name among the fields that are understood here.
const MAX_NAME: usize = "transfer-encoding".len();

/// What the header fields say that every request is judged by.
#[derive(Default)]
pub(crate) struct Known<'b> {
    pub(crate) host: Option<&'b str>,
    pub(crate) origin: Option<&'b str>,
    pub(crate) forwarded: Option<&'b str>,
    pub(crate) x_forwarded_for: Option<&'b str>,
    pub(crate) upgrade: Upgrade,
    range: Option<&'b str>,
    gzip: Gzip,
    close: bool,
    keep_alive: bool,
    length: Option<u64>,
    chunked: bool,
    expects_continue: bool,
}

impl<'b> Known<'b> {
    pub(crate) fn read(headers: &[httparse::Header<'b>]) -> Result<Self, HttpError> {
        let mut known = Self::default();
        for header in headers {
            let mut lower = [0; MAX_NAME];
            let Some(lower) = lower.get_mut(..header.name.len()) else { continue };
            lower.copy_from_slice(header.name.as_bytes());
            lower.make_ascii_lowercase();
            known.field(lower, header.value)?;
        }
        Ok(known)
    }

    fn field(&mut self, name: &[u8], value: &'b [u8]) -> Result<(), HttpError> {
        match name {
            b"host" => {
                let host = std::str::from_utf8(value).ok().filter(|host| is_host(host));
                if self.host.is_some() || host.is_none() {
                    return Err(HttpError::Host);
                }
                self.host = host;
            }
            b"origin" => once(&mut self.origin, text(value)?, "Origin")?,
            b"range" => once(&mut self.range, text(value)?, "Range")?,
            b"forwarded" => self.forwarded = Some(text(value)?),
            b"x-forwarded-for" => self.x_forwarded_for = Some(text(value)?),
            b"accept-encoding" => self.gzip.read(text(value)?),
            b"connection" => self.connection(text(value)?),
            b"upgrade" => {
                let mut protocols = text(value)?.split(',');
                self.upgrade.websocket |= protocols.any(|p| is_token(p, "websocket"));
            }
            b"content-length" => self.content_length(value)?,
            b"transfer-encoding" => self.transfer_encoding(text(value)?)?,
            b"expect" => {
                if !is_token(text(value)?, "100-continue") {
                    return Err(HttpError::Expectation);
                }
                self.expects_continue = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn connection(&mut self, value: &str) {
        for option in value.split(',') {
            self.close |= is_token(option, "close");
            self.keep_alive |= is_token(option, "keep-alive");
            self.upgrade.connection |= is_token(option, "upgrade");
        }
    }

    /// Digits only; the same length again is harmless, another one is not (RFC 9112 section 6.3).
    fn content_length(&mut self, value: &[u8]) -> Result<(), HttpError> {
        if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
            return Err(HttpError::BodyFraming("Content-Length is a decimal number"));
        }
        let length = text(value)?.parse().unwrap_or(u64::MAX);
        if self.length.replace(length).is_some_and(|before| before != length) {
            return Err(HttpError::BodyFraming("the Content-Length fields differ"));
        }
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &str) -> Result<(), HttpError> {
        if !is_token(value, "chunked") {
            return Err(HttpError::TransferCoding);
        }
        if self.chunked {
            return Err(HttpError::BodyFraming("a body is chunked at most once"));
        }
        self.chunked = true;
        Ok(())
    }

    /// How the body is framed (RFC 9112 section 6.3). Chunked together with a length, or from an
    /// HTTP/1.0 client, is how requests are smuggled.
    pub(crate) fn body(&self, version: Version, limits: &Limits) -> Result<Body, HttpError> {
        match (self.chunked, self.length) {
            (true, Some(_)) => {
                Err(HttpError::BodyFraming("send Content-Length or Transfer-Encoding, not both"))
            }
            (true, None) if version == Version::Http10 => {
                Err(HttpError::BodyFraming("HTTP/1.0 has no Transfer-Encoding"))
            }
            (true, None) => Ok(Body::Chunked),
            (false, None | Some(0)) => Ok(Body::None),
            (false, Some(length)) if length > limits.body_bytes => {
                Err(HttpError::BodyTooLarge { limit: limits.body_bytes })
            }
            (false, Some(length)) => Ok(Body::Length(length)),
        }
    }

    pub(crate) fn keeps_alive(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.keep_alive)
    }

    pub(crate) fn expects_continue(&self, version: Version) -> bool {
        self.expects_continue && version == Version::Http11
    }

    pub(crate) fn accepts_gzip(&self) -> bool {
        self.gzip.accepted()
    }

    pub(crate) fn range(&self) -> Option<RangeSpec> {
        RangeSpec::parse(self.range?)
    }
}

fn once<'b>(
    slot: &mut Option<&'b str>,
    value: &'b str,
    name: &'static str,
) -> Result<(), HttpError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(HttpError::Repeated(name)),
    }
}

fn text(value: &[u8]) -> Result<&str, HttpError> {
    std::str::from_utf8(value).map_err(|_| HttpError::Malformed("a header field is not UTF-8"))
}

fn is_token(value: &str, token: &str) -> bool {
    value.trim_ascii().eq_ignore_ascii_case(token)
}
