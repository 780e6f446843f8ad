//! AMF0, the value encoding of RTMP commands and FLV script data.
//!
//! Reading is bounded: [`MAX_DEPTH`], [`MAX_ELEMENTS`], [`MAX_STRING`] and [`MAX_BYTES`] hold for every
//! value, so a hostile peer decides neither the stack nor the memory that a value takes.
//!
//! Source: Action Message Format, AMF 0 (Adobe, 2007).

mod read;
mod write;

pub use read::read;
pub use write::{write, write_object, write_string};

/// How many objects and arrays may lie inside one another.
pub const MAX_DEPTH: usize = 16;
/// The most values that one value holds, itself and all nested ones counted.
pub const MAX_ELEMENTS: usize = 4096;
/// The longest string or property name, in bytes as coded.
pub const MAX_STRING: usize = 65_535;
/// The most bytes that one value takes on the wire.
pub const MAX_BYTES: usize = 256 * 1024;

/// One AMF0 value.
///
/// Strings that are not UTF-8 are read with replacement characters. What AMF0 has and no RTMP peer
/// needs is folded: a reference and the `unsupported` marker read as [`Value::Undefined`], an XML
/// document as a [`Value::String`], a typed object as an [`Value::Object`] without its class name.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A double. All numbers of AMF0 are doubles.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A string, short or long on the wire.
    String(String),
    /// Named properties in the order of the wire; names may repeat.
    Object(Vec<(String, Value)>),
    /// Named properties, announced as an array.
    EcmaArray(Vec<(String, Value)>),
    /// Values without names.
    StrictArray(Vec<Value>),
    /// Milliseconds since 1970-01-01 UTC.
    Date(f64),
    /// No object.
    Null,
    /// No value.
    Undefined,
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// The number, for a number.
    pub const fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The truth value, for a boolean.
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Boolean(value) = self { Some(*value) } else { None }
    }

    /// The text, for a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The properties of an object or an ECMA array; none for any other value.
    ///
    /// Peers use the two for each other, so a reader never asks which one it is.
    pub fn properties(&self) -> &[(String, Self)] {
        match self {
            Self::Object(properties) | Self::EcmaArray(properties) => properties,
            _ => &[],
        }
    }

    /// The first property with this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.properties().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// Why bytes are not an AMF0 value: the peer that coded them is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end inside a value.
    #[error("the peer's AMF0 value is cut off")]
    UnexpectedEnd,
    /// More than [`MAX_DEPTH`] objects and arrays lie inside one another.
    #[error("the peer's AMF0 value is nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// The value holds more than [`MAX_ELEMENTS`] values.
    #[error("the peer's AMF0 value holds more than {MAX_ELEMENTS} values")]
    TooManyElements,
    /// A string or property name is longer than [`MAX_STRING`].
    #[error("the peer's AMF0 value holds a string of {0} bytes; the limit is {MAX_STRING}")]
    StringTooLong(usize),
    /// The value is longer than [`MAX_BYTES`].
    #[error("the peer's AMF0 value is longer than {MAX_BYTES} bytes")]
    TooLarge,
    /// A type marker that AMF0 does not define or that cannot be skipped, such as AMF3 (17).
    #[error("the peer's AMF0 value has the unknown type marker {0}")]
    UnknownMarker(u8),
}

/// The type markers (AMF 0, section 2.1).
mod marker {
    pub(super) const NUMBER: u8 = 0;
    pub(super) const BOOLEAN: u8 = 1;
    pub(super) const STRING: u8 = 2;
    pub(super) const OBJECT: u8 = 3;
    pub(super) const NULL: u8 = 5;
    pub(super) const UNDEFINED: u8 = 6;
    pub(super) const REFERENCE: u8 = 7;
    pub(super) const ECMA_ARRAY: u8 = 8;
    pub(super) const OBJECT_END: u8 = 9;
    pub(super) const STRICT_ARRAY: u8 = 10;
    pub(super) const DATE: u8 = 11;
    pub(super) const LONG_STRING: u8 = 12;
    pub(super) const UNSUPPORTED: u8 = 13;
    pub(super) const XML_DOCUMENT: u8 = 15;
    pub(super) const TYPED_OBJECT: u8 = 16;
}

#[cfg(test)]
mod tests;
