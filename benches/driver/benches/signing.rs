//! The time of a signature, beside that of the AWS SDK's own signer for the same request:
//! `./scripts/bench.sh micro signing`.
//!
//! The host's side includes the decision whether the request is signed. Neither side includes a connection.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_signing::{Ask, Credentials, Grant, PayloadHash, Placeholder, Policy, ask};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use divan::Bencher;
use http::Request;
use http::request::Parts;

fn main() {
    divan::main();
}

const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const REGION: &str = "eu-central-1";
const URI: &str = "https://dynamodb.eu-central-1.amazonaws.com/";
const BODY: &[u8] =
    br#"{"TableName":"orders","Key":{"customer":{"S":"e1506fd5"},"order":{"S":"4f8fa224b599"}}}"#;

/// The headers of DynamoDB's GetItem, in both requests.
const HEADERS: [(&str, &str); 2] = [
    ("content-type", "application/x-amz-json-1.0"),
    ("x-amz-target", "DynamoDB_20120810.GetItem"),
];

/// A session token as long as those of a function's role.
fn token() -> String {
    "IQoJb3JpZ2luX2VjEA".repeat(40)
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_341_600)
}

fn head(headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::post(URI);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("valid parts").into_parts().0
}

/// A request of a handler, with what the host knows.
struct Asked {
    placeholder: Placeholder,
    policy: Policy,
    credentials: Credentials,
    head: Parts,
}

impl Asked {
    fn new() -> Self {
        let placeholder = Placeholder::from_random([7; 16]);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/00000000/{REGION}/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0",
            placeholder.as_str()
        );
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(HEADERS);
        Self {
            head: head(&headers),
            policy: Policy {
                allow: vec!["dynamodb".parse().expect("a rule")],
                endpoints: Vec::new(),
                region: Some(REGION.to_owned()),
            },
            credentials: Credentials::new(KEY_ID.to_owned(), SECRET.to_owned(), Some(token()))
                .expect("valid parts"),
            placeholder,
        }
    }

    fn grant(&self) -> Grant {
        match ask(&self.placeholder, &self.policy, &self.head) {
            Ask::Granted(grant) => *grant,
            other => panic!("{other:?}"),
        }
    }

    fn signed(&self, mut head: Parts) -> Parts {
        let grant = self.grant();
        grant.prepare(&mut head);
        let payload = PayloadHash::of([BODY]);
        let signed = grant.sign(&mut head, &payload, &self.credentials, now());
        signed.expect("the clock is right");
        head
    }
}

#[divan::bench]
fn decided_and_signed_by_the_host(bencher: Bencher<'_, '_>) {
    let asked = Asked::new();
    bencher
        .with_inputs(|| asked.head.clone())
        .bench_values(|head| asked.signed(head));
}

#[divan::bench]
fn signed_by_the_sdk(bencher: Bencher<'_, '_>) {
    let identity =
        aws_credential_types::Credentials::new(KEY_ID, SECRET, Some(token()), None, "bench").into();
    bencher
        .with_inputs(|| Request::from_parts(head(&HEADERS), ()))
        .bench_values(|mut request| {
            let params = v4::SigningParams::builder()
                .identity(&identity)
                .region(REGION)
                .name("dynamodb")
                .time(now())
                .settings(SigningSettings::default())
                .build()
                .expect("all parts are there");
            let headers = HEADERS.into_iter();
            let signable = SignableRequest::new("POST", URI, headers, SignableBody::Bytes(BODY));
            let signed = sign(signable.expect("valid parts"), &params.into());
            let (instructions, _) = signed.expect("it can be signed").into_parts();
            instructions.apply_to_request_http1x(&mut request);
            request
        });
}
