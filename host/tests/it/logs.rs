//! Standard output: the host's own lines, and those of the handlers.

use serde_json::{Value, json};

use crate::support::process::{Bootstrap, Running};
use crate::support::recorder::{Event, Recorder};
use crate::support::steps::write;

/// Every line as JSON, with what Lambda needs in each.
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
        {"print": "told on stdout\n"},
        {"eprint": "told on stderr\n"},
        {"error": "told as an error"}
    ])
}

/// Case 93.
#[test]
fn records_of_the_handler_have_its_levels_and_are_filtered_by_them() {
    let lambda = Recorder::start();
    let record = |level: &str| json!({"log": {"level": level, "message": format!("a {level}")}});
    let levels = ["trace", "debug", "info", "warn", "error"];
    lambda.script("id-1", &Value::from_iter(levels.map(record)));
    let host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_LAMBDA_LOG_LEVEL", "WARN")
        .start();
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

/// Case 93.
#[test]
fn at_trace_every_record_of_the_handler_is_logged_and_none_of_a_library() {
    let lambda = Recorder::start();
    let levels = ["trace", "debug", "info", "warn", "error"];
    let record = |level: &str| json!({"log": {"level": level, "message": format!("a {level}")}});
    lambda.script("id-1", &Value::from_iter(levels.map(record)));
    let host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_LAMBDA_LOG_LEVEL", "TRACE")
        .start();
    lambda.complete_response("id-1");
    host.logged("a error");

    let records = records(&host);

    let of_handler = records.iter().filter(|it| it["target"] == "handler");
    let seen = of_handler.map(|it| [&it["level"], &it["message"], &it["requestId"]]);
    let expected = levels.map(|it| [it.to_uppercase(), format!("a {it}"), "id-1".to_owned()]);
    assert_eq!(json!(seen.collect::<Vec<_>>()), json!(expected));
    let traces = records.iter().filter(|it| it["level"] == "TRACE");
    assert_eq!(traces.count(), 1, "{records:?}");
}

/// Case 93.
#[test]
fn json_logs_are_one_object_in_each_line() {
    for format in ["JSON", "json"] {
        let lambda = Recorder::start();
        lambda.script("id-1", &talkative());
        let host = Bootstrap::scripted(&lambda)
            .env("AWS_LAMBDA_LOG_FORMAT", format)
            .start();
        lambda.reported_error("id-1", "Function.Error");
        host.logged("told as an error");

        let records = records(&host);

        let find = |text: &str| {
            let mut found = records.iter();
            let found = found.find(|record| record["message"].to_string().contains(text));
            found.unwrap_or_else(|| panic!("no `{text}` in {records:?}"))
        };
        for (text, level) in [
            ("told on stdout", "INFO"),
            ("told on stderr", "WARN"),
            ("told as an error", "ERROR"),
        ] {
            assert_eq!(find(text)["level"], level);
            assert_eq!(find(text)["requestId"], "id-1");
        }
        assert_eq!(find("told as an error")["errorType"], "Function.Error");
        assert_eq!(find("told on stdout")["message"], "told on stdout");
    }
}

#[test]
fn a_failure_is_logged_with_what_its_handler_has_used() {
    let lambda = Recorder::start();
    lambda.script(
        "id-1",
        &json!([{"grow_memory": 9_000_000}, {"sleep_ms": 50}, "trap"]),
    );
    let host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
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

/// Case 93.
#[test]
fn a_level_leaves_out_what_is_below_it() {
    for (level, seen) in [
        ("DEBUG", [true, true, true]),
        ("INFO", [true, true, true]),
        ("WARN", [false, true, true]),
        ("ERROR", [false, false, true]),
        ("FATAL", [false, false, true]),
    ] {
        let lambda = Recorder::start();
        lambda.script("id-1", &talkative());
        let host = Bootstrap::scripted(&lambda)
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", level)
            .start();
        lambda.reported_error("id-1", "Function.Error");
        host.logged("told as an error");

        let log = host.stdout().join("\n");

        for (text, seen) in ["told on stdout", "told on stderr", "told as an error"]
            .iter()
            .zip(seen)
        {
            assert_eq!(log.contains(text), seen, "{level}: {text}");
        }
        records(&host);
    }
}

/// A function with tenants keeps their lines apart.
#[test]
fn lines_of_a_tenant_have_its_id() {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
    for (id, tenant) in [("id-1", Some("blue")), ("id-2", None)] {
        let mut event = Event::script(id, &talkative());
        if let Some(tenant) = tenant {
            event = event.header("Lambda-Runtime-Aws-Tenant-Id", tenant);
        }
        lambda.enqueue(event);
        lambda.reported_error(id, "Function.Error");
    }
    host.line("the last line", |line| {
        line.contains("told as an error") && line.contains("id-2")
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
    let lambda = Recorder::start();
    lambda.script("id-1", &talkative());
    let host = Bootstrap::scripted(&lambda).start();
    lambda.reported_error("id-1", "Function.Error");

    for (text, level) in [
        ("told on stdout", "INFO"),
        ("told on stderr", "WARN"),
        ("told as an error", "ERROR"),
    ] {
        let line = host.logged(text);
        assert!(line.contains(level) && line.contains("id-1"), "{line}");
    }
    assert_eq!(host.stderr(), [""; 0]);
}

/// Case 94.
#[test]
fn lines_of_two_handlers_do_not_mix() {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "2")
        .start();
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

/// Whatever a handler prints, one line of it is one line of the log.
#[test]
fn control_characters_cannot_forge_a_line() {
    let lambda = Recorder::start();
    let forged = "a\r\u{1b}[2K{\"level\":\"ERROR\"}\u{0}\n";
    lambda.script("id-1", &json!([{"print": forged}, write("x")]));
    let host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
    lambda.complete_response("id-1");
    host.logged("level");

    let records = records(&host);

    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["message"], forged.trim_end_matches('\n'));
    assert_eq!(records[0]["level"], "INFO");
}

/// A line that is too long for one record is cut, but not inside a character.
#[test]
fn a_long_line_is_cut_between_characters() {
    let lambda = Recorder::start();
    let text = format!("a{}", "\u{e9}".repeat(40_000));
    lambda.script("id-1", &json!([{"print": format!("{text}\nthe end\n")}]));
    let host = Bootstrap::scripted(&lambda)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
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
