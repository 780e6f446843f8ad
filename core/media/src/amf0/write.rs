use super::{Value, marker};

/// Appends one value.
///
/// A property name over 65,535 bytes is cut at a character's end, as its length field allows no more.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Number(number) => {
            out.push(marker::NUMBER);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Boolean(value) => out.extend_from_slice(&[marker::BOOLEAN, u8::from(*value)]),
        Value::String(text) => write_string(text, out),
        Value::Object(properties) => {
            out.push(marker::OBJECT);
            write_properties(properties.iter().map(|(name, value)| (name.as_str(), value)), out);
        }
        Value::EcmaArray(properties) => {
            out.push(marker::ECMA_ARRAY);
            out.extend_from_slice(&(properties.len() as u32).to_be_bytes());
            write_properties(properties.iter().map(|(name, value)| (name.as_str(), value)), out);
        }
        Value::StrictArray(values) => {
            out.push(marker::STRICT_ARRAY);
            out.extend_from_slice(&(values.len() as u32).to_be_bytes());
            for value in values {
                write(value, out);
            }
        }
        Value::Date(date) => {
            out.push(marker::DATE);
            out.extend_from_slice(&date.to_be_bytes());
            out.extend_from_slice(&[0, 0]);
        }
        Value::Null => out.push(marker::NULL),
        Value::Undefined => out.push(marker::UNDEFINED),
    }
}

/// Appends a string value, without the `String` that a [`Value`] takes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    if let Ok(length) = u16::try_from(text.len()) {
        out.push(marker::STRING);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(marker::LONG_STRING);
        out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    }
    out.extend_from_slice(text.as_bytes());
}

/// Appends an object with names that are literals, without the `String` that a [`Value`] takes for each.
pub fn write_object(properties: &[(&str, Value)], out: &mut Vec<u8>) {
    out.push(marker::OBJECT);
    write_properties(properties.iter().map(|(name, value)| (*name, value)), out);
}

fn write_properties<'a>(properties: impl Iterator<Item = (&'a str, &'a Value)>, out: &mut Vec<u8>) {
    for (name, value) in properties {
        let name = &name[..name.floor_char_boundary(usize::from(u16::MAX))];
        out.extend_from_slice(&(name.len() as u16).to_be_bytes());
        out.extend_from_slice(name.as_bytes());
        write(value, out);
    }
    out.extend_from_slice(&[0, 0, marker::OBJECT_END]);
}
