//! A hostile handler tries each row of the threat model. None of its requests leaves the host.

mod rules;
mod shared;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::service::Service;
use super::{allow, function, get_item, sign_for, signed_by};
use crate::reaching::outcomes;

const AWS: &str = "https://dynamodb.eu-central-1.amazonaws.com/";
const ID: &str = "${AWS_ACCESS_KEY_ID}";
const DENIED: &str = "error: ErrorCode::HttpRequestDenied";

/// A request to `url` with these headers, and a part of the line that denies it.
type Attempt = (String, Vec<Value>, &'static str);

fn signed(url: &str, more: &[(&str, &str)]) -> (String, Vec<Value>) {
    let mut headers = vec![sign_for("dynamodb")];
    headers.extend(more.iter().map(|(name, value)| json!([name, value])));
    (url.to_owned(), headers)
}

fn attempt((url, headers): (String, Vec<Value>), reason: &'static str) -> Attempt {
    (url, headers, reason)
}

/// Hosts that look like AWS's and belong to others, or that the policy does not name.
fn other_hosts() -> Vec<Attempt> {
    let not_an_endpoint = "it is not an AWS endpoint; name it in `aws.endpoints`";
    let mut attempts: Vec<Attempt> = [
        "https://dynamodb.eu-central-1.amazonaws.com.evil.example/",
        "https://evilamazonaws.com/",
        "https://xn--dynamodb-.eu-central-1.amazonaws.com.evil.example/",
        "https://dynamodb.eu-central-1.evil.example/",
        "https://vpce-1-2.vpce-svc-1.eu-central-1.vpce.amazonaws.com/",
        "https://evil.example/",
        "https://ec2-1-2-3-4.eu-central-1.compute.amazonaws.com/",
        "https://lb.eu-central-1.elb.amazonaws.com/",
        "https://b.s3-website-eu-central-1.amazonaws.com/",
        "https://x.awsglobalaccelerator.com/",
        "https://a1b2.execute-api.eu-central-1.amazonaws.com/",
        "https://127.0.0.1/",
        "http://169.254.169.254/",
    ]
    .map(|url| attempt(signed(url, &[]), not_an_endpoint))
    .into();
    for (url, reason) in [
        (
            "http://dynamodb.eu-central-1.amazonaws.com/",
            "it is not https",
        ),
        (
            "https://dynamodb.eu-central-1.amazonaws.com:8443/",
            "has port 443",
        ),
        (
            "https://sqs.eu-central-1.amazonaws.com/",
            "the host is `sqs` in `eu-central-1`",
        ),
        (
            "https://dynamodb.eu-west-1.amazonaws.com/",
            "the host is `dynamodb` in `eu-west-1`",
        ),
    ] {
        attempts.push(attempt(signed(url, &[]), reason));
    }
    attempts
}

/// Scopes that differ from the host, or that the policy does not have.
fn other_scopes() -> Vec<Attempt> {
    let scoped = |url: &str, scope: &str| {
        (
            url.to_owned(),
            vec![signed_by(&format!("{ID}/00000000/{scope}/aws4_request"))],
        )
    };
    vec![
        attempt(scoped(AWS, "eu-central-1/iam"), "it is signed for `iam`"),
        attempt(
            scoped(AWS, "us-east-1/dynamodb"),
            "in `us-east-1`, and the host",
        ),
        attempt(
            scoped(
                "https://sqs.eu-central-1.amazonaws.com/",
                "eu-central-1/sqs",
            ),
            "`aws.allow` has no `sqs@eu-central-1`",
        ),
        attempt(
            scoped(
                "https://dynamodb.eu-west-1.amazonaws.com/",
                "eu-west-1/dynamodb",
            ),
            "`aws.allow` has no `dynamodb@eu-west-1`",
        ),
        attempt(
            scoped(
                "https://sts.eu-central-1.amazonaws.com/",
                "eu-central-1/sts",
            ),
            "`aws.allow` has no `sts@eu-central-1`",
        ),
        attempt(
            scoped(
                "https://streams.dynamodb.eu-central-1.amazonaws.com/",
                "eu-central-1/dynamodb",
            ),
            "`aws.allow` has no `streams.dynamodb@eu-central-1`",
        ),
    ]
}

/// Heads that two readers could understand in two ways.
fn doubled_heads() -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for name in [
        "authorization",
        "x-amz-date",
        "x-amz-target",
        "x-amz-content-sha256",
        "x-amz-security-token",
    ] {
        let more = [(name, "one"), (name, "two")];
        attempts.push(attempt(signed(AWS, &more), "it has two `"));
    }
    for name in ["x-amz-s3session-token", "x-amz-region-set"] {
        attempts.push(attempt(signed(AWS, &[(name, "x")]), "is not supported"));
    }
    for query in [
        "X-Amz-Signature=0",
        "X-Amz-Credential=x",
        "X-Amz-Security-Token=x",
    ] {
        let url = format!("{AWS}?{query}");
        attempts.push(attempt(signed(&url, &[]), "sign in the header only"));
    }
    attempts.push(attempt(
        signed(&format!("{AWS}?a=1+1"), &[]),
        "`+` in the query is ambiguous",
    ));
    attempts
}

/// The placeholder where it does not belong, also on the way to hosts that are allowed.
fn misplaced(other: &str) -> Vec<Attempt> {
    let plain = |url: String, headers: Vec<Value>| (url, headers);
    let mut attempts = vec![attempt(signed(other, &[]), "it is not an AWS endpoint")];
    for host in [AWS, other] {
        attempts.push(attempt(
            plain(format!("{host}?k={ID}"), vec![]),
            "is in the query",
        ));
        attempts.push(attempt(
            plain(format!("{host}{ID}"), vec![]),
            "is in the path",
        ));
        let header = json!(["x-key", format!("a {ID} b")]);
        attempts.push(attempt(plain(host.to_owned(), vec![header]), "`x-key`"));
        let presigned = format!(
            "{host}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ID}%2F20260101%2Feu-central-1"
        );
        attempts.push(attempt(
            plain(presigned, vec![]),
            "presigned requests are not signed again",
        ));
    }
    let bearer = json!(["authorization", format!("Bearer {ID}")]);
    attempts.push(attempt(
        plain(AWS.to_owned(), vec![bearer]),
        "the algorithm `Bearer`",
    ));
    for algorithm in ["AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA512"] {
        let value = format!(
            "{algorithm} Credential={ID}/20260101/eu-central-1/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        let reason = if algorithm.contains("ECDSA") {
            "SigV4a"
        } else {
            "the algorithm `AWS4-HMAC"
        };
        attempts.push(attempt(
            plain(AWS.to_owned(), vec![json!(["authorization", value])]),
            reason,
        ));
    }
    attempts
}

#[test]
fn no_row_of_the_threat_model_gets_through() {
    let other = Service::verifying();
    let settings = format!(
        "[aws]\nallow = ['dynamodb']\n[outbound]\nallow = ['{}']\n",
        other.url("")
    );
    let attempts = [
        other_hosts(),
        other_scopes(),
        doubled_heads(),
        misplaced(&other.url("/")),
    ]
    .concat();
    for (index, (url, headers, reason)) in attempts.iter().enumerate() {
        let lambda = Recorder::start();
        let running = function(&lambda, &settings).start();
        let id = format!("attempt-{index}");

        let step = json!([{"fetch": {"url": url, "headers": headers}}]);
        let outcome = outcomes(&lambda, &id, &step);

        assert_eq!(outcome, [DENIED], "{url} {headers:?}");
        let line = running.logged("denied a signed request to");
        for text in [*reason, &id] {
            assert_contains(&line, text);
        }
    }
    assert!(other.received().is_empty());
}

/// Two readers could find two hosts in it.
#[test]
fn a_host_in_two_readings_is_not_one() {
    let lambda = Recorder::start();
    let _running = function(&lambda, "aws.allow = ['dynamodb']").start();
    for (index, authority) in [
        "dynamodb.eu-central-1.amazonaws.com@evil.example",
        "evil.example@dynamodb.eu-central-1.amazonaws.com",
        "dynamodb.eu-central-1.amazonaws.com:443@evil.example",
        "dynamodb.eu-central-1.amazonaws.com:443.evil.example",
        "dynamodb.eu-central-1.amazonaws.com\\.evil.example",
        "dynamodb.eu-central-1.amazonaws.com%2F.evil.example",
        "dynamodb.eu-central-1.amazonaws.com#.evil.example",
        "[::1]dynamodb.eu-central-1.amazonaws.com",
    ]
    .iter()
    .enumerate()
    {
        let (url, headers) = signed(&format!("https://{authority}/"), &[]);
        let step = json!([{"fetch": {"url": url, "headers": headers}}]);

        let outcome = outcomes(&lambda, &format!("reading-{index}"), &step).remove(0);

        let refused = [
            "error: ErrorCode::HttpRequestUriInvalid",
            "error: the authority was refused",
            DENIED,
        ];
        assert!(
            refused.contains(&outcome.as_str()),
            "{authority}: {outcome}"
        );
    }
}

/// Near misses are other people's text.
#[test]
fn only_the_whole_placeholder_is_the_switch() {
    let service = Service::verifying();
    let settings = format!(
        "{}[outbound]\nallow = ['{}']\n",
        allow("dynamodb", &service),
        service.url("")
    );
    let lambda = Recorder::start();
    let _running = function(&lambda, &settings).start();
    let id = outcomes(&lambda, "id", &json!([{"env": "AWS_ACCESS_KEY_ID"}])).remove(0);
    let id = id.strip_prefix("ok: ").expect("it is set").to_owned();
    let (most, last) = id.split_at(id.len() - 1);
    let changed = format!("{most}{}", if last == "A" { "B" } else { "A" });

    for (index, near) in [changed, most.to_owned(), id.to_lowercase()]
        .iter()
        .enumerate()
    {
        let credential = format!("{near}/00000000/eu-central-1/dynamodb/aws4_request");
        let step =
            json!([{"fetch": {"url": service.url("/"), "headers": [signed_by(&credential)]}}]);
        let outcome = outcomes(&lambda, &format!("near-{index}"), &step).remove(0);
        // Sent as it is: the service refuses the key.
        assert!(outcome.starts_with("ok: 403"), "{near}: {outcome}");
        let sent = service.received().pop().expect("a request");
        assert_contains(&sent.header("authorization"), near);
        assert!(sent.headers("x-amz-security-token").is_empty());
    }
}

/// What the handler claims of credentials and time is replaced.
#[test]
fn an_own_date_and_token_are_replaced() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let mut call = get_item(&service.url("/"));
    let headers = call["fetch"]["headers"].as_array_mut().expect("headers");
    headers.push(json!(["x-amz-date", "20200101T000000Z"]));
    headers.push(json!(["x-amz-security-token", "mine"]));

    assert_eq!(
        outcomes(&lambda, "id-1", &json!([call])),
        ["ok: 200 5 hello"]
    );

    let request = service.only();
    assert!(!request.header("x-amz-date").starts_with("2020"));
}
