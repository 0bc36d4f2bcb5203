use super::*;
use crate::testing::{answer, policy, signed_head, with_endpoint};

const S3: &str = "s3.eu-central-1.amazonaws.com";

fn ask(allow: &[&str], method: &str, url: &str, headers: &[(&str, &str)]) -> String {
    let uri = format!("https://{url}");
    answer(
        &policy(allow),
        &signed_head(method, &uri, ("s3", "eu-central-1"), headers),
    )
}

#[test]
fn a_rule_for_a_bucket_is_for_no_other() {
    let denied = |bucket: &str| format!("`aws.allow` has no `s3{bucket}@eu-central-1`");
    for (url, bucket) in [
        ("mine.s3.eu-central-1.amazonaws.com/k", None),
        ("mine.s3.dualstack.eu-central-1.amazonaws.com/k", None),
        ("s3.eu-central-1.amazonaws.com/mine/k", None),
        ("s3.eu-central-1.amazonaws.com/mine", None),
        ("s3.eu-central-1.amazonaws.com/%6Dine/k", None),
        ("other.s3.eu-central-1.amazonaws.com/mine/k", Some("/other")),
        ("s3.eu-central-1.amazonaws.com/other/mine", Some("/other")),
        ("s3.eu-central-1.amazonaws.com/mine2/k", Some("/mine2")),
        ("s3.eu-central-1.amazonaws.com/Mine/k", Some("/Mine")),
        ("x.mine.s3.eu-central-1.amazonaws.com/k", Some("/x.mine")),
        (
            "mine-123456789012.s3-accesspoint.eu-central-1.amazonaws.com/k",
            Some("/mine-123456789012"),
        ),
        ("s3.eu-central-1.amazonaws.com/mine%2Fk", Some("/mine/k")),
        ("s3.eu-central-1.amazonaws.com/", Some("")),
        ("s3.eu-central-1.amazonaws.com//mine/k", Some("")),
    ] {
        let expected = bucket.map_or_else(|| "granted".to_owned(), denied);
        assert_eq!(ask(&["s3/mine"], "GET", url, &[]), expected, "{url}");
    }
    for path in [
        "/mine/../other/k",
        "/mine/%2E%2E/other",
        "/./other/k",
        "/mine/a%2F..%2F..%2Fother",
    ] {
        let url = format!("{S3}{path}");
        assert_eq!(
            ask(&["s3/mine"], "GET", &url, &[]),
            "`aws.allow` limits `s3`, and the path has `.` or `..` in it; write the path without"
        );
        assert_eq!(ask(&["s3"], "GET", &url, &[]), "granted");
    }
}

/// A path below a bucket's own host is a key, whatever it looks like.
#[test]
fn a_named_endpoint_of_one_bucket_is_for_no_other() {
    let url = "https://theirs.s3.eu-central-1.amazonaws.com";
    let ask = |rule: &str, path: &str| {
        let policy = with_endpoint(policy(&[rule]), "s3", url);
        let uri = format!("{url}{path}");
        answer(
            &policy,
            &signed_head("GET", &uri, ("s3", "eu-central-1"), &[]),
        )
    };
    assert_eq!(
        ask("s3/mine", "/mine/k"),
        "`aws.allow` has no `s3/theirs@eu-central-1`"
    );
    assert_eq!(ask("s3/theirs", "/mine/k"), "granted");
}

#[test]
fn rules_add_up_for_each_bucket_and_not_across() {
    let allow = ["s3/in:read", "s3/out", "s3/log:PutObject"];
    for (method, path, is_granted) in [
        ("GET", "/in/k", true),
        ("PUT", "/in/k", false),
        ("GET", "/out/k", true),
        ("PUT", "/out/k", true),
        ("PUT", "/log/k", true),
        ("GET", "/log/k", false),
        ("GET", "/other/k", false),
    ] {
        let answered = ask(&allow, method, &format!("{S3}{path}"), &[]);
        assert_eq!(
            answered == "granted",
            is_granted,
            "{method} {path}: {answered}"
        );
    }
}

#[test]
fn a_copy_reads_only_what_a_rule_lets_read() {
    let url = format!("{S3}/mine/k");
    let copy =
        |allow: &[&str], source: &str| ask(allow, "PUT", &url, &[("x-amz-copy-source", source)]);
    let denied = "`x-amz-copy-source` names the bucket `other`, and `aws.allow` does not allow reading there";
    for (allow, source, expected) in [
        (&["s3/mine"][..], "mine/k", "granted"),
        (&["s3/mine"], "/mine/k?versionId=1", "granted"),
        (&["s3/mine"], "other/k", denied),
        (&["s3/mine"], "%6Fther%2Fk", denied),
        (&["s3/mine"], "/other/k", denied),
        (&["s3/mine", "s3/other:read"], "other/k", "granted"),
        (&["s3/mine", "s3/other:GetObject"], "other/k", "granted"),
        (&["s3/mine", "s3/other:PutObject"], "other/k", denied),
        (&["s3/mine", "s3/other@us-east-1"], "other/k", denied),
        (&["s3/mine:CopyObject"], "mine/k", "granted"),
        (&["s3"], "other/k", "granted"),
        (
            &["s3/mine"],
            "/mine/../other/k",
            "`x-amz-copy-source` names `/mine/../other/k`, and `aws.allow` does not allow reading there",
        ),
        (
            &["s3/mine"],
            "arn:aws:s3:eu-central-1:1:accesspoint/a/object/k",
            "`x-amz-copy-source` names `arn:aws:s3:eu-central-1:1:accesspoint/a/object/k`, and `aws.allow` does \
             not allow reading there",
        ),
    ] {
        assert_eq!(copy(allow, source), expected, "{allow:?} {source}");
    }
    let twice = [
        ("x-amz-copy-source", "mine/k"),
        ("x-amz-copy-source", "other/k"),
    ];
    assert_eq!(
        ask(&["s3/mine"], "PUT", &url, &twice),
        "it has two `x-amz-copy-source` headers"
    );
}

#[test]
fn the_endpoint_to_warm_is_that_of_the_handler() {
    let local = with_endpoint(policy(&["dynamodb"]), "dynamodb", "http://127.0.0.1:8000");
    assert_eq!(local.warm("dynamodb").unwrap(), "http://127.0.0.1:8000");
    for (allow, region, prefix, url) in [
        (
            &[][..],
            Some("eu-central-1"),
            "dynamodb",
            Some("https://dynamodb.eu-central-1.amazonaws.com"),
        ),
        (
            &[],
            Some("cn-north-1"),
            "s3",
            Some("https://s3.cn-north-1.amazonaws.com.cn"),
        ),
        (
            &[],
            Some("eu-central-1"),
            "iam",
            Some("https://iam.amazonaws.com"),
        ),
        (
            &[],
            Some("eu-central-1"),
            "ecr",
            Some("https://api.ecr.eu-central-1.amazonaws.com"),
        ),
        (
            &[],
            Some("eu-central-1"),
            "sts",
            Some("https://sts.eu-central-1.amazonaws.com"),
        ),
        (&[], Some("eu-central-1"), "not a service", None),
        (&[], Some("moon"), "dynamodb", None),
        (&[], None, "dynamodb", None),
        (
            &["dynamodb@us-west-2"],
            None,
            "dynamodb",
            Some("https://dynamodb.us-west-2.amazonaws.com"),
        ),
        (
            &["dynamodb@us-west-2"],
            Some("eu-central-1"),
            "dynamodb",
            Some("https://dynamodb.us-west-2.amazonaws.com"),
        ),
        (
            &["dynamodb@us-west-2", "dynamodb"],
            Some("eu-central-1"),
            "dynamodb",
            Some("https://dynamodb.eu-central-1.amazonaws.com"),
        ),
        (
            &["dynamodb@*"],
            Some("eu-central-1"),
            "dynamodb",
            Some("https://dynamodb.eu-central-1.amazonaws.com"),
        ),
        (
            &["dynamodb@us-west-2"],
            Some("eu-central-1"),
            "sqs",
            Some("https://sqs.eu-central-1.amazonaws.com"),
        ),
    ] {
        let policy = Policy {
            region: region.map(str::to_owned),
            ..policy(allow)
        };
        assert_eq!(
            policy.warm(prefix).as_deref(),
            url,
            "{allow:?} {region:?} {prefix}"
        );
    }
}

#[test]
fn the_host_signs_its_own_requests_without_a_rule() {
    let policy = policy(&[]);
    assert!(policy.is_empty());
    let mut head = crate::testing::head("POST", "/", &[("x-amz-target", "AmazonSSM.GetParameter")]);
    // A rule says where the handler's parameters are.
    let elsewhere = crate::testing::policy(&["ssm@us-west-2"]);
    let grant = elsewhere.own("ssm", &head).unwrap();
    assert_eq!(grant.region(), "eu-central-1");
    let url = elsewhere.home("ssm").unwrap();
    assert_eq!(url, "https://ssm.eu-central-1.amazonaws.com");
    let grant = policy.own("ssm", &head).unwrap();
    assert_eq!((grant.service(), grant.region()), ("ssm", "eu-central-1"));
    grant.prepare(&mut head);
    assert_eq!(head.uri, "https://ssm.eu-central-1.amazonaws.com/");
    assert_eq!(grant.payload(), &Payload::Held);
    let global = policy.own("iam", &head).unwrap();
    assert_eq!(global.region(), "us-east-1");
    let local = with_endpoint(policy, "ssm", "http://127.0.0.1:4566");
    let grant = local.own("ssm", &head).unwrap();
    assert_eq!(grant.region(), "eu-central-1");
    assert!(grant.is_custom());
    let nowhere = Policy {
        region: None,
        ..local
    };
    assert!(nowhere.own("ssm", &head).is_none());
}

/// A stand-in for all of AWS has one URL.
#[test]
fn services_at_one_url_are_told_apart_by_what_is_asked_for() {
    const URL: &str = "http://127.0.0.1:4566";
    let endpoint = |prefix| CustomEndpoint::new(prefix, URL).unwrap();
    let endpoints = ["s3", "dynamodb", "bedrock", "bedrock-runtime", "ssm"].map(endpoint);
    let policy = Policy {
        endpoints: endpoints.into(),
        ..policy(&["dynamodb", "bedrock-runtime"])
    };
    let ask = |service: &str| {
        let head = signed_head("POST", &format!("{URL}/"), (service, "eu-central-1"), &[]);
        answer(&policy, &head)
    };
    for service in ["dynamodb", "bedrock"] {
        assert_eq!(ask(service), "granted");
    }
    for (service, text) in [
        ("s3", "no `s3@"),
        ("ssm", "no `ssm@"),
        ("sqs", "signed for `sqs`"),
    ] {
        assert!(ask(service).contains(text), "{}", ask(service));
    }
    let head = crate::testing::head("POST", "/", &[]);
    for prefix in ["ssm", "dynamodb", "s3"] {
        assert_eq!(policy.own(prefix, &head).unwrap().service(), prefix);
    }
}
