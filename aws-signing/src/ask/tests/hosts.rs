//! Hosts that are not signed for.

use super::SCOPE;
use crate::testing::{answer, policy, signed_head, with_endpoint};

#[test]
fn other_hosts_are_not_signed_for() {
    let policy = policy(&["dynamodb", "execute-api"]);
    let text = "it is not an AWS endpoint; name it in `aws.endpoints`";
    for host in [
        "evil.example",
        "dynamodb.eu-central-1.amazonaws.com.evil.example",
        "evilamazonaws.com",
        "xn--dynamodb-0.eu-central-1.amazonaws.com",
        "ec2-1-2-3-4.eu-central-1.compute.amazonaws.com",
        "lb-1.elb.eu-central-1.amazonaws.com",
        "a1.execute-api.eu-central-1.amazonaws.com",
        "127.0.0.1",
        "[::1]",
    ] {
        let head = signed_head("GET", &format!("https://{host}/"), SCOPE, &[]);
        assert_eq!(answer(&policy, &head), text, "{host}");
    }
    for (uri, text) in [
        (
            "http://dynamodb.eu-central-1.amazonaws.com/",
            "it is not https; only an entry of `aws.endpoints` can be http",
        ),
        (
            "http://dynamodb.eu-central-1.amazonaws.com:443/",
            "it is not https; only an entry of `aws.endpoints` can be http",
        ),
        (
            "https://dynamodb.eu-central-1.amazonaws.com:8443/",
            "an AWS endpoint has port 443",
        ),
        (
            "https://evil@dynamodb.eu-central-1.amazonaws.com/",
            "its URI is not `https://HOST/…`",
        ),
        ("/", "its URI is not `https://HOST/…`"),
    ] {
        assert_eq!(
            answer(&policy, &signed_head("GET", uri, SCOPE, &[])),
            text,
            "{uri}"
        );
    }
}

#[test]
fn an_own_host_is_signed_for_only_as_it_is_listed() {
    let listed = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com";
    let policy = with_endpoint(policy(&["execute-api"]), "execute-api", listed);
    let scope = ("execute-api", "eu-central-1");
    for (uri, is_granted) in [
        (
            "https://a1b2c3.execute-api.eu-central-1.amazonaws.com/prod",
            true,
        ),
        (
            "https://A1B2C3.execute-api.eu-central-1.amazonaws.com.:443/",
            true,
        ),
        (
            "https://a1b2c4.execute-api.eu-central-1.amazonaws.com/",
            false,
        ),
        (
            "https://x.a1b2c3.execute-api.eu-central-1.amazonaws.com/",
            false,
        ),
        (
            "https://execute-api.eu-central-1.amazonaws.com.evil.example/",
            false,
        ),
        (
            "https://a1b2c3.execute-api.eu-central-1.amazonaws.com:8443/",
            false,
        ),
        (
            "http://a1b2c3.execute-api.eu-central-1.amazonaws.com/",
            false,
        ),
        (
            "http://a1b2c3.execute-api.eu-central-1.amazonaws.com:443/",
            false,
        ),
    ] {
        let answered = answer(&policy, &signed_head("GET", uri, scope, &[]));
        let expected = if is_granted {
            "granted"
        } else {
            "it is not an AWS endpoint; name it in `aws.endpoints`"
        };
        assert_eq!(answered, expected, "{uri}");
    }
    let elsewhere = signed_head("GET", listed, ("execute-api", "eu-west-1"), &[]);
    assert_eq!(
        answer(&policy, &elsewhere),
        "it is signed for `execute-api` in `eu-west-1`, and the host is `execute-api` in `eu-central-1`"
    );
}

#[test]
fn an_endpoint_of_the_settings_needs_a_rule() {
    let local = with_endpoint(policy(&["sqs"]), "dynamodb", "http://127.0.0.1:8000");
    let head = signed_head("POST", "http://127.0.0.1:8000/", SCOPE, &[]);
    assert_eq!(
        answer(&local, &head),
        "`aws.allow` has no `dynamodb@eu-central-1`"
    );
    let local = with_endpoint(policy(&["dynamodb"]), "dynamodb", "http://127.0.0.1:8000");
    assert_eq!(answer(&local, &head), "granted");
    // The region of a stand-in is what the handler says, within the rules.
    let elsewhere = signed_head(
        "POST",
        "http://127.0.0.1:8000/",
        ("dynamodb", "eu-west-1"),
        &[],
    );
    assert_eq!(
        answer(&local, &elsewhere),
        "`aws.allow` has no `dynamodb@eu-west-1`"
    );
    for region in ["*", "", "aws-global"] {
        let any = with_endpoint(policy(&["dynamodb@*"]), "dynamodb", "http://127.0.0.1:8000");
        let head = signed_head("POST", "http://127.0.0.1:8000/", ("dynamodb", region), &[]);
        assert_eq!(
            answer(&any, &head),
            format!(
                "it is signed for `dynamodb` in `{region}`, and the host is `dynamodb` in `a region`"
            )
        );
    }
}
