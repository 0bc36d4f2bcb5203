use super::*;

fn text(prefix: &str, url: &str) -> String {
    match CustomEndpoint::new(prefix, url) {
        Ok(endpoint) => endpoint.url(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_entry_is_a_url_without_a_path() {
    for (url, kept) in [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("http://localhost:4566", "http://localhost:4566"),
        ("http://minio:9000", "http://minio:9000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[fd12::1]:8000", "http://[fd12::1]:8000"),
        ("http://10.0.0.1", "http://10.0.0.1"),
        ("http://100.64.0.1", "http://100.64.0.1"),
        ("https://203.0.113.1", "https://203.0.113.1"),
        (
            "https://A1b2.execute-api.eu-central-1.amazonaws.com",
            "https://a1b2.execute-api.eu-central-1.amazonaws.com",
        ),
    ] {
        assert_eq!(text("dynamodb", url), kept);
    }
}

#[test]
fn entries_that_show_or_lend_the_key_are_refused() {
    for (url, reason) in [
        ("127.0.0.1:8000", "is not a URL with a host"),
        ("", "is not a URL;"),
        ("ftp://a", "is not a URL with a host"),
        ("https://a@b", "is not a URL with a host"),
        ("https://a/path", "has a path"),
        ("https://a/?q", "has a path"),
        ("http://52.1.1.1:8000", "is http to a public address"),
        ("http://[2600:1f18::1]", "is http to a public address"),
        ("http://[::ffff:52.1.1.1]", "is http to a public address"),
        ("http://100.128.0.1", "is http to a public address"),
        (
            "http://dynamodb.eu-central-1.amazonaws.com",
            "is http to an endpoint of AWS",
        ),
        ("http://169.254.169.254", "is an address without a service"),
        ("https://169.254.170.2", "is an address without a service"),
        (
            "http://[::ffff:169.254.169.254]",
            "is an address without a service",
        ),
        ("http://[fd00:ec2::23]", "is an address without a service"),
        ("http://[fe80::1]", "is an address without a service"),
        ("http://0.0.0.0:8000", "is an address without a service"),
        ("http://224.0.0.1", "is an address without a service"),
        (
            "https://ec2-1-2-3-4.eu-central-1.compute.amazonaws.com",
            "is a name that AWS gives",
        ),
        (
            "https://ec2-1-2-3-4.compute-1.amazonaws.com",
            "is a name that AWS gives",
        ),
        (
            "https://lb-1.eu-central-1.elb.amazonaws.com",
            "is a name that AWS gives",
        ),
        (
            "https://lb-1.elb.eu-central-1.amazonaws.com",
            "is a name that AWS gives",
        ),
        (
            "https://b.s3-website.eu-central-1.amazonaws.com",
            "is a name that AWS gives",
        ),
        (
            "https://b.s3-website-us-east-1.amazonaws.com",
            "is a name that AWS gives",
        ),
        (
            "https://a1.awsglobalaccelerator.com",
            "is a name that AWS gives",
        ),
        (
            "https://vpce-1.vpce-svc-2.eu-central-1.vpce.amazonaws.com",
            "is a name that AWS gives",
        ),
    ] {
        let text = text("dynamodb", url);
        assert!(
            text.contains(reason) && text.contains("; expected"),
            "{url}: {text}"
        );
    }
    assert!(text("DynamoDB", "http://127.0.0.1").contains("`DynamoDB` is not a service"));
    assert!(text("*", "http://127.0.0.1").contains("`*` is not a service"));
}

#[test]
fn variables_are_those_that_sdks_read() {
    for (prefix, variables) in [
        ("dynamodb", &["AWS_ENDPOINT_URL_DYNAMODB"][..]),
        ("bedrock-runtime", &["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"]),
        ("streams.dynamodb", &["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"]),
        ("states", &["AWS_ENDPOINT_URL_SFN"]),
        ("s3", &["AWS_ENDPOINT_URL_S3"]),
        ("execute-api", &["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"]),
    ] {
        let endpoint = CustomEndpoint::new(prefix, "http://127.0.0.1:1").unwrap();
        assert_eq!(endpoint.variables(), variables);
    }
}

#[test]
fn a_host_that_names_one_region_is_there() {
    for (host, found) in [
        (
            "a1.execute-api.eu-central-1.amazonaws.com",
            Some("eu-central-1"),
        ),
        ("search-x.eu-west-1.es.amazonaws.com", Some("eu-west-1")),
        ("x.lambda-url.us-west-2.on.aws", Some("us-west-2")),
        ("eu-west-1.us-west-2.example", None),
        ("minio", None),
    ] {
        assert_eq!(region(host).name(), found, "{host}");
    }
}
