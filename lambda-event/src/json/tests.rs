//! `serde_json` is the second reader: what it takes is taken, and what is taken it takes.

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Json, JsonError, Kind};

/// Passes over a document.
fn skip(document: &[u8]) -> Result<(), JsonError> {
    let mut json = Json::new(document);
    json.skip()?;
    json.end()
}

/// Reads a document of lists, objects and texts as a value. Numbers count as `null`.
fn value(json: &mut Json<'_>) -> Result<Value, JsonError> {
    Ok(match json.kind()? {
        Kind::Null | Kind::Number => json.skip().map(|()| Value::Null)?,
        Kind::Boolean => json.boolean()?.into(),
        Kind::Text => json.text()?.into_owned().into(),
        Kind::List => {
            let mut elements = Vec::new();
            json.open();
            while json.has_element()? {
                elements.push(value(json)?);
            }
            elements.into()
        }
        Kind::Object => {
            let mut members = serde_json::Map::new();
            json.open();
            while let Some(name) = json.name()? {
                members.insert(name.into_owned(), value(json)?);
            }
            members.into()
        }
    })
}

fn read(document: &[u8]) -> Result<Value, JsonError> {
    let mut json = Json::new(document);
    let value = value(&mut json)?;
    json.end().map(|()| value)
}

/// Compares both readers.
fn check(document: &[u8]) {
    let shown = String::from_utf8_lossy(document);
    let passed = skip(document);
    let ignored = serde_json::from_slice::<IgnoredAny>(document);
    assert_eq!(
        passed.is_ok(),
        ignored.is_ok(),
        "{shown}: {passed:?} {ignored:?}"
    );
    let theirs = serde_json::from_slice::<Value>(document);
    // A number may be larger than any of theirs.
    if let Ok(theirs) = theirs {
        assert_eq!(read(document), Ok(without_numbers(theirs)), "{shown}");
    } else if read(document).is_ok() {
        assert!(ignored.is_ok(), "{shown}");
    }
}

fn without_numbers(value: Value) -> Value {
    match value {
        Value::Number(_) => Value::Null,
        Value::Array(elements) => elements.into_iter().map(without_numbers).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members
                .map(|(name, it)| (name, without_numbers(it)))
                .collect()
        }
        other => other,
    }
}

/// Documents, with `~` between them.
const DOCUMENTS: &str = concat!(
    r#" null ~true~false~nul~nulll~tru e~[]~{}~[ ]~{ }~[1,]~[,1]~[1 2]~[1,2~1 2~~ ~,~:~"~"a~"a" "b"~]~"a\~'a'~"#,
    r#"{"a":1}~{"a":1,}~{,}~{"a"}~{"a" 1}~{a:1}~{"a":}~{1:1}~[}~{]~[[],{}]~[[1]~{"a":1,"a":2}~{"":{"":[""]}}~"#,
    r#"[[[[1],2],3],{"a":[{"b":[]}]}]~[true,false,null]~[truefalse]~{"a":1 "b":2}~{"a":1,"b":[2,{"c":null}]}~"#,
    "\t[\r\n1 , 2 ]\n~\u{a0}1~[1\u{b}]~\u{feff}1",
);

const NUMBERS: &str = "0~-0~-~--1~+1~01~-01~1.~1.0~.5~1e5~1E+5~1e-5~1e~1e+~1.5e3~1.e3~0e0~1e999~-1.25~\
                       123456789012345678901234567890~0x1~1_0~NaN~Infinity~1a~0.0.0";

const TEXTS: &str = concat!(
    r#"\"\\\/\b\f\n\r\t~\u0041~\u00e9\u4E16~\ud83d\ude00~\ud83d~\ude00~\ud83d\n~\ud83dx~\ud83d\ud83d~\u00g0~\u00~"#,
    "\\x~\\~a\nb~a\u{1f}~\u{7f}\u{e9}\u{1f600}~\\u0000~'",
);

#[test]
fn both_readers_take_the_same_documents() {
    for document in DOCUMENTS.split('~') {
        check(document.as_bytes());
    }
}

#[test]
fn both_readers_take_the_same_numbers() {
    for number in NUMBERS.split('~') {
        check(number.as_bytes());
        check(format!("[{number}]").as_bytes());
    }
}

#[test]
fn both_readers_take_the_same_texts() {
    for text in TEXTS.split('~') {
        for padding in ["", "1234567", "12345678", "123456789"] {
            check(format!("\"{padding}{text}{padding}\"").as_bytes());
            check(format!("{{\"{text}\":\"{padding}{text}\"}}").as_bytes());
        }
    }
    check(b"\"\xff\"");
    check(b"\"\xc3\"");
    check(b"\"\\n\xc3\x28\"");
    check("[\"\u{1f600}\"]".as_bytes());
}

#[test]
fn a_text_is_borrowed_unless_it_has_escapes() {
    use std::borrow::Cow;

    assert!(matches!(
        Json::new(b"\"a\xc3\xa9\"").text(),
        Ok(Cow::Borrowed("a\u{e9}"))
    ));
    assert!(matches!(Json::new(b"\"\\u0061\"").text(), Ok(Cow::Owned(text)) if text == "a"));
}

#[test]
fn a_document_may_be_of_any_depth() {
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    assert_eq!(skip(&deep), Ok(()));
    assert!(skip(deep.get(1..).unwrap()).is_err());
}

#[test]
fn an_error_has_its_place() {
    for (document, text) in [
        ("", "unexpected end at line 1 column 1"),
        ("not JSON", "expected value at line 1 column 1"),
        ("{}\n{}", "trailing characters at line 2 column 1"),
        (
            "{\n \"a\": 1\n \"b\"",
            "expected `,` or the end of a list or an object at line 3 column 2",
        ),
        ("[\"\u{e9}\\x\"]", "invalid escape at line 1 column 6"),
    ] {
        let error = skip(document.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

proptest! {
    #[test]
    fn both_readers_agree_on_bytes_of_json(document in r#"[\[\]{}",:\\ntrue0-9a.é \u{1}-]{0,24}"#) {
        check(document.as_bytes());
    }

    #[test]
    fn both_readers_agree_on_texts(text in any::<String>(), damage in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut document = Value::from(text).to_string().into_bytes();
        check(&document);
        *damage.get_mut(&mut document) = byte;
        check(&document);
    }
}
