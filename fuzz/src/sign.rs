//! Requests of a handler to AWS, and answers that repeat credentials.

use std::time::SystemTime;

use aws_signing::{Ask, Credentials, Grant, PayloadHash, Placeholder, Policy, Redactor, ask};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};

const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI";
const TOKEN: &str = "IQoJb3J/token+with==";

/// A head that is granted is signed with the real key only, and has a canonical form: what is sent is
/// granted again, and signed the same. A head that is refused gives one line. The input is method, URI, and
/// `name:value` for each header; `KEY` is the placeholder. What follows an empty text is an answer, which has
/// no credentials after it was redacted, however it is split.
///
/// # Panics
///
/// When that is not so.
pub fn check(bytes: &[u8]) {
    let Some(mut texts) = super::texts(bytes) else {
        return;
    };
    let placeholder = Placeholder::from_random(*b"0123456789abcdef");
    let mut filled = texts
        .by_ref()
        .map(|text| text.replace("KEY", placeholder.as_str()));
    let head = head(&mut filled);
    redact(filled.next().unwrap_or_default().as_bytes());
    let (Some(head), Some(policy)) = (head, policy()) else {
        return;
    };
    match ask(&placeholder, &policy, &head) {
        Ask::NotOurs => {}
        Ask::Refused(refusal) => {
            let text = refusal.to_string();
            assert!(
                !text.is_empty() && !text.contains(char::is_control),
                "{text}"
            );
        }
        Ask::Granted(grant) => sign(&placeholder, &policy, &grant, head),
    }
}

/// Services of all kinds of paths and rules, and a stand-in.
fn policy() -> Option<Policy> {
    let allow = [
        "dynamodb:Get*",
        "s3/b",
        "s3/c:GetObject",
        "bedrock-runtime@*",
        "iam",
        "execute-api",
    ];
    let endpoint = aws_signing::CustomEndpoint::new("execute-api", "http://127.0.0.1:81");
    Some(Policy {
        allow: allow.iter().filter_map(|text| text.parse().ok()).collect(),
        endpoints: vec![endpoint.ok()?],
        region: Some("eu-central-1".to_owned()),
    })
}

/// Reads texts up to an empty one.
fn head(texts: &mut impl Iterator<Item = String>) -> Option<Parts> {
    let (method, uri) = (texts.next()?, texts.next()?);
    let mut request = Request::builder().method(method.as_str()).uri(uri);
    for line in texts.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        request = request.header(name, HeaderValue::from_str(value).ok()?);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

fn credentials() -> Credentials {
    let token = Some(TOKEN.to_owned());
    Credentials::new(KEY_ID.to_owned(), SECRET.to_owned(), token).expect("usable in headers")
}

fn sign(placeholder: &Placeholder, policy: &Policy, grant: &Grant, mut head: Parts) {
    let asked = head.headers.clone();
    let first = signed(grant, &mut head);
    assert!(!first.contains(placeholder.as_str()), "{first}");
    assert_eq!(head.headers.get_all("authorization").iter().count(), 1);
    assert_eq!(
        head.headers.get_all("x-amz-security-token").iter().count(),
        1
    );
    // The same request once more, to the URI that was sent.
    let mut again = head.clone();
    again.headers = asked;
    let Ask::Granted(granted) = ask(placeholder, policy, &again) else {
        panic!("{} is not granted", again.uri);
    };
    assert_eq!(signed(&granted, &mut again), first);
    assert_eq!(again.uri, head.uri);
    assert_eq!(again.headers, head.headers);
}

/// Signs and returns the value of `authorization`.
fn signed(grant: &Grant, head: &mut Parts) -> String {
    grant.prepare(head);
    let hash = grant.payload().hash();
    let hash = hash.unwrap_or_else(|| PayloadHash::of(["body"]));
    let now = SystemTime::UNIX_EPOCH;
    let result = grant.sign(head, &hash, &credentials(), now);
    result.expect("the year has four digits");
    let value = head.headers.get("authorization").expect("just signed");
    value.to_str().expect("visible characters").to_owned()
}

fn redact(answer: &[u8]) {
    let redactor = Redactor::new(&credentials(), &http::HeaderMap::new());
    let whole = redactor.redact(answer);
    assert_eq!(whole.len(), answer.len());
    for value in [KEY_ID, SECRET, TOKEN] {
        assert!(
            !whole
                .windows(value.len())
                .any(|part| part == value.as_bytes())
        );
    }
    for size in [1, 2, 7] {
        let mut redactor = redactor.clone();
        let mut parts: Vec<u8> = answer
            .chunks(size)
            .flat_map(|it| redactor.push(it))
            .collect();
        parts.extend(redactor.finish());
        assert_eq!(parts, whole);
    }
}
