//! A plain HTTP/1.1 client that sends what it is told and reads what comes.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::tcp;

/// How long a read may wait: longer than any blocking reload.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest response body that is taken, in bytes.
const MAX_BODY: u64 = 64 << 20;
/// The most header fields of a response.
const MAX_FIELDS: usize = 100;

/// Characters of a body that messages show.
const SHOWN_BODY: usize = 400;

/// A response.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields in order, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} ", self.status, self.fields)?;
        f.write_str(&self.text().chars().take(SHOWN_BODY).collect::<String>())
    }
}

impl Response {
    /// The value of the first field of this name (in lower case).
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }
}

/// A connection that is kept.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Client {
    /// Connects to a port of this machine.
    pub fn connect(port: u16) -> io::Result<Self> {
        Self::on(tcp::connect(port)?, port)
    }

    /// The same from another of this machine's loopback addresses, such as 127.0.0.2.
    pub fn connect_from(source: Ipv4Addr, port: u16) -> io::Result<Self> {
        Self::on(tcp::connect_from(source, port)?, port)
    }

    /// The same with a receive buffer of a few kilobytes, which is full soon after reading stops.
    pub fn connect_narrow(port: u16) -> io::Result<Self> {
        Self::on(tcp::connect_narrow(port)?, port)
    }

    fn on(stream: TcpStream, port: u16) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), host: format!("127.0.0.1:{port}") })
    }

    /// Sends these bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request without a body; `fields` are whole lines such as `Range: bytes=0-1`.
    pub fn send(&mut self, method: &str, target: &str, fields: &[&str]) -> io::Result<()> {
        let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.host);
        for field in fields {
            text.push_str(field);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        self.send_raw(text.as_bytes())
    }

    /// Reads the response to a request of this method.
    pub fn receive(&mut self, method: &str) -> io::Result<Response> {
        let mut response = self.receive_head()?;
        let bodiless = method == "HEAD" || matches!(response.status, 100..=199 | 204 | 304);
        if bodiless {
            return Ok(response);
        }
        if response.field("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            response.body = self.chunks()?;
            return Ok(response);
        }
        let length = response.field("content-length").map(str::parse::<u64>);
        let mut reader = (&mut self.stream).take(MAX_BODY);
        match length {
            Some(Ok(length)) if length <= MAX_BODY => {
                response.body = vec![0; length as usize];
                reader.read_exact(&mut response.body)?;
            }
            Some(_) => return Err(io::Error::other("a bad Content-Length")),
            None => drop(reader.read_to_end(&mut response.body)?),
        }
        Ok(response)
    }

    /// Reads the head of a response and leaves its body.
    pub fn receive_head(&mut self) -> io::Result<Response> {
        let line = self.line()?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {line:?}")))?;
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(Response { status, fields, body: Vec::new() });
            }
            let (name, value) =
                line.split_once(':').ok_or_else(|| io::Error::other(line.clone()))?;
            fields.push((name.to_lowercase(), value.trim().to_owned()));
            if fields.len() > MAX_FIELDS {
                return Err(io::Error::other("too many header fields"));
            }
        }
    }

    /// A whole exchange.
    pub fn request(&mut self, method: &str, target: &str, fields: &[&str]) -> io::Result<Response> {
        self.send(method, target, fields)?;
        self.receive(method)
    }

    /// A whole exchange with GET.
    pub fn get(&mut self, target: &str) -> io::Result<Response> {
        self.request("GET", target, &[])
    }

    /// Reads some bytes of a body of unknown length; 0 at its end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }

    /// Fills the whole buffer.
    pub fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.stream.read_exact(buffer)
    }

    /// Whether the other side closes within this time, whatever it sends before.
    pub fn is_closed_within(&mut self, limit: Duration) -> bool {
        let start = std::time::Instant::now();
        let mut buffer = [0; 4096];
        while let Some(left) = limit.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            self.stream.get_ref().set_read_timeout(Some(left)).expect("a positive time-out");
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => return true,
            }
        }
        false
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let count = (&mut self.stream).take(16 << 10).read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(text) => Ok(text.to_owned()),
            None if count == 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            None => Err(io::Error::other(format!("a line without an end: {line:?}"))),
        }
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = u64::from_str_radix(&line, 16).map_err(io::Error::other)?;
            if size == 0 {
                self.line()?;
                return Ok(body);
            }
            if body.len() as u64 + size > MAX_BODY {
                return Err(io::Error::other("the body is too long"));
            }
            (&mut self.stream).take(size).read_to_end(&mut body)?;
            self.line()?;
        }
    }
}

/// One GET on a connection of its own.
pub fn try_get(port: u16, target: &str) -> io::Result<Response> {
    Client::connect(port)?.get(target)
}

/// A request with a body of JSON and a token, on a connection of its own.
#[track_caller]
pub fn send(
    method: &str,
    port: u16,
    target: &str,
    token: Option<&str>,
    body: &serde_json::Value,
) -> Response {
    let body = body.to_string();
    let mut fields = vec![
        format!("Content-Length: {}", body.len()),
        "Content-Type: application/json".to_owned(),
    ];
    fields.extend(token.map(|token| format!("Authorization: Bearer {token}")));
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let exchange = || {
        let mut client = Client::connect(port)?;
        client.send(method, target, &fields)?;
        client.send_raw(body.as_bytes())?;
        client.receive(method)
    };
    exchange().unwrap_or_else(|error| panic!("{method} {target} on port {port}: {error}"))
}

/// The same with POST.
#[track_caller]
pub fn post(port: u16, target: &str, token: Option<&str>, body: &serde_json::Value) -> Response {
    send("POST", port, target, token, body)
}

/// The same with GET and without a body.
#[track_caller]
pub fn get_as(port: u16, target: &str, token: &str) -> Response {
    let field = format!("Authorization: Bearer {token}");
    let answer =
        Client::connect(port).and_then(|mut client| client.request("GET", target, &[&field]));
    answer.unwrap_or_else(|error| panic!("GET {target} on port {port}: {error}"))
}

/// One GET; panics when there is no answer.
#[track_caller]
pub fn get(port: u16, target: &str) -> Response {
    try_get(port, target).unwrap_or_else(|error| panic!("GET {target} on port {port}: {error}"))
}
