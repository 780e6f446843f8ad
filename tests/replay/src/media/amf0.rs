use media::amf0;

/// The longest input whose values are written and read again: replacement characters take up to three
/// bytes for one, and the result must stay under the limits of a value.
const MAX_REWRITTEN: usize = 20_000;

/// AMF0 values, one after the other.
///
/// A value that was read is written, and read again as the same value. A refused one leaves the input
/// where it was.
pub(crate) fn amf0(data: &[u8]) {
    let mut input = data;
    loop {
        let before = input;
        let Ok(value) = amf0::read(&mut input) else {
            assert_eq!(input, before, "a refused value moved the input");
            return;
        };
        assert!(input.len() < before.len(), "a value took no bytes");
        if before.len() - input.len() > MAX_REWRITTEN {
            continue;
        }
        let written = rewritten(&value);
        let mut copy = &written[..];
        let again = amf0::read(&mut copy).expect("what was written is a value");
        assert!(copy.is_empty(), "what was written is more than one value");
        // Compared as written: a NaN does not equal itself.
        assert_eq!(rewritten(&again), written);
    }
}

fn rewritten(value: &amf0::Value) -> Vec<u8> {
    let mut out = Vec::new();
    amf0::write(value, &mut out);
    out
}
