use super::super::secret::{Place, Text, Use};
use super::*;

fn to(uri: &str) -> Destination {
    Destination::of(&uri.parse().unwrap()).unwrap()
}

fn policy(allow: &[&str], private: &[&str]) -> Policy {
    Policy {
        allow: allow.iter().map(|text| text.parse().unwrap()).collect(),
        private: private
            .iter()
            .map(|text| address::parse_network(text).unwrap())
            .collect(),
        ..Policy::default()
    }
}

fn choose(policy: &Policy, uri: &str, found: &[&str]) -> Option<String> {
    let found: Vec<SocketAddr> = found.iter().map(|text| text.parse().unwrap()).collect();
    let api = ["127.0.0.1:9001".parse().unwrap()];
    let chosen = policy.choose(&to(uri), Reach::Listed, &found, &api);
    chosen.map(|address| address.to_string())
}

fn reaches(reach: Reach, uri: &str, address: &str) -> bool {
    let found = [address.parse().unwrap()];
    let forbidden = ["127.0.0.1:9001", "169.254.170.2:80", "10.9.9.9:443"]
        .map(|address| address.parse().unwrap());
    let policy = Policy::default();
    policy.choose(&to(uri), reach, &found, &forbidden).is_some()
}

#[test]
fn an_aws_service_may_have_a_private_address_over_tls_only() {
    let uri = "https://dynamodb.eu-central-1.amazonaws.com/";
    for (address, reached) in [
        ("10.20.0.7:443", true),
        ("[fd12::1]:443", true),
        ("1.1.1.1:443", true),
        ("127.0.0.1:443", false),
        ("[::1]:443", false),
        ("169.254.169.254:443", false),
        ("[fd00:ec2::254]:443", false),
        ("[::ffff:127.0.0.1]:443", false),
        ("0.0.0.0:443", false),
        ("10.9.9.9:443", false),
    ] {
        assert_eq!(reaches(Reach::Service, uri, address), reached, "{address}");
    }
    let plain = "http://dynamodb.eu-central-1.amazonaws.com/";
    assert!(!reaches(Reach::Service, plain, "10.20.0.7:80"));
    assert!(!reaches(Reach::Listed, uri, "10.20.0.7:443"));
}

#[test]
fn a_named_endpoint_without_tls_is_on_this_machine_or_in_a_private_network() {
    for (address, with_tls, plain) in [
        ("127.0.0.1:8000", true, true),
        ("10.20.0.7:8000", true, true),
        ("1.1.1.1:8000", true, false),
        ("169.254.169.254:8000", false, false),
        ("169.254.170.2:80", false, false),
        ("127.0.0.2:9001", false, false),
        ("[fd00:ec2::254]:8000", false, false),
        ("0.0.0.0:8000", false, false),
    ] {
        let https = "https://stand-in.example:8000/";
        let http = "http://stand-in.example:8000/";
        assert_eq!(reaches(Reach::Named, https, address), with_tls, "{address}");
        assert_eq!(
            reaches(Reach::NamedPlain, http, address),
            plain,
            "{address}"
        );
        assert!(!reaches(Reach::Named, http, address), "{address}");
    }
}

#[test]
fn nothing_is_allowed_unless_it_is_listed() {
    assert!(!Policy::default().allows(&to("https://example.com/")));
    let policy = policy(&["*.example.com"], &[]);
    assert!(policy.allows(&to("https://a.example.com/")));
    assert!(!policy.allows(&to("https://example.com.evil.example/")));
}

#[test]
fn a_name_that_resolves_to_a_private_address_is_passed_over() {
    let policy = policy(&["a.example"], &[]);
    let uri = "https://a.example/";
    assert_eq!(choose(&policy, uri, &["127.0.0.1:443"]), None);
    assert_eq!(choose(&policy, uri, &["[::ffff:10.0.0.1]:443"]), None);
    assert_eq!(choose(&policy, uri, &["169.254.169.254:443"]), None);
    let mixed = ["10.0.0.1:443", "1.1.1.1:443"];
    assert_eq!(choose(&policy, uri, &mixed).unwrap(), "1.1.1.1:443");
}

#[test]
fn private_addresses_are_reached_if_they_are_listed() {
    let by_network = policy(&["http://a.example"], &["10.0.0.0/8"]);
    let uri = "http://a.example/";
    assert!(choose(&by_network, uri, &["10.9.9.9:80"]).is_some());
    assert!(choose(&by_network, uri, &["[::ffff:10.9.9.9]:80"]).is_some());
    assert!(choose(&by_network, uri, &["192.168.0.1:80"]).is_none());
    let by_name = policy(&["http://127.0.0.1:81"], &[]);
    assert!(choose(&by_name, "http://127.0.0.1:81/", &["127.0.0.1:81"]).is_some());
    assert!(choose(&by_name, "http://127.0.0.1:80/", &["127.0.0.1:80"]).is_none());
}

#[test]
fn forbidden_hosts_and_what_is_no_peer_are_never_reached() {
    let all = policy(&["http://*.example:9001"], &["0.0.0.0/0", "::/0"]);
    let uri = "http://a.example:9001/";
    for address in [
        "127.0.0.1:9001",
        "127.0.0.2:9001",
        "[::1]:9001",
        "[::ffff:127.0.0.1]:9001",
        "0.0.0.0:9001",
        "[::]:9001",
        "224.0.0.1:9001",
    ] {
        assert_eq!(choose(&all, uri, &[address]), None, "{address}");
    }
    assert!(choose(&all, uri, &["127.0.0.1:9002"]).is_some());
}

#[test]
fn a_secret_is_idle_at_hosts_that_no_request_may_go_to() {
    for (allowed, host, idle) in [
        ("api.example", "api.example", false),
        ("*.example", "api.example", false),
        ("api.example", "*.example", false),
        ("*.api.example", "*.example", false),
        ("https://api.example:443", "API.example", false),
        ("api.example", "other.example", true),
        ("*.example", "example", true),
        ("api.example", "http://api.example", true),
        ("api.example", "api.example:8443", true),
        ("10.0.0.1", "10.0.0.2", true),
    ] {
        let mut secret = Secret::new("KEY", Value::Given(Text::new("s3cret")));
        secret.uses.push(Use {
            target: host.parse().unwrap(),
            places: vec![Place::Header],
        });
        let policy = Policy {
            allow: vec![allowed.parse().unwrap()],
            secrets: vec![secret],
            ..Policy::default()
        };
        let found: Vec<_> = policy.idle_secrets().map(|(name, _)| name).collect();
        assert_eq!(!found.is_empty(), idle, "{allowed} {host}");
    }
}
