//! Scope, region and rules.

use crate::testing::{answer, policy, signed_head};

fn ask(allow: &[&str], host: &str, service: &str, region: &str) -> String {
    let head = signed_head("GET", &format!("https://{host}/"), (service, region), &[]);
    answer(&policy(allow), &head)
}

#[test]
fn the_scope_is_what_the_host_says() {
    let host = "dynamodb.eu-central-1.amazonaws.com";
    assert_eq!(
        ask(&["dynamodb"], host, "dynamodb", "eu-central-1"),
        "granted"
    );
    for (service, region) in [
        ("s3", "eu-central-1"),
        ("dynamodb", "us-east-1"),
        ("iam", "us-east-1"),
        ("DynamoDB", "eu-central-1"),
        ("dynamodb", "*"),
        ("dynamodb", "EU-CENTRAL-1"),
        ("", ""),
    ] {
        assert_eq!(
            ask(&["dynamodb", "s3", "iam"], host, service, region),
            format!(
                "it is signed for `{service}` in `{region}`, and the host is `dynamodb` in `eu-central-1`"
            )
        );
    }
}

#[test]
fn each_differing_signing_name_is_for_its_host_only() {
    for (prefix, service) in aws_endpoints::signing_names() {
        let host = format!("{prefix}.eu-central-1.amazonaws.com");
        assert_eq!(
            ask(&[prefix], &host, service, "eu-central-1"),
            "granted",
            "{prefix}"
        );
        let refused = ask(&[prefix], &host, prefix, "eu-central-1");
        assert!(
            refused.starts_with(&format!("it is signed for `{prefix}`")),
            "{refused}"
        );
        let other = ask(
            &["sqs"],
            "sqs.eu-central-1.amazonaws.com",
            service,
            "eu-central-1",
        );
        assert!(other.starts_with("it is signed for"), "{prefix}: {other}");
        // The rule for the signing name does not open the host.
        if let Ok(rule) = service.parse::<crate::Rule>().map(|rule| rule.to_string()) {
            let denied = ask(&[&rule], &host, service, "eu-central-1");
            let expected = format!("`aws.allow` has no `{prefix}@eu-central-1`");
            assert!(rule == *prefix || denied == expected, "{prefix}: {denied}");
        }
    }
}

#[test]
fn a_host_with_two_services_signs_for_both() {
    for service in ["geo", "geo-places"] {
        let host = "places.geo.eu-central-1.amazonaws.com";
        assert_eq!(
            ask(&["places.geo"], host, service, "eu-central-1"),
            "granted"
        );
    }
}

#[test]
fn a_rule_opens_one_host_prefix() {
    for (allow, prefix, is_open) in [
        ("bedrock-runtime", "bedrock-runtime", true),
        ("bedrock-runtime", "bedrock", false),
        ("bedrock-runtime", "bedrock-agent", false),
        ("bedrock", "bedrock-runtime", false),
        ("dynamodb", "streams.dynamodb", false),
        ("s3", "s3-control", false),
    ] {
        let host = format!("{prefix}.eu-central-1.amazonaws.com");
        let service = aws_endpoints::signing_name(prefix);
        let expected = match is_open {
            true => "granted".to_owned(),
            false => format!("`aws.allow` has no `{prefix}@eu-central-1`"),
        };
        assert_eq!(ask(&[allow], &host, service, "eu-central-1"), expected);
    }
}

#[test]
fn a_rule_is_for_its_region() {
    for (allow, region, is_open) in [
        ("dynamodb", "eu-central-1", true),
        ("dynamodb", "us-west-2", false),
        ("dynamodb@us-west-2", "us-west-2", true),
        ("dynamodb@us-west-2", "eu-central-1", false),
        ("dynamodb@*", "us-west-2", true),
        ("dynamodb@*", "eu-central-1", true),
    ] {
        let host = format!("dynamodb.{region}.amazonaws.com");
        let expected = match is_open {
            true => "granted".to_owned(),
            false => format!("`aws.allow` has no `dynamodb@{region}`"),
        };
        assert_eq!(
            ask(&[allow], &host, "dynamodb", region),
            expected,
            "{allow} {region}"
        );
    }
}

#[test]
fn without_a_region_only_rules_with_one_apply() {
    let unknown = |allow: &[&str]| crate::Policy {
        region: None,
        ..policy(allow)
    };
    let uri = "https://dynamodb.eu-central-1.amazonaws.com/";
    let head = signed_head("GET", uri, ("dynamodb", "eu-central-1"), &[]);
    let text = "`aws.allow` has no `dynamodb@eu-central-1`";
    assert_eq!(answer(&unknown(&["dynamodb"]), &head), text);
    assert_eq!(
        answer(&unknown(&["dynamodb@eu-central-1"]), &head),
        "granted"
    );
}

#[test]
fn endpoints_without_a_region_sign_for_one() {
    for (allow, host, service, region, expected) in [
        // A service for all regions is in the function's.
        ("iam", "iam.amazonaws.com", "iam", "us-east-1", "granted"),
        (
            "iam",
            "iam.amazonaws.com",
            "iam",
            "eu-central-1",
            "it is signed for `iam` in `eu-central-1`, and the host is `iam` in `us-east-1`",
        ),
        (
            "sts",
            "sts.eu-central-1.amazonaws.com",
            "sts",
            "eu-central-1",
            "granted",
        ),
        (
            "sts@us-east-1",
            "sts.amazonaws.com",
            "sts",
            "us-east-1",
            "granted",
        ),
        (
            "sts",
            "sts.amazonaws.com",
            "sts",
            "us-east-1",
            "`aws.allow` has no `sts@us-east-1`",
        ),
        (
            "s3",
            "b.s3.amazonaws.com",
            "s3",
            "us-east-1",
            "`aws.allow` has no `s3@us-east-1`",
        ),
    ] {
        assert_eq!(ask(&[allow], host, service, region), expected, "{host}");
    }
}
