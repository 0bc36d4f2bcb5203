use super::*;

fn full_uri(uri: &str) -> Result<Option<ContainerEndpoint>, InvalidEndpoint> {
    ContainerVariables {
        full_uri: Some(uri.to_owned()),
        ..ContainerVariables::default()
    }
    .endpoint(None)
}

#[test]
fn a_whole_address_is_taken_apart() {
    for (uri, host, port, path) in [
        (
            "http://127.0.0.1:9001/2021-04-23/credentials",
            "127.0.0.1",
            9001,
            "/2021-04-23/credentials",
        ),
        ("http://localhost/a?b=c", "localhost", 80, "/a?b=c"),
        (
            "http://[fd00:ec2::23]/v1/credentials",
            "fd00:ec2::23",
            80,
            "/v1/credentials",
        ),
    ] {
        let endpoint = full_uri(uri).unwrap().unwrap();
        let found = (endpoint.host(), endpoint.port(), endpoint.path());
        assert_eq!(found, (host, port, path));
    }
}

#[test]
fn other_addresses_are_refused_with_their_variable() {
    for uri in [
        "",
        "/path",
        "https://h/",
        "http://a@b/",
        "ftp://h/",
        "http://h:port/",
        "http:///x",
    ] {
        let error = full_uri(uri).unwrap_err().to_string();
        assert!(error.contains(FULL_URI), "{error}");
        assert!(error.contains(&format!("`{uri}`")), "{error}");
    }
}

#[test]
fn a_relative_address_is_on_the_agent_and_comes_first() {
    let variables = |path: &str| ContainerVariables {
        relative_uri: Some(path.to_owned()),
        full_uri: Some("http://127.0.0.1:1/".to_owned()),
        ..ContainerVariables::default()
    };
    let endpoint = variables("/v2/credentials/x")
        .endpoint(None)
        .unwrap()
        .unwrap();
    assert_eq!(endpoint.host(), "169.254.170.2");
    assert_eq!(endpoint.path(), "/v2/credentials/x");
    for path in ["", ".evil.example/x", "@evil.example/x", ":81/x"] {
        let error = variables(path).endpoint(None).unwrap_err().to_string();
        assert!(error.contains(RELATIVE_URI), "{error}");
    }
}

#[test]
fn hosts_that_are_not_asked_are_not_reached_either() {
    for (full_uri, host, port) in [
        ("http://localhost/x", "localhost", 80),
        ("https://h.example/x", "h.example", 443),
        ("http://[::1]:7/x", "::1", 7),
    ] {
        let variables = ContainerVariables {
            full_uri: Some(full_uri.to_owned()),
            relative_uri: Some("/x".to_owned()),
            ..ContainerVariables::default()
        };
        let forbidden = |host: &str, port| Forbidden {
            host: host.to_owned(),
            port,
        };
        let expected = [forbidden("169.254.170.2", 80), forbidden(host, port)];
        assert_eq!(variables.hosts(), expected);
    }
    assert!(ContainerVariables::default().hosts().is_empty());
}

#[test]
fn without_an_address_there_is_no_endpoint() {
    let variables = ContainerVariables {
        token: Some("t".to_owned()),
        ..ContainerVariables::default()
    };
    assert!(variables.endpoint(None).unwrap().is_none());
}

#[test]
fn a_token_in_a_file_comes_before_one_in_a_variable_and_none_is_shown() {
    let endpoint = ContainerVariables {
        full_uri: Some("http://127.0.0.1/".to_owned()),
        token: Some("s3cret".to_owned()),
        ..ContainerVariables::default()
    };
    let endpoint = endpoint.endpoint(None).unwrap().unwrap();
    assert!(matches!(endpoint.token(), Token::Value(token) if token == "s3cret"));
    assert!(!format!("{endpoint:?}").contains("s3cret"));
    let endpoint = ContainerVariables {
        full_uri: Some("http://127.0.0.1/".to_owned()),
        token: Some("s3cret".to_owned()),
        token_file: Some("/run/token".to_owned()),
        ..ContainerVariables::default()
    };
    let endpoint = endpoint.endpoint(None).unwrap().unwrap();
    assert!(matches!(endpoint.token(), Token::File(_)));
}

#[test]
fn only_this_machine_and_its_agents_are_asked() {
    for (address, trusted) in [
        ("127.0.0.1", true),
        ("127.1.2.3", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("169.254.170.2", true),
        ("169.254.170.23", true),
        ("fd00:ec2::23", true),
        ("169.254.169.254", false),
        ("169.254.170.3", false),
        ("10.0.0.1", false),
        ("1.1.1.1", false),
        ("0.0.0.0", false),
        ("fd00:ec2::254", false),
    ] {
        let endpoint = full_uri("http://h/").unwrap().unwrap();
        let trusts = endpoint.trusts(address.parse().unwrap());
        assert_eq!(trusts, trusted, "{address}");
    }
}

#[test]
fn the_host_of_the_runtime_api_is_trusted_wherever_it_is() {
    let variables = || ContainerVariables {
        full_uri: Some("http://169.254.100.1:9001/credentials".to_owned()),
        ..ContainerVariables::default()
    };
    for (runtime_api, trusted) in [(Some("169.254.100.1"), true), (Some("127.0.0.1"), false)] {
        let endpoint = variables().endpoint(runtime_api).unwrap().unwrap();
        assert_eq!(endpoint.trusts("169.254.100.1".parse().unwrap()), trusted);
    }
}
