use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::dotenv::{MAX_NAMES, MAX_TEXT};
use crate::source::{Entry, Given};
use crate::{Layer, Problem, Source};

/// Reads the text of `shardcast.toml`: settings at the top level under their lower-case names, lists
/// as arrays, `jwt_role_map` as a table if you like.
pub fn parse_toml(text: &str) -> Layer {
    let mut layer = Layer::default();
    if text.len() > MAX_TEXT {
        let why = format!("larger than {MAX_TEXT} bytes");
        layer.problems.push(Problem::in_file(Source::Toml { line: 0 }, &why));
        return layer;
    }
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            layer.problems.push(Problem::in_file(Source::Toml { line }, error.message()));
            return layer;
        }
    };
    if table.len() > MAX_NAMES {
        let why = format!("more than {MAX_NAMES} keys");
        layer.problems.push(Problem::in_file(Source::Toml { line: 0 }, &why));
        return layer;
    }
    for (key, value) in table {
        let line = line_of(text, key.span().start);
        let key = key.into_inner().into_owned();
        if key.contains(char::is_uppercase) {
            let why = format!("keys are in lower case: {}", key.to_lowercase());
            layer.problems.push(Problem::at(&key, Source::Toml { line }, &why));
            continue;
        }
        match given(value.into_inner()) {
            Ok(given) => {
                layer.entries.insert(key.to_ascii_uppercase(), Entry { given, line });
            }
            Err(why) => layer.problems.push(Problem::at(&key, Source::Toml { line }, why)),
        }
    }
    layer
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.get(..offset).unwrap_or_default().matches('\n').count()
}

fn given(value: DeValue<'_>) -> Result<Given, &'static str> {
    match value {
        DeValue::Array(items) => list(items).map(Given::List),
        DeValue::Table(table) => {
            let pair =
                |(key, value): (Spanned<std::borrow::Cow<'_, str>>, Spanned<DeValue<'_>>)| {
                    scalar(value.into_inner()).map(|value| format!("{}={value}", key.into_inner()))
                };
            table.into_iter().map(pair).collect::<Result<_, _>>().map(Given::List)
        }
        other => scalar(other).map(Given::Text),
    }
}

fn list(items: DeArray<'_>) -> Result<Vec<String>, &'static str> {
    items.into_iter().map(|item| scalar(item.into_inner())).collect()
}

fn scalar(value: DeValue<'_>) -> Result<String, &'static str> {
    match value {
        DeValue::String(text) => Ok(text.into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Integer(_) => Err("write the number in decimal"),
        DeValue::Float(number) => Ok(number.as_str().to_owned()),
        DeValue::Boolean(value) => Ok(value.to_string()),
        DeValue::Datetime(_) => Err("no setting takes a date"),
        DeValue::Array(_) => Err("no setting takes a list of lists"),
        DeValue::Table(_) => Err("no setting takes a table in a table or list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_keep_their_text_and_their_line() {
        let layer = parse_toml(
            "# ours\nrtmp_port = 1_935\ntls_self_signed = true\ncors_origins = [\n  \"a\",\n  \"b\",\n]\n\
             [jwt_role_map]\nboss = \"admin\"\n",
        );
        let shown = |name: &str| (layer.entries[name].given.shown(), layer.entries[name].line);
        assert_eq!(shown("RTMP_PORT"), ("1935".into(), 2));
        assert_eq!(shown("TLS_SELF_SIGNED"), ("true".into(), 3));
        assert_eq!(shown("CORS_ORIGINS"), ("a,b".into(), 4));
        assert_eq!(shown("JWT_ROLE_MAP"), ("boss=admin".into(), 8));
        assert!(layer.problems.is_empty());
    }

    #[test]
    fn broken_text_is_one_problem_with_its_line() {
        let layer = parse_toml("rtmp_port = 1935\nhttp_port = = 3\n");
        assert_eq!(layer.problems.len(), 1);
        assert!(layer.problems[0].text.starts_with("shardcast.toml line 2: "));
        assert!(!layer.problems[0].text.contains('\n'));
    }

    #[test]
    fn dates_and_nested_lists_are_refused() {
        let layer = parse_toml("a = 2024-01-01\nb = [[1]]\n");
        assert_eq!(layer.problems[0].text, "a (shardcast.toml line 1): no setting takes a date");
        assert_eq!(layer.problems.len(), 2);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"([a-z_]{1,4}|[ =#'"\\\n\[\]{}.,0-9-]|\PC){0,60}"#) {
            parse_toml(&text);
        }
    }
}
