use crate::Masked;

/// A function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from `fn` to the closing brace.
    pub lines: usize,
}

/// The functions of masked code, by line. Braces are matched, so nested functions are listed too.
pub fn functions(masked: &Masked) -> Vec<Function> {
    let code: Vec<char> = masked.code.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    let mut line = 1;
    while at < code.len() {
        if code[at] == '\n' {
            line += 1;
        }
        if let Some(name) = function_name(&code, at)
            && let Some(lines) = body_lines(&code[at..])
        {
            found.push(Function { name, line, lines });
        }
        at += 1;
    }
    found
}

/// The name of the function whose `fn` stands here; `None` for the type `fn(...)` and other words.
fn function_name(code: &[char], at: usize) -> Option<String> {
    let word = |c: &char| *c == '_' || *c == '#' || c.is_alphanumeric();
    let starts = at == 0 || !word(&code[at - 1]);
    if !starts || !code[at..].starts_with(&['f', 'n']) || !code.get(at + 2)?.is_whitespace() {
        return None;
    }
    let rest = code[at + 2..].iter().skip_while(|c| c.is_whitespace());
    let name: String = rest.take_while(|c| word(c)).collect();
    (!name.is_empty()).then_some(name)
}

/// The lines up to the end of the body; `None` when a declaration ends without one.
fn body_lines(code: &[char]) -> Option<usize> {
    let (mut lines, mut braces, mut others) = (1, 0_usize, 0_i32);
    for current in code {
        match current {
            '\n' => lines += 1,
            '(' | '[' => others += 1,
            ')' | ']' => others -= 1,
            ';' if braces == 0 && others == 0 => return None,
            '{' => braces += 1,
            '}' if braces <= 1 => return Some(lines),
            '}' => braces -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Vec<(String, usize, usize)> {
        let found = functions(&Masked::new(source));
        found.into_iter().map(|one| (one.name, one.line, one.lines)).collect()
    }

    #[test]
    fn a_function_ends_at_its_own_brace() {
        let source = "fn a(x: [u8; 2]) {\n  if x { \"}\" } // }\n  '}'\n}\nfn b() {}\n";
        assert_eq!(of(source), [("a".to_owned(), 1, 4), ("b".to_owned(), 5, 1)]);
    }

    #[test]
    fn declarations_and_function_types_have_no_body() {
        let source = "trait T { fn a(&self, f: fn(u8) -> u8);\n fn b(&self) -> u8 {\n 1 }\n}";
        assert_eq!(of(source), [("b".to_owned(), 2, 2)]);
    }

    #[test]
    fn nested_functions_are_counted_by_themselves() {
        let source = "fn outer()\nwhere\n u8: Copy,\n{\n fn inner() {\n }\n}";
        assert_eq!(of(source), [("outer".to_owned(), 1, 7), ("inner".to_owned(), 5, 2)]);
    }
}
