use super::{Error, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, MAX_STRING, Value, marker};

/// Reads one value and moves `input` past it.
///
/// On an error `input` stays where it was. A value that reaches past [`MAX_BYTES`] is refused, however
/// much more `input` holds.
pub fn read(input: &mut &[u8]) -> Result<Value, Error> {
    let start = *input;
    let mut reader = Reader { left: &start[..start.len().min(MAX_BYTES)], elements: 0 };
    match reader.value(0) {
        Ok(value) => {
            let taken = start.len().min(MAX_BYTES) - reader.left.len();
            *input = &start[taken..];
            Ok(value)
        }
        Err(Error::UnexpectedEnd) if start.len() > MAX_BYTES => Err(Error::TooLarge),
        Err(error) => Err(error),
    }
}

struct Reader<'a> {
    left: &'a [u8],
    elements: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(Error::TooManyElements);
        }
        match self.u8()? {
            marker::NUMBER => Ok(Value::Number(self.f64()?)),
            marker::BOOLEAN => Ok(Value::Boolean(self.u8()? != 0)),
            marker::STRING => Ok(Value::String(self.short_string()?)),
            marker::OBJECT => Ok(Value::Object(self.properties(depth, None)?)),
            marker::NULL => Ok(Value::Null),
            marker::UNDEFINED | marker::UNSUPPORTED => Ok(Value::Undefined),
            marker::REFERENCE => self.u16().map(|_| Value::Undefined),
            marker::ECMA_ARRAY => {
                let announced = self.u32()?;
                Ok(Value::EcmaArray(self.properties(depth, Some(announced))?))
            }
            marker::STRICT_ARRAY => self.strict_array(depth),
            marker::DATE => {
                let date = self.f64()?;
                // The time zone is reserved and shall be 0 (section 2.13).
                self.u16()?;
                Ok(Value::Date(date))
            }
            marker::LONG_STRING | marker::XML_DOCUMENT => {
                let length = self.u32()? as usize;
                Ok(Value::String(self.text(length)?))
            }
            marker::TYPED_OBJECT => {
                self.short_string()?;
                Ok(Value::Object(self.properties(depth, None)?))
            }
            unknown => Err(Error::UnknownMarker(unknown)),
        }
    }

    /// Properties up to the end marker. Some encoders leave the marker out of an ECMA array at the end
    /// of a message; then the announced count decides.
    fn properties(
        &mut self,
        depth: usize,
        announced: Option<u32>,
    ) -> Result<Vec<(String, Value)>, Error> {
        if depth >= MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        let mut properties = Vec::new();
        loop {
            if self.left.is_empty() && announced.is_some_and(|n| properties.len() >= n as usize) {
                return Ok(properties);
            }
            if let [0, 0, marker::OBJECT_END, rest @ ..] = self.left {
                self.left = rest;
                return Ok(properties);
            }
            let name = self.short_string()?;
            let value = self.value(depth + 1)?;
            properties.push((name, value));
        }
    }

    fn strict_array(&mut self, depth: usize) -> Result<Value, Error> {
        if depth >= MAX_DEPTH {
            return Err(Error::TooDeep);
        }
        let announced = self.u32()? as usize;
        if announced > MAX_ELEMENTS {
            return Err(Error::TooManyElements);
        }
        let mut values = Vec::new();
        for _ in 0..announced {
            values.push(self.value(depth + 1)?);
        }
        Ok(Value::StrictArray(values))
    }

    fn short_string(&mut self) -> Result<String, Error> {
        let length = self.u16()? as usize;
        self.text(length)
    }

    fn text(&mut self, length: usize) -> Result<String, Error> {
        if length > MAX_STRING {
            return Err(Error::StringTooLong(length));
        }
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, left) = self.left.split_at_checked(length).ok_or(Error::UnexpectedEnd)?;
        self.left = left;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, left) = self.left.split_first_chunk().ok_or(Error::UnexpectedEnd)?;
        self.left = left;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, Error> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    fn f64(&mut self) -> Result<f64, Error> {
        self.array().map(f64::from_be_bytes)
    }
}
