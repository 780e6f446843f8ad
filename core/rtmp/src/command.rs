use media::amf0::{self, Value};

use crate::Error;

/// A command message (RTMP, section 7.2): a call, or the answer to one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    pub(crate) name: String,
    /// Pairs an answer with its call; 0 when none is wanted.
    pub(crate) transaction: f64,
    pub(crate) object: Value,
    pub(crate) arguments: Vec<Value>,
}

/// Arguments beyond these are not read; no command has so many.
const MAX_ARGUMENTS: usize = 16;

impl Command {
    /// From a message's AMF0.
    pub(crate) fn parse(mut body: &[u8]) -> Result<Self, Error> {
        let Value::String(name) = amf0::read(&mut body)? else {
            return Err(Error::NamelessCommand);
        };
        let mut values = Vec::new();
        while !body.is_empty() && values.len() < 2 + MAX_ARGUMENTS {
            match amf0::read(&mut body) {
                Ok(value) => values.push(value),
                // AMF3 from here on, which has no value that we need.
                Err(amf0::Error::UnknownMarker(17)) => break,
                Err(error) => return Err(error.into()),
            }
        }
        let mut values = values.into_iter();
        Ok(Self {
            name,
            transaction: values.next().and_then(|value| value.as_number()).unwrap_or(0.0),
            object: values.next().unwrap_or(Value::Null),
            arguments: values.collect(),
        })
    }

    /// The text at this place among the arguments.
    pub(crate) fn text(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).and_then(Value::as_str)
    }

    /// The number at this place among the arguments.
    pub(crate) fn number(&self, index: usize) -> Option<f64> {
        self.arguments.get(index).and_then(Value::as_number)
    }

    /// The truth value at this place among the arguments.
    pub(crate) fn flag(&self, index: usize) -> Option<bool> {
        self.arguments.get(index).and_then(Value::as_bool)
    }
}

/// The body of a command message.
pub(crate) fn command(name: &str, transaction: f64, values: &[Value]) -> Vec<u8> {
    let mut body = Vec::new();
    amf0::write_string(name, &mut body);
    amf0::write(&Value::Number(transaction), &mut body);
    for value in values {
        amf0::write(value, &mut body);
    }
    body
}

/// What a status tells: progress, or the end of what the peer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Status,
    Error,
}

impl Level {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Error => "error",
        }
    }
}

/// The information object of `onStatus`, `_error` and the like (RTMP, section 7.2.2).
pub(crate) fn information(level: Level, code: &str, description: &str) -> Value {
    Value::Object(vec![
        ("level".into(), Value::string(level.name())),
        ("code".into(), Value::string(code)),
        ("description".into(), Value::string(description)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_a_round_trip() {
        let values = [Value::Null, Value::string("key"), Value::Boolean(true), Value::Number(7.0)];
        let parsed = Command::parse(&command("publish", 5.0, &values)).unwrap();
        assert_eq!((parsed.name.as_str(), parsed.transaction), ("publish", 5.0));
        assert_eq!(
            (parsed.text(0), parsed.flag(1), parsed.number(2)),
            (Some("key"), Some(true), Some(7.0))
        );
        assert_eq!((parsed.text(1), parsed.flag(9)), (None, None));
    }

    #[test]
    fn what_is_missing_at_the_end_is_nothing() {
        let mut body = Vec::new();
        amf0::write_string("close", &mut body);
        let parsed = Command::parse(&body).unwrap();
        assert_eq!(
            (parsed.transaction, parsed.object, parsed.arguments),
            (0.0, Value::Null, vec![])
        );
    }

    #[test]
    fn amf3_arguments_end_the_reading_and_broken_ones_are_errors() {
        let mut body = command("call", 2.0, &[Value::Null]);
        body.extend_from_slice(&[17, 1, 2, 3]);
        assert_eq!(Command::parse(&body).unwrap().arguments, []);
        let broken = command("call", 2.0, &[Value::string("abc")]);
        assert!(matches!(Command::parse(&broken[..broken.len() - 1]), Err(Error::BadCommand(_))));
        assert_eq!(Command::parse(&[5]), Err(Error::NamelessCommand));
    }

    #[test]
    fn arguments_are_bounded() {
        let parsed = Command::parse(&command("call", 2.0, &vec![Value::Null; 1000])).unwrap();
        assert_eq!(parsed.arguments.len(), MAX_ARGUMENTS);
    }
}
