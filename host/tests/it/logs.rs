//! Standard output: log lines of the host and of the handlers.

use bootstream_test_support::assert_contains;
use bootstream_test_support::process::{Running, serving, serving_with};
use bootstream_test_support::recorder::Event;
use bootstream_test_support::steps::write;
use serde_json::{Value, json};

const JSON: (&str, &str) = ("AWS_LAMBDA_LOG_FORMAT", "JSON");

const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

/// A record of each level.
fn at_every_level() -> Value {
    let record = |level: &str| json!({"log": {"level": level, "message": format!("a {level}")}});
    Value::from_iter(LEVELS.map(record))
}

/// Every line as JSON, with the fields Lambda needs.
#[track_caller]
fn records(host: &Running) -> Vec<Value> {
    assert_eq!(host.stderr(), [""; 0]);
    let lines = host.stdout();
    let records = lines.iter().map(|line| {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("`{line}`"));
        for name in ["timestamp", "level", "message"] {
            assert!(record[name].is_string(), "no `{name}` in `{line}`");
        }
        record
    });
    records.collect()
}

fn talkative() -> Value {
    json!([
        {"print": "printed to stdout\n"},
        {"eprint": "printed to stderr\n"},
        {"error": "returned as an error"}
    ])
}

#[test]
fn records_of_the_handler_have_its_levels_and_are_filtered_by_them() {
    let (lambda, host) = serving_with(&[JSON, ("AWS_LAMBDA_LOG_LEVEL", "WARN")]);
    lambda.script("id-1", &at_every_level());
    lambda.complete_response("id-1");
    host.logged("a error");

    let records = records(&host);

    let seen = records
        .iter()
        .map(|record| [&record["level"], &record["message"], &record["requestId"]]);
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [["WARN", "a warn", "id-1"], ["ERROR", "a error", "id-1"]]
    );
}

#[test]
fn at_trace_every_record_of_the_handler_is_logged_and_none_of_a_library() {
    let (lambda, host) = serving_with(&[JSON, ("AWS_LAMBDA_LOG_LEVEL", "TRACE")]);
    lambda.script("id-1", &at_every_level());
    lambda.complete_response("id-1");
    host.logged("a error");

    let records = records(&host);

    let of_handler = records.iter().filter(|it| it["target"] == "handler");
    let seen = of_handler.map(|it| [&it["level"], &it["message"], &it["requestId"]]);
    let expected = LEVELS.map(|it| [it.to_uppercase(), format!("a {it}"), "id-1".to_owned()]);
    assert_eq!(json!(seen.collect::<Vec<_>>()), json!(expected));
    let traces = records.iter().filter(|it| it["level"] == "TRACE");
    assert_eq!(traces.count(), 1, "{records:?}");
}

#[test]
fn json_logs_are_one_object_in_each_line() {
    for format in ["JSON", "json"] {
        let (lambda, host) = serving_with(&[("AWS_LAMBDA_LOG_FORMAT", format)]);
        lambda.script("id-1", &talkative());
        lambda.reported_error("id-1", "Function.Error");
        host.logged("returned as an error");

        let records = records(&host);

        let find = |text: &str| {
            let mut found = records.iter();
            let found = found.find(|record| record["message"].to_string().contains(text));
            found.unwrap_or_else(|| panic!("no `{text}` in {records:?}"))
        };
        for (text, level) in [
            ("printed to stdout", "INFO"),
            ("printed to stderr", "WARN"),
            ("returned as an error", "ERROR"),
        ] {
            assert_eq!(find(text)["level"], level);
            assert_eq!(find(text)["requestId"], "id-1");
        }
        assert_eq!(find("returned as an error")["errorType"], "Function.Error");
        assert_eq!(find("printed to stdout")["message"], "printed to stdout");
    }
}

/// A record with fields of every kind, one of a name that the host uses, and one too many for its size.
fn record_with_fields() -> Value {
    let fields = json!([
        ["country", "New Zealand"],
        ["order", 7],
        ["price", 0.5],
        ["paid", true],
        ["requestId", "forged"],
        ["large", "x".repeat(40 * 1024)],
    ]);
    json!([{"log": {"level": "warn", "message": "sold", "target": "shop::till", "fields": fields}}])
}

#[test]
fn fields_of_a_record_are_members_in_json() {
    let (lambda, host) = serving_with(&[JSON]);
    lambda.script("id-1", &record_with_fields());
    lambda.complete_response("id-1");
    host.logged("sold");

    let mut record = records(&host).remove(0);

    record.as_object_mut().unwrap().remove("timestamp");
    let expected = json!({
        "level": "WARN", "message": "sold", "requestId": "id-1", "country": "New Zealand", "order": 7,
        "price": 0.5, "paid": true, "requestId_": "forged", "omittedFields": 1,
        "target": "handler::shop::till",
    });
    assert_eq!(record, expected);
}

#[test]
fn fields_of_a_record_follow_its_message_in_text() {
    let (lambda, host) = serving();
    lambda.script("id-1", &record_with_fields());
    lambda.complete_response("id-1");

    let line = host.logged("sold");

    let (_time, line) = line.split_once(' ').unwrap();
    assert_eq!(
        line,
        " WARN handler::shop::till: sold country=\"New Zealand\" order=7 price=0.5 paid=true \
         requestId_=forged omittedFields=1 requestId=id-1"
    );
}

#[test]
fn a_failure_is_logged_with_what_its_handler_has_used() {
    let (lambda, host) = serving_with(&[JSON]);
    lambda.script(
        "id-1",
        &json!([{"grow_memory": 9_000_000}, {"sleep_ms": 50}, "trap"]),
    );
    lambda.reported_error("id-1", "Function.Trap");
    host.logged("handler failed");

    let records = records(&host);

    let failed = &records[0];
    let memory = failed["memoryMib"].as_u64().expect("a number");
    assert!((9..20).contains(&memory), "{failed}");
    assert!(failed["milliseconds"].as_u64() >= Some(50), "{failed}");
    let frames = failed["stackTrace"].to_string();
    assert!(frames.contains("resources.rs:"), "{failed}");
}

/// The basis for choosing the function's memory.
#[test]
fn what_an_invocation_has_used_is_logged_at_debug_or_where_it_is_asked_for() {
    for (name, value, logged) in [
        ("AWS_LAMBDA_LOG_LEVEL", "INFO", false),
        ("AWS_LAMBDA_LOG_LEVEL", "DEBUG", true),
        ("BOOTSTREAM_LOG_USAGE", "info", true),
    ] {
        let (lambda, host) = serving_with(&[JSON, (name, value)]);
        let steps =
            json!([{"grow_memory": 9_000_000}, {"sleep_ms": 50}, write("12345"), write("67")]);
        lambda.script("id-1", &steps);
        lambda.complete_response("id-1");
        // Written before the awaited poll, and read soon.
        lambda.script("id-2", &json!([{"eprint": "the end\n"}]));
        host.logged("the end");

        let records = records(&host);

        let used = |id: &str| {
            let mut all = records.iter();
            all.find(|record| record["target"] == "usage" && record["requestId"] == id)
        };
        let Some(used) = used("id-1") else {
            assert!(!logged, "{records:?}");
            continue;
        };
        assert!(logged, "{records:?}");
        let memory = used["memoryMib"].as_u64().expect("a number");
        assert!((9..20).contains(&memory), "{used}");
        let time = used["milliseconds"].as_u64().expect("a number");
        assert!((50..5000).contains(&time), "{used}");
        assert_eq!(used["bytes"], 7, "{used}");
    }
}

#[test]
fn a_level_leaves_out_what_is_below_it() {
    for (level, seen) in [
        ("DEBUG", [true, true, true]),
        ("INFO", [true, true, true]),
        ("WARN", [false, true, true]),
        ("ERROR", [false, false, true]),
        ("FATAL", [false, false, true]),
    ] {
        let (lambda, host) = serving_with(&[JSON, ("AWS_LAMBDA_LOG_LEVEL", level)]);
        lambda.script("id-1", &talkative());
        lambda.reported_error("id-1", "Function.Error");
        host.logged("returned as an error");

        let log = host.stdout().join("\n");

        for (text, seen) in [
            "printed to stdout",
            "printed to stderr",
            "returned as an error",
        ]
        .iter()
        .zip(seen)
        {
            assert_eq!(log.contains(text), seen, "{level}: {text}");
        }
        records(&host);
    }
}

/// A function with tenants can separate their lines.
#[test]
fn lines_of_a_tenant_have_its_id() {
    let (lambda, host) = serving_with(&[JSON]);
    for (id, tenant) in [("id-1", Some("blue")), ("id-2", None)] {
        let mut event = Event::script(id, &talkative());
        if let Some(tenant) = tenant {
            event = event.header("Lambda-Runtime-Aws-Tenant-Id", tenant);
        }
        lambda.enqueue(event);
        lambda.reported_error(id, "Function.Error");
    }
    host.line("the last line", |line| {
        line.contains("returned as an error") && line.contains("id-2")
    });

    let records = records(&host);

    assert_eq!(records.len(), 6);
    for record in records {
        let expected = (record["requestId"] == "id-1").then_some("blue");
        assert_eq!(record["tenantId"].as_str(), expected, "{record}");
    }
}

#[test]
fn text_logs_name_the_request_in_each_line() {
    let (lambda, host) = serving();
    lambda.script("id-1", &talkative());
    lambda.reported_error("id-1", "Function.Error");

    for (text, level) in [
        ("printed to stdout", "INFO"),
        ("printed to stderr", "WARN"),
        ("returned as an error", "ERROR"),
    ] {
        let line = host.logged(text);
        assert!(line.contains(level) && line.contains("id-1"), "{line}");
    }
    assert_eq!(host.stderr(), [""; 0]);
}

#[test]
fn lines_of_two_handlers_do_not_mix() {
    let (lambda, host) = serving_with(&[JSON, ("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    lambda.idle(2);
    let steps = |id: &str| {
        let lines = (0..20).flat_map(|_| {
            [
                json!({"print": format!("{id}-a\n{id}-b")}),
                json!({"sleep_ms": 5}),
                json!({"print": format!("{id}-c\n")}),
            ]
        });
        let partial = json!({"print": format!("{id}-partial")});
        lines.chain([partial, write("x")]).collect::<Value>()
    };
    let ids = ["one", "two"];
    lambda.enqueue_all(ids.map(|id| Event::script(id, &steps(id))).into());
    lambda.idle(2);
    for id in ids {
        host.logged(&format!("{id}-partial"));
    }

    let records = records(&host);

    for id in ids {
        let own = records.iter().filter(|record| record["requestId"] == id);
        let own: Vec<_> = own
            .filter_map(|record| record["message"].as_str())
            .collect();
        let pair = [format!("{id}-a"), format!("{id}-b{id}-c")];
        let mut expected = pair.iter().map(String::as_str).cycle().take(40);
        let partial = format!("{id}-partial");
        assert_eq!(own.len(), 41, "{own:?}");
        assert!(own[..40].iter().all(|line| Some(*line) == expected.next()));
        assert_eq!(own[40], partial);
    }
    assert_eq!(records.len(), 82, "{records:?}");
}

/// One line that a handler prints is one line of the log.
#[test]
fn a_traceback_is_one_record() {
    let traceback = "Traceback (most recent call last):\n  File \"/app.py\", line 3, in handle\n    \
                     raise ValueError('no luck')\nValueError: no luck";
    // Python writes it in parts.
    let (first, second) = traceback.split_at(50);
    let steps = json!([
        {"eprint": "before\n"}, {"eprint": first}, {"eprint": second}, {"eprint": "\nafter\n"},
        {"eprint": "Traceback (most recent call last):\n  cut\n"}, write("x"),
    ]);
    for format in ["JSON", "Text"] {
        let (lambda, host) = serving_with(&[("AWS_LAMBDA_LOG_FORMAT", format)]);
        lambda.script("id-1", &steps);
        lambda.complete_response("id-1");
        host.logged("  cut");

        assert_eq!(host.stdout().len(), 4, "{:?}", host.stdout());
        if format == "JSON" {
            let records = records(&host);
            assert_eq!(records[1]["message"], traceback);
            assert_eq!(records[1]["level"], "WARN");
        } else {
            let line = host.logged("ValueError: no luck requestId=id-1");
            assert_contains(&line, &traceback.replace('\n', "\\n"));
        }
    }
}

#[test]
fn control_characters_cannot_forge_a_line() {
    let (lambda, host) = serving_with(&[JSON]);
    let forged = "a\r\u{1b}[2K{\"level\":\"ERROR\"}\u{0}\n";
    lambda.script("id-1", &json!([{"print": forged}, write("x")]));
    lambda.complete_response("id-1");
    host.logged("level");

    let records = records(&host);

    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["message"], forged.trim_end_matches('\n'));
    assert_eq!(records[0]["level"], "INFO");
}

#[test]
fn text_logs_have_no_control_character_whatever_its_source() {
    let (lambda, host) = serving();
    let text = "a\r2026 ERROR b\u{1b}[2K\u{0}\u{7f}\u{85}\u{2028}\u{2029}\tc \u{e9}";
    let shown = "a\\r2026 ERROR b\\u{1b}[2K\\u{0}\\u{7f}\\u{85}\\u{2028}\\u{2029}\tc \u{e9}";
    lambda.script(
        "id-1",
        &json!([
            {"print": format!("out {text}\n")},
            {"eprint": format!("err {text}\n")},
            {"log": {"level": "info", "message": format!("log {text}\n2026 ERROR more")}},
            {"error": format!("end {text}")},
        ]),
    );
    lambda.reported_error("id-1", "Function.Error");

    for start in ["out", "err", "log", "end"] {
        let line = host.logged(&format!("{start} a"));
        assert_contains(&line, &format!("{start} {shown}"));
    }
    assert!(host.logged("log a").contains("\\n2026 ERROR more"));
    assert_eq!(host.stdout().len(), 4, "{:?}", host.stdout());
}

/// `CloudWatch` reads metrics only from a log event that is a metrics document and nothing else.
#[test]
fn metrics_that_a_handler_prints_are_lines_of_their_own_in_either_format() {
    let document = |pad: usize| {
        json!({
            "_aws": {
                "Timestamp": 1_574_109_732_004_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "n",
                    "Dimensions": [["Function"]],
                    "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"}],
                }],
            },
            "Function": "f\"\n",
            "Latency": 7.5,
            "pad": "x".repeat(pad),
        })
        .to_string()
    };
    for format in ["Text", "JSON"] {
        let (lambda, host) = serving_with(&[("AWS_LAMBDA_LOG_FORMAT", format)]);
        let (small, large) = (document(0), document(1_000_000));
        let (start, end) = small.split_at(30);
        lambda.script(
            "id-1",
            &json!([
                {"print": format!("before\n{small}\nbehind\n")},
                {"eprint": format!("{large}\r\n")},
                {"print": start}, {"print": end},
                {"log": {"level": "info", "message": small}},
                {"print": "\n{\"_aws\": {}}\n"},
                {"print": format!(" {small}\nlast\n")},
            ]),
        );
        lambda.complete_response("id-1");
        host.logged("last");

        let lines = host.stdout();
        let is = |line: &str, text: &str| stamped(line).as_deref() == Some(text);
        let found = |text: &str| lines.iter().filter(|line| is(line, text)).count();
        assert_eq!((found(&small), found(&large)), (2, 1), "{lines:?}");
        let wrapped = lines.iter().filter(|line| line.contains("id-1"));
        assert_eq!(wrapped.count(), 3 + 6, "{lines:?}");
        let place = |text: &str| lines.iter().position(|line| line.contains(text));
        let at = lines.iter().position(|line| is(line, &small));
        assert!(place("before") < at && at < place("behind"), "{lines:?}");
    }
}

/// The document in a line of metrics, without what the host has added for the invocation `id-1`.
fn stamped(line: &str) -> Option<String> {
    let mut document: Value = serde_json::from_str(line).ok()?;
    let members = document.as_object_mut()?;
    members.get("_aws")?;
    assert_eq!(members.remove("requestId")?, "id-1");
    assert!(members.remove("timestamp")?.is_string());
    assert!(members.remove("level")?.is_string());
    Some(document.to_string())
}

/// A handler cannot attribute metrics to another invocation, and a document with more behind it is a line.
#[test]
fn the_ids_of_metrics_are_those_of_their_invocation() {
    let (lambda, host) = serving_with(&[JSON]);
    let document = |members: &str| format!(r#"{{"_aws":{{"CloudWatchMetrics":[]}},{members}}}"#);
    let forged = document(r#""requestId":"id-2","tenantId":"other","n":1"#);
    let huge = document(&format!(r#""pad":"{}""#, "x".repeat(2_000_000)));
    let as_text = r#"{"_aws":"{\"CloudWatchMetrics\":[]}"}"#;
    let lines = format!("{forged}\n{forged}{forged}\n{as_text}\n{huge}\nlast\n");
    let event = Event::script("id-1", &json!([{ "print": lines }]));
    lambda.enqueue(event.header("Lambda-Runtime-Aws-Tenant-Id", "blue"));
    lambda.complete_response("id-1");
    host.logged("last");

    let lines = host.stdout();
    let documents = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut metrics: Vec<_> = documents.filter(|it| it.get("_aws").is_some()).collect();
    let only = metrics.pop().expect("one document");
    assert!(metrics.is_empty(), "{metrics:?}");
    assert_eq!(only["requestId"], "id-1");
    assert_eq!(only["tenantId"], "blue");
    assert_eq!(only["n"], 1);
}

/// The level applies to log records, not to metrics.
#[test]
fn metrics_are_logged_at_every_level() {
    let (lambda, host) = serving_with(&[JSON, ("AWS_LAMBDA_LOG_LEVEL", "FATAL")]);
    let metrics = r#"{"_aws":{"CloudWatchMetrics":[]},"a":1}"#;
    lambda.script(
        "id-1",
        &json!([{"print": format!("a line\n{metrics}\n")}, "trap"]),
    );
    lambda.reported_error("id-1", "Function.Trap");
    host.logged("handler failed");

    let lines = host.stdout();
    let document: Value = serde_json::from_str(&lines[0]).expect("a document");
    assert_eq!(document["level"], "FATAL");
    assert_eq!(stamped(&lines[0]).expect("metrics"), metrics);
    assert_eq!(lines.len(), 2, "{lines:?}");
}

/// A line too long for one record is cut, but not inside a character.
#[test]
fn a_long_line_is_cut_between_characters() {
    let (lambda, host) = serving_with(&[JSON]);
    let text = format!("a{}", "\u{e9}".repeat(40_000));
    lambda.script("id-1", &json!([{"print": format!("{text}\nthe end\n")}]));
    lambda.complete_response("id-1");
    host.logged("the end");

    let records = records(&host);

    let parts: Vec<_> = records
        .iter()
        .filter_map(|record| record["message"].as_str())
        .collect();
    assert!(parts.len() > 2, "{} records", parts.len());
    let whole = parts.concat() == format!("{text}the end");
    assert!(whole, "characters were cut in two");
}
