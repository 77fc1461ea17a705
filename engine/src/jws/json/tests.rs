use super::text::plain_prefix;
use super::*;
use crate::limits::MAX_NESTING;

fn read(document: &str) -> Result<Vec<(String, String)>, JsonError> {
    let mut members = Members::of(document)?;
    let mut found = Vec::new();
    while let Some((name, value)) = members.next()? {
        let value = match value {
            Value::Text(text) => format!("text {}", text.decode()),
            Value::Number(number) => format!("number {}", number.literal()),
            Value::Array(array) => format!("array {array}"),
            Value::Object(object) => format!("object {object}"),
            Value::Literal(literal) => format!("literal {literal:?}"),
        };
        found.push((name.decode().into_owned(), value));
    }
    Ok(found)
}

fn value_of(json: &str) -> Result<String, JsonError> {
    let mut members = read(&format!("{{\"x\":{json}}}"))?;
    Ok(members.remove(0).1)
}

#[test]
fn members_come_in_order_with_their_values() {
    let found =
        read(" {\t\"a\" : \"b\" ,\r\n\"n\":-1.5e+3,\"l\":[1,[2]],\"o\":{\"x\":null},\"t\":true } ")
            .unwrap();
    let expected = [
        ("a", "text b"),
        ("n", "number -1.5e+3"),
        ("l", "array [1,[2]]"),
        ("o", "object {\"x\":null}"),
        ("t", "literal True"),
    ];
    let expected: Vec<_> = expected
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    assert_eq!(found, expected);
    assert_eq!(read("{}").unwrap(), []);
}

#[test]
fn escapes_are_undone_in_names_and_values() {
    let found = read(r#"{"\u0069\u0073s":"a\/b\"\\\b\f\n\r\t\u00e9\ud834\udd1e"}"#).unwrap();
    assert_eq!(found[0].0, "iss");
    assert_eq!(found[0].1, "text a/b\"\\\u{8}\u{c}\n\r\té𝄞");
}

#[test]
fn escaped_text_lands_in_the_spare_room_and_plain_text_does_not() {
    let document = r#"{"a":"\u0041\ud834\udd1eb","b":"plain"}"#;
    let mut members = Members::of(document).unwrap();
    let mut room = [0; 16];
    let mut spare = Spare::new(&mut room);
    let mut texts = Vec::new();
    while let Some((_, Value::Text(text))) = members.next().unwrap() {
        texts.push(text.decode_into(&mut spare).unwrap());
    }
    assert_eq!(texts, ["A𝄞b", "plain"]);
    let too_small = &mut [0; 3];
    let mut members = Members::of(document).unwrap();
    let Some((_, Value::Text(text))) = members.next().unwrap() else {
        panic!("the first member is a string")
    };
    assert_eq!(text.decode_into(&mut Spare::new(too_small)), None);
}

#[test]
fn texts_compare_by_code_points_whatever_their_spelling() {
    let mut members = Members::of(r#"{"a\u0062":"a","ab":"a"}"#).unwrap();
    let (escaped, _) = members.next().unwrap().unwrap();
    let (plain, _) = members.next().unwrap().unwrap();
    assert!(escaped == plain && escaped.is("ab") && plain.is("ab"));
    assert!(!escaped.is("abc") && !escaped.is("a"));
}

#[test]
fn what_the_grammar_refuses_is_refused() {
    for document in [
        "",
        " ",
        "{",
        "}",
        "[]",
        "1",
        "null",
        "\"a\"",
        "{}x",
        "{} {}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}}",
        "\u{feff}{}",
        "{\"a\"::1}",
        "{1:1}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\u{1}\":1}",
        "{\"a\\x\":1}",
        "{\u{a0}\"a\":1}",
        "{\"a\":1}\0",
        "{\"a\":1 /* c */}",
    ] {
        assert_eq!(read(document), Err(JsonError::Syntax), "{document:?}");
    }
    for value in [
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "-01",
        "+1",
        "1.",
        ".1",
        "1.e3",
        "1e",
        "1e+",
        "0x1",
        "-",
        "--1",
        "1_0",
        "tru",
        "True",
        "nul",
        "nulll",
        "\"",
        "\"\\",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"\t\"",
        "\"\n\"",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":[}",
        "[}",
        "{]",
        "[1}",
        "\"a\" \"b\"",
        "1 2",
        "[\"\\\"]",
    ] {
        assert_eq!(value_of(value), Err(JsonError::Syntax), "{value:?}");
    }
}

#[test]
fn what_the_grammar_allows_is_accepted() {
    for value in [
        "0",
        "-0",
        "1",
        "-1",
        "1.0",
        "1E400",
        "1e-400",
        "0e1",
        "0.0",
        "123456789012345678901234567890",
        "\"\"",
        "\"\\u0000\"",
        "\"\u{7f}\"",
        "\"\u{2028}\"",
        "[]",
        "[ ]",
        "{}",
        "{ }",
        "[[],{}]",
        "[1,\"a\",null,{\"b\":[true]}]",
        "{\"a\":1,\"a\":2}",
        "{\"\":0}",
        "true",
        "false",
        "null",
    ] {
        assert!(value_of(value).is_ok(), "{value:?}");
    }
}

#[test]
fn the_value_of_plain_digits_is_had_in_passing() {
    for (literal, whole) in [
        ("1", Some(1)),
        ("1700000000", Some(1_700_000_000)),
        ("999999999999999999", Some(999_999_999_999_999_999)),
        ("1000000000000000000", None),
        ("99999999999999999999999999", None),
        ("0", None),
        ("-1", None),
        ("1.0", None),
        ("1e9", None),
    ] {
        let document = format!("{{\"x\":{literal}}}");
        let mut members = Members::of(&document).unwrap();
        let Some((_, Value::Number(number))) = members.next().unwrap() else {
            panic!("a number")
        };
        assert_eq!((number.literal(), number.whole()), (literal, whole));
    }
}

#[test]
fn nesting_is_bounded_and_the_object_itself_counts() {
    let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(MAX_NESTING - 1)).is_ok());
    assert_eq!(read(&nested(MAX_NESTING)), Err(JsonError::TooDeep));
    assert_eq!(read(&nested(100_000)), Err(JsonError::TooDeep));
    let objects = "{\"a\":".repeat(MAX_NESTING + 1);
    assert_eq!(read(&objects), Err(JsonError::TooDeep));
}

#[test]
fn elements_of_an_array_are_read_again() {
    let texts: Vec<_> = Elements::of("[ \"a\" , \"\\u0062\", \"c\" ]")
        .map(|value| match value {
            Value::Text(text) => text.decode().into_owned(),
            other => panic!("not a string: {other:?}"),
        })
        .collect();
    assert_eq!(texts, ["a", "b", "c"]);
    assert_eq!(Elements::of("[]").count(), 0);
    assert_eq!(Elements::of("not an array").count(), 0);
}

#[test]
fn the_end_of_plain_text_is_found_at_every_offset() {
    for special in ['"', '\\', '\u{0}', '\u{1f}', '\n'] {
        for before in 0..40 {
            let text = format!("{}{special}{}", "é".repeat(before), "z".repeat(20));
            assert_eq!(
                plain_prefix(text.as_bytes()),
                before * 2,
                "{special:?} after {before}"
            );
        }
    }
    for byte in 0..=255_u8 {
        let expected = if matches!(byte, b'"' | b'\\' | 0..=0x1f) {
            3
        } else {
            8
        };
        let mut bytes = [0xff; 8];
        bytes[3] = byte;
        assert_eq!(plain_prefix(&bytes), expected, "{byte:#x}");
    }
}
