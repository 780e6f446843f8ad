/// Rust source with code and comments told apart. Both texts have the lines and columns of the
/// original; what is not theirs is blank.
#[derive(Debug)]
pub struct Masked {
    /// The code; of literals only the quotes are left.
    pub code: String,
    /// The text of comments, with their slashes.
    pub comments: String,
}

impl Masked {
    /// Scans a source file. Text that is not Rust gives some result, never a panic.
    pub fn new(source: &str) -> Self {
        let mut scanner = Scanner { chars: source.chars().collect(), at: 0, masked: Self::empty() };
        while let Some(current) = scanner.peek(0) {
            scanner.step(current);
        }
        scanner.masked
    }

    fn empty() -> Self {
        Self { code: String::new(), comments: String::new() }
    }
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    masked: Masked,
}

#[derive(Clone, Copy)]
enum To {
    Code,
    Comments,
    Neither,
}

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn step(&mut self, current: char) {
        match (current, self.peek(1)) {
            ('/', Some('/')) => self.line_comment(),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            _ if current == '_' || current.is_alphanumeric() => self.word(),
            _ => self.take(1, To::Code),
        }
    }

    fn take(&mut self, count: usize, to: To) {
        for _ in 0..count {
            let Some(current) = self.peek(0) else { return };
            self.at += 1;
            let blank = if current == '\n' { '\n' } else { ' ' };
            let (code, comment) = match to {
                To::Code => (current, blank),
                To::Comments => (blank, current),
                To::Neither => (blank, blank),
            };
            self.masked.code.push(code);
            self.masked.comments.push(comment);
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|current| current != '\n') {
            self.take(1, To::Comments);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while self.peek(0).is_some() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.take(2, To::Comments);
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.take(2, To::Comments);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.take(1, To::Comments),
            }
        }
    }

    fn string(&mut self) {
        self.take(1, To::Code);
        while let Some(current) = self.peek(0) {
            match current {
                '\\' => self.take(2, To::Neither),
                '"' => return self.take(1, To::Code),
                _ => self.take(1, To::Neither),
            }
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        self.take(hashes + 1, To::Code);
        while let Some(current) = self.peek(0) {
            if current == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                return self.take(hashes + 1, To::Code);
            }
            self.take(1, To::Neither);
        }
    }

    /// A character, or the start of a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == Some('\\') {
            self.take(1, To::Code);
            self.take(2, To::Neither);
            while self.peek(0).is_some_and(|current| current != '\'') {
                self.take(1, To::Neither);
            }
            self.take(1, To::Code);
        } else if self.peek(2) == Some('\'') {
            self.take(1, To::Code);
            self.take(1, To::Neither);
            self.take(1, To::Code);
        } else {
            self.take(1, To::Code);
        }
    }

    /// An identifier or number, or the prefix of a literal.
    fn word(&mut self) {
        let mut word = String::new();
        while let Some(current) = self.peek(0) {
            if current != '_' && !current.is_alphanumeric() {
                break;
            }
            word.push(current);
            self.take(1, To::Code);
        }
        if !matches!(word.as_str(), "r" | "br" | "cr") {
            return;
        }
        let rest = self.chars[self.at..].iter();
        let hashes = rest.take_while(|current| **current == '#').count();
        if self.peek(hashes) == Some('"') {
            self.raw_string(hashes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_leave_the_code() {
        let masked = Masked::new(
            "a(\"std::fs\"); // std::fs\n/* x /* std::fs */ y */ b('\"', \"\\\"std::fs\");",
        );
        assert!(!masked.code.contains("fs"));
        assert!(masked.code.contains("a(\"") && masked.code.contains("b('"));
        assert!(masked.comments.contains("// std::fs") && masked.comments.contains(" y */"));
    }

    #[test]
    fn raw_strings_end_at_their_own_number_of_hashes() {
        let masked = Masked::new("f(r#\"one \" // two\"#); g(br\"{\"); let r#fn = 1;");
        assert!(!masked.code.contains("two") && !masked.code.contains('{'));
        assert!(masked.code.contains("g(br") && masked.code.contains("let r#fn"));
        assert!(masked.comments.trim().is_empty());
    }

    #[test]
    fn lifetimes_are_not_characters() {
        let masked = Masked::new("fn f<'a>(x: &'a str) { m('{', '\\'', '\\u{7d}', b'}') } // é");
        assert_eq!(masked.code.matches('{').count(), 1);
        assert_eq!(masked.code.matches('}').count(), 1);
        assert!(masked.code.contains("<'a>(x: &'a str)"));
    }

    #[test]
    fn lines_stay_where_they_are() {
        let source = "a\n\"b\nc\"\n/* d\n*/ e\n";
        let masked = Masked::new(source);
        assert_eq!(masked.code.lines().count(), source.lines().count());
        assert!(masked.code.lines().nth(4).is_some_and(|line| line.trim() == "e"));
    }
}
