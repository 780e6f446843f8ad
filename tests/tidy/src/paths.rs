use crate::Masked;

/// A path that the source names, such as `std::time::Instant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedPath {
    /// Its segments; `*` for a glob.
    pub segments: Vec<String>,
    /// Its line, from 1.
    pub line: usize,
}

impl UsedPath {
    /// Whether the path begins with these segments.
    pub fn begins(&self, with: &str) -> bool {
        let with: Vec<&str> = with.split("::").collect();
        self.segments.len() >= with.len() && self.segments.iter().zip(with).all(|(a, b)| a == b)
    }

    /// Whether these segments stand in it one after the other.
    pub fn contains(&self, part: &str) -> bool {
        let part: Vec<&str> = part.split("::").collect();
        self.segments
            .windows(part.len())
            .any(|window| window.iter().zip(&part).all(|(a, b)| a == b))
    }
}

impl std::fmt::Display for UsedPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.segments.join("::"))
    }
}

/// The paths in masked code: in expressions and types (of two segments or more), and every leaf of a
/// `use`, written out.
pub fn paths(masked: &Masked) -> Vec<UsedPath> {
    let tokens = tokens(&masked.code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let follows = tokens.get(at + 1).map(|token| &token.kind);
        match &tokens[at].kind {
            Kind::Word(word) if word == "use" && follows != Some(&Kind::Other('<')) => {
                at = tree(&tokens, at + 1, &[], &mut found);
            }
            Kind::Word(word) if word == "crate" && is_extern(&tokens, at) => {
                if let Some(Kind::Word(name)) = follows {
                    found.push(UsedPath { segments: vec![name.clone()], line: tokens[at].line });
                }
                at += 1;
            }
            Kind::Word(_) => at = plain(&tokens, at, &mut found),
            Kind::Join | Kind::Other(_) => at += 1,
        }
    }
    found
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    /// `::`
    Join,
    Other(char),
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    line: usize,
}

fn tokens(code: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut chars = code.chars().peekable();
    let mut line = 1;
    while let Some(current) = chars.next() {
        let kind = match current {
            '\n' => {
                line += 1;
                continue;
            }
            ':' if chars.next_if_eq(&':').is_some() => Kind::Join,
            _ if current.is_whitespace() => continue,
            _ if current == '_' || current.is_alphanumeric() => {
                let mut word = String::from(current);
                while let Some(next) = chars.next_if(|c| *c == '_' || c.is_alphanumeric()) {
                    word.push(next);
                }
                Kind::Word(word)
            }
            _ => Kind::Other(current),
        };
        found.push(Token { kind, line });
    }
    found
}

fn is_extern(tokens: &[Token], at: usize) -> bool {
    at > 0 && tokens[at - 1].kind == Kind::Word("extern".to_owned())
}

/// A path outside of `use`; returns the position after it.
fn plain(tokens: &[Token], mut at: usize, found: &mut Vec<UsedPath>) -> usize {
    let line = tokens[at].line;
    let mut segments = Vec::new();
    while let Some(Kind::Word(word)) = tokens.get(at).map(|token| &token.kind) {
        segments.push(word.clone());
        at += 1;
        if tokens.get(at).map(|token| &token.kind) != Some(&Kind::Join) {
            break;
        }
        at += 1;
    }
    if segments.len() > 1 {
        found.push(UsedPath { segments, line });
    }
    at
}

/// A tree of a `use` below `prefix`; returns the position after it.
fn tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<UsedPath>) -> usize {
    let mut segments = prefix.to_vec();
    let mut ended = false;
    while let Some(token) = tokens.get(at) {
        let line = token.line;
        match &token.kind {
            Kind::Word(word) if word == "as" => at += 1,
            Kind::Word(word) => segments.push(word.clone()),
            Kind::Other('*') => segments.push("*".to_owned()),
            Kind::Join => {}
            Kind::Other('{') => {
                at = branches(tokens, at + 1, &segments, found);
                ended = true;
                continue;
            }
            Kind::Other(_) => {
                if !ended && segments.len() > prefix.len() {
                    // What an import is called here is not where it comes from.
                    found.push(UsedPath { segments, line });
                }
                return at;
            }
        }
        at += 1;
    }
    at
}

fn branches(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<UsedPath>,
) -> usize {
    loop {
        at = tree(tokens, at, prefix, found);
        match tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Other(',')) => at += 1,
            _ => return at + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Vec<String> {
        paths(&Masked::new(source)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn use_trees_are_written_out() {
        let source = "use std::{fs, net::{self, IpAddr, TcpStream as T}, time::*};\nlet a = 1;";
        let whole = [
            "std::fs",
            "std::net::self",
            "std::net::IpAddr",
            "std::net::TcpStream",
            "std::time::*",
        ];
        assert_eq!(of(source), whole);
    }

    #[test]
    fn paths_in_code_are_found_and_single_names_are_not() {
        let source =
            "fn f(x: std::time::Duration) -> u8 { ::monoio::spawn(x); a.b; time::Instant::now() }";
        assert_eq!(of(source), ["std::time::Duration", "monoio::spawn", "time::Instant::now"]);
    }

    #[test]
    fn imports_of_whole_crates_are_found() {
        assert_eq!(
            of("use libc;\nextern crate monoio;\nuse ::tokio as t;"),
            ["libc", "monoio", "tokio"]
        );
        assert_eq!(of("fn f<'a>() -> impl Sized + use<'a> { x::y }"), ["x::y"]);
    }

    #[test]
    fn lines_are_those_of_the_source() {
        let found = paths(&Masked::new("\nuse a::{\n b,\n c,\n};\n d::e;"));
        let lines: Vec<usize> = found.iter().map(|path| path.line).collect();
        assert_eq!(lines, [3, 4, 6]);
        assert!(found[0].begins("a::b") && !found[0].begins("a::c") && found[2].contains("e"));
    }
}
