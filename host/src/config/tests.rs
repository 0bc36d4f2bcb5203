use std::collections::HashMap;
use std::path::Path;

use super::vars::NEVER_PASSED;
use super::*;
use crate::outbound::SecretValue;

const MIB: usize = 1024 * 1024;

fn table(vars: &[(&str, &str)]) -> HashMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    vars.iter().map(owned).collect()
}

/// Reads `vars` with `file` in the task root, unless it is empty.
fn read(file: &str, vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let root = tempfile::tempdir().unwrap();
    if !file.is_empty() {
        std::fs::write(root.path().join(FILE_NAME), file).unwrap();
    }
    let root = root.path().to_str().unwrap();
    let own = [(HANDLER, "handler.wasm"), (TASK_ROOT, root)];
    Config::read(&table(&[&own, vars].concat()))
}

fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    read("", vars)
}

#[track_caller]
fn error(file: &str, vars: &[(&str, &str)]) -> String {
    read(file, vars).unwrap_err().to_string()
}

#[test]
fn memory_of_the_guest_follows_that_of_the_function() {
    for (function, guest_mib, hostcall_mib) in [
        (None, 4096, 32),
        (Some("128"), 104, 8),
        (Some("256"), 224, 16),
        (Some("1024"), 976, 32),
        (Some("32"), 16, 2),
        (Some("10240"), 4096, 32),
    ] {
        let vars: Vec<_> = function.map(|mib| (MEMORY_SIZE, mib)).into_iter().collect();
        let limits = config(&vars).unwrap().guest.limits;
        assert_eq!(limits.memory_bytes, guest_mib * MIB, "{function:?}");
        assert_eq!(limits.hostcall_bytes, hostcall_mib * MIB, "{function:?}");
        assert!(!limits.memory_is_set);
    }
    let more_at_once = [
        (MEMORY_SIZE, "128"),
        ("BOOTSTREAM_LIMITS_HOSTCALL_KIB", "32768"),
    ];
    let limits = config(&more_at_once).unwrap().guest.limits;
    assert_eq!(limits.memory_bytes, 80 * MIB);
    assert!(config(&[(MEMORY_SIZE, "lots")]).is_err());
}

#[test]
fn variables_override_the_file_and_an_empty_one_takes_it_back() {
    let file = "[limits]\nmemory-mib = 64\nstack-kib = 128\n";
    let limits = |value| {
        let vars = [
            ("BOOTSTREAM_LIMITS_MEMORY_MIB", value),
            (MEMORY_SIZE, "128"),
        ];
        read(file, &vars).unwrap().guest.limits
    };
    assert_eq!(limits("32").memory_bytes, 32 * MIB);
    assert_eq!(limits("").memory_bytes, 104 * MIB);
    assert_eq!(limits("32").stack_bytes, 128 * 1024);
}

#[test]
fn every_setting_has_a_variable_of_its_own_and_is_refused_what_makes_no_sense() {
    let mut seen = Vec::new();
    for setting in SETTINGS {
        let variable = setting.variable();
        assert!(!seen.contains(&variable), "{variable}");
        // Any string may be the name of a variable.
        if setting.key != "pass-env" {
            let nonsense = error("", &[(&variable, "no sense")]);
            assert!(nonsense.contains(&variable), "{nonsense}");
            assert!(nonsense.contains(setting.key), "{nonsense}");
            assert!(nonsense.contains("expected"), "{nonsense}");
        }
        seen.push(variable);
    }
}

#[test]
fn connections_are_opened_ahead_only_to_hosts_that_are_allowed_and_kept() {
    let many: Vec<String> = (0..17).map(|n| format!("'a.example:{}'", n + 1)).collect();
    let many = many.join(", ");
    for (settings, words) in [
        ("warm = ['b.example']", "in `outbound.allow`"),
        ("warm = ['http://a.example']", "in `outbound.allow`"),
        ("warm = ['*.example']", "one host such as"),
        ("warm = ['https://a.example/v1']", "one host such as"),
        (
            "warm = ['a.example']\nkeep-alive-s = 0",
            "nothing while `outbound.keep-alive-s` is 0",
        ),
        (&format!("allow = [{many}]\nwarm = [{many}]"), "at most 16"),
        ("keep-alive-s = 301", "a whole number from 0 to 300"),
    ] {
        let allow = "allow = ['a.example', '*.a.example']\n";
        let allow = if settings.starts_with("allow") {
            ""
        } else {
            allow
        };
        let error = error(&format!("[outbound]\n{allow}{settings}"), &[]);
        assert!(error.contains(words), "{settings}: {error}");
    }
    let allowed = "outbound.allow = ['*.example', '*.example:8443']";
    let warm = [(
        "BOOTSTREAM_OUTBOUND_WARM",
        "https://a.example,b.example:8443",
    )];
    let config = read(allowed, &warm).unwrap();
    let warm = config
        .guest
        .outbound
        .warm
        .iter()
        .map(|(it, _)| it.to_string());
    assert_eq!(
        warm.collect::<Vec<_>>(),
        ["https://a.example:443", "https://b.example:8443"]
    );
}

#[test]
fn events_that_are_not_http_have_a_path_unless_it_is_empty() {
    let path = |file: &str, vars: &[(&str, &str)]| {
        let config = read(file, vars).unwrap();
        let path = config.events().events_path.as_ref();
        path.map(|path| path.as_str().to_owned())
    };
    let variable = "BOOTSTREAM_EVENTS_PATH";
    assert_eq!(path("", &[]).as_deref(), Some("/events"));
    assert_eq!(
        path("events-path = '/in box'", &[]).as_deref(),
        Some("/in%20box")
    );
    assert_eq!(path("events-path = ''", &[]), None);
    assert_eq!(path("", &[(variable, "none")]), None);
    assert_eq!(
        path("events-path = ''", &[(variable, "")]).as_deref(),
        Some("/events")
    );
    for wrong in ["events", "/a?b", "/a#b", "http://a/b"] {
        let error = error(&format!("\nevents-path = '{wrong}'"), &[]);
        let words = format!("bootstream.toml:2: `events-path` is `{wrong}`; expected a path");
        assert!(error.contains(&words), "{error}");
    }
}

#[test]
fn a_base_path_is_kept_without_slashes_at_its_end() {
    for (text, base) in [
        ("/orders", Some("/orders")),
        ("/orders/", Some("/orders")),
        ("/a/b", Some("/a/b")),
        ("/", None),
        ("none", None),
        ("", None),
    ] {
        let config = read(&format!("strip-base-path = '{text}'"), &[]).unwrap();
        assert_eq!(config.events().strip_base_path.as_deref(), base, "{text}");
    }
    let error = error("strip-base-path = 'orders'", &[]);
    assert!(error.contains("`strip-base-path` is `orders`"), "{error}");
}

#[test]
fn context_headers_are_opt_in() {
    let vars = [
        (FUNCTION_NAME, "f"),
        (MEMORY_SIZE, "512"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
    ];
    let context = |file| read(file, &vars).unwrap().events().context_headers.clone();
    assert!(context("").is_none());
    assert!(context("context-headers = 'none'").is_none());
    let function = context("context-headers = 'on'").unwrap();
    assert_eq!(function.name, "f");
    assert_eq!(function.memory_mib, 512);
    assert_eq!(function.log_group, "/aws/lambda/f");
    assert!(error("context-headers = 'yes'", &[]).contains("`none` or `on`"));
}

#[test]
fn an_unknown_variable_is_refused_with_those_that_are_known() {
    let error = error("", &[("BOOTSTREAM_PASENV", "A")]);
    for words in ["`BOOTSTREAM_PASENV`", "`BOOTSTREAM_PASS_ENV`"] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_mistake_in_the_file_is_reported_with_its_line() {
    for (file, words) in [
        (
            "\npas-env = []",
            "bootstream.toml:2: unknown setting `pas-env`",
        ),
        (
            "[limits]\nmemory-mib = 5000",
            "bootstream.toml:2: `limits.memory-mib` is `5000`; expected a whole number from 1 to",
        ),
        (
            "outbound.allow = ['a/b']",
            "bootstream.toml:1: `outbound.allow` is `a/b`; expected a host",
        ),
        (
            "pass-env = 'A'",
            "bootstream.toml:1: `pass-env` is `A`; expected a list of strings",
        ),
        ("files.tmp = 'shared'", "expected `none` or `private`"),
        ("pass-env = [", "bootstream.toml:1: "),
    ] {
        let error = error(file, &[]);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_handler_sees_what_describes_the_function_and_what_is_listed() {
    let vars = [
        (FUNCTION_NAME, "f"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("TABLE", "t"),
        ("OTHER", "o"),
        ("BOOTSTREAM_PASS_ENV", " TABLE, UNSET ,,"),
    ];
    let expected = [(FUNCTION_NAME, "f"), ("TABLE", "t")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(config(&vars).unwrap().guest.variables, expected);
    let by_file = read("pass-env = ['TABLE', 'UNSET']", &vars[..4]).unwrap();
    assert_eq!(by_file.guest.variables, expected);
}

#[test]
fn credentials_cannot_be_listed() {
    for name in NEVER_PASSED {
        let vars = [(name, "127.0.0.1:1")];
        for (file, variable, value) in [
            ("", "BOOTSTREAM_PASS_ENV", name.to_owned()),
            ("", "BOOTSTREAM_SECRETS", format!("{name}@a.example")),
        ] {
            let error = error(file, &[&vars[..], &[(variable, &value)]].concat());
            assert!(error.contains(name), "{error}");
        }
    }
}

#[test]
fn a_secret_is_a_placeholder_for_the_handler_whatever_else_is_listed() {
    let vars = [("KEY", "s3cret"), ("BOOTSTREAM_PASS_ENV", "KEY")];
    let config = read("[secrets]\nKEY = ['a.example', 'b.example']", &vars).unwrap();
    let guest = config.guest;
    let seen: Vec<_> = guest
        .variables
        .iter()
        .filter(|(name, _)| name == "KEY")
        .collect();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].1.starts_with("bootstream-secret-KEY-"));
    assert_eq!(guest.outbound.secrets[0].uses.len(), 2);
    assert!(!format!("{guest:?}").contains("s3cret"));
}

#[test]
fn a_secret_that_cannot_be_used_is_refused_without_showing_it() {
    for (setting, value) in [
        ("KEY@a.example", ""),
        ("KEY@a.example", "s3cret\n"),
        ("KEY", "s3cret"),
        ("KEY@a/b", "s3cret"),
        ("@a.example", "s3cret of KEY"),
        ("KEY:@a.example", "s3cret"),
        ("KEY:cookie@a.example", "s3cret"),
        ("KEY:header+@a.example", "s3cret"),
        ("KEY:basic+header@a.example", "s3cret\n"),
        ("KEY:body@a.example,KEY@a.example", "s3cret\n"),
        ("KEY=ssm:/key", "s3cret"),
        ("KEY=s3:/key,KEY@a.example", "s3cret"),
        ("KEY=ssm:/key,KEY=ssm:/key,KEY@a.example", "s3cret"),
    ] {
        let error = error("", &[("BOOTSTREAM_SECRETS", setting), ("KEY", value)]);
        let is_named = error.contains("KEY") || error.contains("`NAME@host`");
        assert!(is_named, "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_secret_has_places_and_a_source_in_the_file_as_in_the_variable() {
    let file = "[secrets]\nKEY = ['a.example']\n\
                LOGIN = { hosts = ['a.example', 'http://b.example'], in = ['basic', 'body'] }\n\
                STORED.from = 'ssm:/prod/key#a'\nSTORED.hosts = ['a.example']\n";
    let variable = "KEY@a.example, LOGIN:basic+body@a.example, LOGIN:basic+body@http://b.example, \
                    STORED@a.example, STORED=ssm:/prod/key#a";
    let values = [
        ("KEY", "k"),
        ("LOGIN", "line\nbreak"),
        ("STORED", "ignored"),
    ];
    for (file, variable) in [(file, "-"), ("", variable)] {
        let set = [("BOOTSTREAM_SECRETS", variable)];
        let set = if file.is_empty() { &set[..] } else { &[] };
        let config = read(file, &[&values[..], set].concat()).unwrap();
        let described = config.guest.outbound.secrets.iter().map(|secret| {
            let uses = secret.uses.iter().map(|it| {
                let places: Vec<_> = it.places.iter().map(|place| place.name()).collect();
                format!("{} {}", it.target, places.join("+"))
            });
            let source = match &secret.value {
                SecretValue::Given(_) => "variable".to_owned(),
                SecretValue::Stored(source) => source.to_string(),
            };
            format!(
                "{} {source}: {}",
                secret.name,
                uses.collect::<Vec<_>>().join(", ")
            )
        });
        let described: Vec<_> = described.collect();
        assert_eq!(
            described,
            [
                "KEY variable: a.example header",
                "LOGIN variable: a.example basic+body, http://b.example basic+body",
                "STORED ssm:/prod/key#a: a.example header",
            ]
        );
        assert!(!format!("{:?}", config.guest).contains("ignored"));
    }
}

#[test]
fn a_secret_that_is_a_wrong_table_is_refused_with_its_line() {
    for (table, words) in [
        (
            "{ hosts = ['a.example'], on = ['body'] }",
            "`secrets.KEY.on`",
        ),
        ("{ hosts = 'a.example' }", "`secrets.KEY.hosts`"),
        ("{ hosts = [] }", "`hosts`"),
        ("{ in = ['body'] }", "`hosts`"),
        ("{ from = 'ssm:/key' }", "`hosts`"),
        (
            "{ hosts = ['a.example'], in = [] }",
            "`header`, `basic` or `body`",
        ),
        ("{ hosts = ['a.example'], in = 'body' }", "`secrets.KEY.in`"),
        (
            "{ hosts = ['a.example'], in = ['url'] }",
            "`header`, `basic` or `body`",
        ),
        ("{ hosts = ['a.example'], from = 7 }", "`secrets.KEY.from`"),
        (
            "{ hosts = ['a.example'], from = '/key' }",
            "`ssm:/path/to/parameter`",
        ),
        ("'a.example'", "a list of hosts"),
    ] {
        let error = error(
            &format!("# Secrets\n[secrets]\nKEY = {table}"),
            &[("KEY", "s3cret")],
        );
        assert!(error.starts_with("bootstream.toml:3: "), "{error}");
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

/// The handler sees the placeholder in a variable of this name.
#[test]
fn a_secret_has_the_name_of_a_variable() {
    for name in ["my key", "a.b", "1A", "caf\u{e9}", "a\\u0000"] {
        let table = "{ hosts = ['a.example'], from = 'ssm:/key' }";
        let error = error(&format!("[secrets]\n\"{name}\" = {table}"), &[]);
        assert!(error.starts_with("bootstream.toml:2: "), "{error}");
        assert!(error.contains("the name of a variable"), "{error}");
    }
}

#[test]
fn the_host_signs_if_a_secret_comes_from_a_store() {
    let folder = tempfile::tempdir().unwrap();
    for (secrets, signs) in [
        ("KEY@a.example,KEY=ssm:/key", true),
        ("KEY@a.example", false),
        ("", false),
    ] {
        let vars = table(&[("BOOTSTREAM_SECRETS", secrets)]);
        assert_eq!(signs_requests(folder.path(), &vars), signs, "{secrets}");
    }
}

#[test]
fn a_secret_that_is_not_set_is_reported_with_its_own_line_and_how_to_set_it() {
    let file = "[secrets]\nKEY = ['a.example']\nUPSTREAM_KEY = ['b.example']\n";
    let error = error(file, &[("KEY", "k")]);
    assert!(error.starts_with("bootstream.toml:3: "), "{error}");
    for words in ["`UPSTREAM_KEY` is not set", "`--env UPSTREAM_KEY=...`"] {
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn variables_of_the_tools_and_their_documents_are_no_mistakes() {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = std::collections::BTreeSet::new();
    for folder in [".", "docs", "scripts", ".ci", "benches"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let Ok(text) = std::fs::read_to_string(entry.unwrap().path()) else {
                continue;
            };
            let rests = text.split("BOOTSTREAM_").skip(1);
            let names = rests.filter_map(|rest| rest.split(|c| !is_part(c)).next());
            let names = names.filter(|name| !name.is_empty());
            found.extend(names.map(|name| format!("BOOTSTREAM_{name}")));
        }
    }
    assert!(found.contains("BOOTSTREAM_NO_RUSTUP"), "{found:?}");
    for name in found {
        assert!(config(&[(&name, "")]).is_ok(), "{name}");
    }
}

#[test]
fn concurrency_is_one_unless_lambda_says_more() {
    for (value, expected) in [
        ("4", 4),
        ("1", 1),
        ("0", 1),
        ("-3", 1),
        ("many", 1),
        ("", 1),
    ] {
        assert_eq!(
            config(&[(MAX_CONCURRENCY, value)]).unwrap().max_concurrency,
            expected
        );
    }
    assert_eq!(config(&[]).unwrap().max_concurrency, 1);
    assert!(config(&[(MAX_CONCURRENCY, "1001")]).is_err());
}

#[test]
fn the_functions_timeout_is_in_whole_seconds() {
    let timeout = |value| config(&[(FUNCTION_TIMEOUT, value)]).map(|it| it.function_timeout);
    assert_eq!(timeout("3").unwrap(), Some(Duration::from_secs(3)));
    assert_eq!(timeout("").unwrap(), None);
    for nonsense in ["0", "-1", "1.5", "soon"] {
        let error = timeout(nonsense).unwrap_err().to_string();
        assert!(error.contains(FUNCTION_TIMEOUT), "{error}");
        assert!(error.contains("seconds"), "{error}");
    }
}

#[test]
fn a_missing_handler_or_endpoint_says_what_to_do() {
    let nothing = table(&[]);
    let error = Config::read(&nothing).unwrap_err().to_string();
    assert!(error.contains("handler.wasm"), "{error}");
    let error = endpoint(&nothing).unwrap_err().to_string();
    assert!(error.contains("bootstream dev"), "{error}");
}

const DOCUMENT: &str = include_str!("../../../docs/guide/configuration.md");

#[test]
fn every_setting_is_documented_as_it_is() {
    let rows: Vec<&str> = DOCUMENT
        .lines()
        .filter(|line| line.contains("| `BOOTSTREAM_"))
        .collect();
    let expected = SETTINGS.map(|setting| {
        let (key, variable) = (setting.key, setting.variable());
        let (default, meaning) = (setting.default, setting.meaning);
        format!("| `{key}` | `{variable}` | {default} | {meaning} |")
    });
    assert_eq!(rows, expected);
}

#[test]
fn the_documented_example_can_be_used() {
    let (_, example) = DOCUMENT.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let config = read(example, &[("API_KEY", "k"), ("TABLE_NAME", "t")]).unwrap();
    assert_eq!(config.guest.outbound.allow.len(), 3);
    assert_eq!(config.guest.limits.memory_bytes, 256 * MIB);
}

#[test]
fn files_that_settings_name_are_returned_with_their_lines() {
    let text = "[package]\ninclude = ['web/**']\n[outbound]\nca-file = 'certs/ca.pem'\n";
    let file = NamedFile {
        key: "outbound.ca-file",
        path: "certs/ca.pem".to_owned(),
        origin: "app/bootstream.toml:4".to_owned(),
    };

    assert_eq!(named_files(text, "app/bootstream.toml").unwrap(), [file]);
    assert_eq!(named_files("", FILE_NAME).unwrap(), []);
    let error = named_files("outbound.ca-file = ['a']", FILE_NAME).unwrap_err();
    assert!(error.to_string().contains("expected a string"), "{error}");
}

#[test]
fn a_handler_is_read_ahead_unless_that_is_off() {
    assert!(read("", &[]).unwrap().warm);
    assert!(read("init.warm = 'auto'", &[]).unwrap().warm);
    assert!(!read("init.warm = 'off'", &[]).unwrap().warm);
    let error = error("[init]\nwarm = true", &[]);
    assert!(error.contains("init.warm"), "{error}");
    for (value, expected) in [
        ("", Initialization::OnDemand),
        ("on-demand", Initialization::OnDemand),
        ("of a later Lambda", Initialization::OnDemand),
        ("provisioned-concurrency", Initialization::Ahead),
        ("lambda-managed-instances", Initialization::Ahead),
        ("snap-start", Initialization::SnapStart),
    ] {
        let config = read("", &[(INITIALIZATION_TYPE, value)]).unwrap();
        assert_eq!(config.initialization, expected, "{value}");
    }
}
