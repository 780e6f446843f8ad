use proptest::prelude::*;

use super::*;

fn read_all(mut bytes: &[u8]) -> Result<Value, Error> {
    let value = read(&mut bytes)?;
    assert!(bytes.is_empty(), "{} bytes are left over", bytes.len());
    Ok(value)
}

#[test]
fn a_value_is_coded_as_the_specification_says() {
    let value = Value::Object(vec![
        ("app".into(), Value::string("live")),
        ("n".into(), Value::Number(1.0)),
        ("b".into(), Value::Boolean(true)),
    ]);
    let mut out = Vec::new();
    write(&value, &mut out);
    let expected: &[u8] = b"\x03\x00\x03app\x02\x00\x04live\x00\x01n\x00\x3f\xf0\0\0\0\0\0\0\x00\x01b\x01\x01\x00\x00\x09";
    assert_eq!(out, expected);
    assert_eq!(read_all(&out), Ok(value));
}

#[test]
fn reading_moves_past_one_value_only_and_not_at_all_on_an_error() {
    let bytes = [5, 1, 1, 99];
    let mut input = &bytes[..];
    assert_eq!(read(&mut input), Ok(Value::Null));
    assert_eq!(read(&mut input), Ok(Value::Boolean(true)));
    assert_eq!(read(&mut input), Err(Error::UnknownMarker(99)));
    assert_eq!(input, [99]);
}

#[test]
fn an_ecma_array_may_lack_its_end_marker_when_its_count_is_reached() {
    let whole = b"\x08\x00\x00\x00\x01\x00\x01a\x05";
    assert_eq!(read_all(whole), Ok(Value::EcmaArray(vec![("a".into(), Value::Null)])));
    assert_eq!(read_all(b"\x08\x00\x00\x00\x02\x00\x01a\x05"), Err(Error::UnexpectedEnd));
}

#[test]
fn an_ecma_array_may_hold_more_than_its_count() {
    let array = b"\x08\x00\x00\x00\x00\x00\x01a\x05\x00\x00\x09";
    assert_eq!(read_all(array), Ok(Value::EcmaArray(vec![("a".into(), Value::Null)])));
}

#[test]
fn rare_types_are_folded() {
    assert_eq!(read_all(&[13]), Ok(Value::Undefined));
    assert_eq!(read_all(&[7, 0, 3]), Ok(Value::Undefined));
    assert_eq!(read_all(b"\x0f\x00\x00\x00\x04<a/>"), Ok(Value::string("<a/>")));
    assert_eq!(read_all(b"\x10\x00\x01C\x00\x00\x09"), Ok(Value::Object(vec![])));
    assert_eq!(read_all(b"\x02\x00\x02\xff\xfe"), Ok(Value::string("\u{fffd}\u{fffd}")));
}

#[test]
fn a_long_string_is_one_string_up_to_the_limit() {
    let mut out = Vec::new();
    write(&Value::String("x".repeat(MAX_STRING)), &mut out);
    assert_eq!(out[0], 2);
    assert_eq!(read_all(&out), Ok(Value::String("x".repeat(MAX_STRING))));
    out.clear();
    write(&Value::String("x".repeat(MAX_STRING + 1)), &mut out);
    assert_eq!(out[0], 12);
    assert_eq!(read_all(&out), Err(Error::StringTooLong(MAX_STRING + 1)));
}

#[test]
fn a_property_name_that_is_too_long_is_cut_at_a_characters_end() {
    let mut out = Vec::new();
    write(&Value::Object(vec![("é".repeat(40_000), Value::Null)]), &mut out);
    let value = read_all(&out).unwrap();
    assert_eq!(value.properties()[0].0, "é".repeat(32_767));
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let nested = |depth: usize| [10, 0, 0, 0, 1].repeat(depth);
    let mut fits = nested(MAX_DEPTH);
    fits.push(5);
    assert!(read_all(&fits).is_ok());
    assert_eq!(read_all(&nested(MAX_DEPTH + 1)), Err(Error::TooDeep));
    assert_eq!(read_all(&b"\x03\x00\x00".repeat(MAX_DEPTH + 1)), Err(Error::TooDeep));
}

#[test]
fn more_elements_than_the_limit_are_refused() {
    let mut array = vec![10, 0, 0, 16, 0];
    array.extend([5; 4096]);
    assert_eq!(read_all(&array), Err(Error::TooManyElements));
    array[3..5].copy_from_slice(&4095_u16.to_be_bytes());
    array.pop();
    assert!(read_all(&array).is_ok());
    assert_eq!(read_all(&[10, 255, 255, 255, 255]), Err(Error::TooManyElements));
}

#[test]
fn a_value_longer_than_the_limit_is_refused() {
    let mut array = vec![10, 0, 0, 0, 5];
    for _ in 0..5 {
        write_string(&"x".repeat(MAX_STRING), &mut array);
    }
    assert_eq!(read_all(&array), Err(Error::TooLarge));
}

#[test]
fn properties_are_found_in_objects_and_in_arrays() {
    let properties = vec![("a".to_string(), Value::Number(1.0)), ("a".to_string(), Value::Null)];
    assert_eq!(Value::Object(properties.clone()).get("a"), Some(&Value::Number(1.0)));
    assert_eq!(Value::EcmaArray(properties).get("b"), None);
    assert_eq!(Value::Null.get("a"), None);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(|n| Value::Number(f64::from(n) / 7.0)),
        any::<bool>().prop_map(Value::Boolean),
        "\\PC{0,12}".prop_map(Value::String),
        any::<u32>().prop_map(|n| Value::Date(f64::from(n))),
        Just(Value::Null),
        Just(Value::Undefined),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let properties = prop::collection::vec(("[a-z]{1,6}", inner.clone()), 0..6);
        prop_oneof![
            properties.clone().prop_map(Value::Object),
            properties.prop_map(Value::EcmaArray),
            prop::collection::vec(inner, 0..6).prop_map(Value::StrictArray),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let mut out = Vec::new();
        write(&value, &mut out);
        prop_assert_eq!(read_all(&out), Ok(value));
    }

    #[test]
    fn a_value_that_is_cut_off_is_an_error_or_ends_early(value in any_value(), cut in 0.0..1.0) {
        let mut out = Vec::new();
        write(&value, &mut out);
        let cut = (out.len() as f64 * cut) as usize;
        let mut input = &out[..cut];
        if read(&mut input).is_err() {
            prop_assert_eq!(input.len(), cut);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(0_u8..20, 0..400)) {
        let mut input = &bytes[..];
        while read(&mut input).is_ok() && !input.is_empty() {}
    }
}
