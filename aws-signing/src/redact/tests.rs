use http::HeaderValue;

use super::*;

const KEY: &str = "ASIAEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG";
const TOKEN: &str = "IQoJb3J/token+with==";
const SIGNATURE: &str = "5fa00fa31553b73ebf1942676e86291e";

fn redactor() -> Redactor {
    let credentials = Credentials::new(KEY.into(), SECRET.into(), Some(TOKEN.into())).unwrap();
    let mut signed = HeaderMap::new();
    let value =
        format!("AWS4-HMAC-SHA256 Credential={KEY}/x, SignedHeaders=host, Signature={SIGNATURE}");
    signed.insert(AUTHORIZATION, HeaderValue::from_str(&value).unwrap());
    Redactor::new(&credentials, &signed)
}

fn body() -> String {
    let dump = |text: &str| {
        let pairs: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(" ")
    };
    format!(
        "<Error>{KEY} {KEY}{KEY} ASIAEXAMPL ASIA{KEY}\n{TOKEN}{SIGNATURE}|{SECRET}\n{} {} {}\n\
         IQoJb3J%2Ftoken%2Bwith%3D%3D IQoJb3J%2ftoken%2bwith%3d%3d IQoJb3J\\/token+with== \
         IQoJb3J%252Ftoken%252Bwith%253D%253D IQoJb3J/token+with\\u003d\\u003d \
         IQoJb3J/token\\u002Bwith== {}</Error>",
        dump(TOKEN),
        dump(TOKEN).to_uppercase(),
        dump(TOKEN).replace(' ', ""),
        dump(KEY),
    )
}

fn expected() -> String {
    let stars = |text: &str| "*".repeat(text.len());
    let spaced = "*".repeat(3 * TOKEN.len() - 1);
    format!(
        "<Error>{} {} ASIAEXAMPL ASIA{}\n{}|{}\n{spaced} {spaced} {}\n{} {} {} {} {} {} {}</Error>",
        stars(KEY),
        stars(KEY).repeat(2),
        stars(KEY),
        stars(TOKEN) + &stars(SIGNATURE),
        stars(SECRET),
        "*".repeat(2 * TOKEN.len()),
        stars("IQoJb3J%2Ftoken%2Bwith%3D%3D"),
        stars("IQoJb3J%2ftoken%2bwith%3d%3d"),
        stars("IQoJb3J\\/token+with=="),
        stars("IQoJb3J%252Ftoken%252Bwith%253D%253D"),
        stars("IQoJb3J/token+with\\u003d\\u003d"),
        stars("IQoJb3J/token\\u002Bwith=="),
        "*".repeat(3 * KEY.len() - 1),
    )
}

#[test]
fn a_body_split_at_every_offset_is_redacted() {
    let (body, expected) = (body(), expected());
    assert_eq!(body.len(), expected.len());
    for at in 0..=body.len() {
        let mut redactor = redactor();
        let (one, two) = body.split_at(at);
        let mut out = redactor.push(one.as_bytes());
        out.extend(redactor.push(two.as_bytes()));
        out.extend(redactor.finish());
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{at}");
    }
}

#[test]
fn single_bytes_are_redacted_and_little_is_held() {
    let body = body();
    let mut redactor = redactor();
    let longest = redactor
        .needles
        .iter()
        .map(|needle| needle.len())
        .max()
        .unwrap();
    let (mut out, mut given) = (Vec::new(), 0);
    for byte in body.bytes() {
        out.extend(redactor.push(&[byte]));
        given += 1;
        assert!(given - out.len() < longest);
    }
    out.extend(redactor.finish());
    assert_eq!(String::from_utf8(out).unwrap(), expected());
    assert_eq!(redactor.finish(), b"");
}

#[test]
fn what_only_starts_like_a_value_is_passed_on() {
    let mut redactor = redactor();
    assert_eq!(redactor.push(b"x ASIAEXAM"), b"x ");
    assert_eq!(redactor.push(b"P"), b"");
    assert_eq!(redactor.finish(), b"ASIAEXAMP");
}

#[test]
fn a_text_without_credentials_is_unchanged() {
    let text: Vec<u8> = (0..=255).collect();
    assert_eq!(redactor().redact(&text), text);
    assert_eq!(redactor().redact(body().as_bytes()), expected().as_bytes());
}

#[test]
fn a_value_that_starts_another_is_redacted_at_the_end() {
    // The token starts with the key id, so more may follow.
    let credentials = Credentials::new("ABC".into(), "zzzz".into(), Some("ABCDEF".into())).unwrap();
    let mut redactor = Redactor::new(&credentials, &HeaderMap::new());
    assert_eq!(redactor.push(b"-ABCDE"), b"-");
    assert_eq!(redactor.finish(), b"***DE");
    assert_eq!(redactor.redact(b"ABCDEF ABC"), b"****** ***");
}

#[test]
fn overlapping_values_are_both_redacted() {
    let credentials = Credentials::new("ABA".into(), "zzzz".into(), None).unwrap();
    let redactor = Redactor::new(&credentials, &HeaderMap::new());
    assert_eq!(redactor.redact(b"xABABAx"), b"x*****x");
}

#[test]
fn values_are_not_in_the_debug_form() {
    let debug = format!("{:?}", redactor());
    assert!(!debug.contains(KEY) && !debug.contains(TOKEN), "{debug}");
}
