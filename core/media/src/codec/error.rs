/// Why a codec configuration or a parameter set was refused. The fault is the encoder's in every
/// case; the text says what it sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end before the structure does.
    #[error("the encoder's {what} ends too early; it was cut short or damaged on the way")]
    Truncated {
        /// The structure.
        what: &'static str,
    },
    /// The bytes contradict the structure's definition.
    #[error("the encoder's {what} is not valid: {why}")]
    Invalid {
        /// The structure.
        what: &'static str,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// A field is outside of its range.
    #[error("the encoder's {what} is not valid: {field} is {value}")]
    OutOfRange {
        /// The structure.
        what: &'static str,
        /// The field.
        field: &'static str,
        /// The value that was sent.
        value: u32,
    },
    /// A valid form that is not taken here.
    #[error("the encoder uses {feature}, which is not supported; {remedy}")]
    Unsupported {
        /// What the encoder uses.
        feature: &'static str,
        /// What to set instead.
        remedy: &'static str,
    },
    /// More bytes than any real encoder needs.
    #[error("the encoder's {what} has {len} bytes, more than the limit of {limit}")]
    TooLong {
        /// The structure.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The longest that is taken.
        limit: usize,
    },
}
