//! Instances of components: fresh for each invocation, unless reuse is asked for.

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{End, Event, Recorder};
use serde_json::{Value, json};

use super::{event, expect, host, respond, serving, write};

#[track_caller]
fn count(lambda: &Recorder, id: &str, tenant: Option<&str>) -> String {
    let event = event(id, &json!([respond(), "count", "finish"]));
    lambda.enqueue(match tenant {
        Some(tenant) => event.header("Lambda-Runtime-Aws-Tenant-Id", tenant),
        None => event,
    });
    lambda.complete_response(id).body().trim_end().to_owned()
}

#[test]
fn each_invocation_has_a_fresh_instance_unless_reuse_is_asked_for() {
    let (lambda, _host) = serving("");
    for id in ["id-1", "id-2", "id-3"] {
        assert_eq!(count(&lambda, id, None), "served: 1");
    }
    let (lambda, _host) = serving("reuse.invocations = 3");
    let counts = ["1", "2", "3", "4"].map(|id| count(&lambda, id, None));
    assert_eq!(counts, ["served: 1", "served: 2", "served: 3", "served: 1"]);
}

#[test]
fn an_instance_never_serves_another_tenant_nor_after_a_failure() {
    let (lambda, _host) = serving("reuse.invocations = 100");
    assert_eq!(count(&lambda, "a-1", Some("a")), "served: 1");
    assert_eq!(count(&lambda, "a-2", Some("a")), "served: 2");
    assert_eq!(count(&lambda, "b-1", Some("b")), "served: 1");
    assert_eq!(count(&lambda, "b-2", Some("b")), "served: 2");
    for (id, step) in [("trap", json!("trap")), ("exit", json!({"exit": 0}))] {
        let failing = event(id, &json!([respond(), write("x"), step]));
        lambda.enqueue(failing.header("Lambda-Runtime-Aws-Tenant-Id", "b"));
        lambda.response(id);
        assert_eq!(
            count(&lambda, &format!("{id}-after"), Some("b")),
            "served: 1"
        );
    }
    // A component that returned without finishing is in a known state.
    let leaking = event("leak", &json!([respond(), write("x")]));
    lambda.enqueue(leaking.header("Lambda-Runtime-Aws-Tenant-Id", "b"));
    lambda.failed_response("leak", "Function.Error");
    assert_eq!(count(&lambda, "leak-after", Some("b")), "served: 3");
}

/// A handle belongs to the invocation it came with, however long an instance keeps it.
#[test]
fn what_an_instance_keeps_never_reaches_a_later_invocation() {
    let (lambda, _host) = serving("reuse.invocations = 100");
    lambda.enqueue(event(
        "keeps",
        &json!([respond(), write("first"), "keep_body"]),
    ));
    lambda.failed_response("keeps", "Function.Error");
    let steps = json!([
        respond(),
        write("second"),
        "finish",
        "take_body",
        expect(&write("late"), "closed"),
        "finish"
    ]);
    lambda.enqueue(event("uses", &steps));
    assert_eq!(lambda.complete_response("uses").body(), "second");

    lambda.enqueue(event("keeps-outparam", &json!(["keep_outparam"])));
    lambda.reported_error("keeps-outparam", "Function.Error");
    let steps = json!(["drop_outparam", "take_outparam", {"respond": {"status": 201}}, expect(&write("x"), "closed")]);
    lambda.enqueue(event("sets-old", &steps));
    lambda.reported_error("sets-old", "Function.Error");
    assert_eq!(count(&lambda, "after", None), "served: 5");
}

/// Its body has what the earlier invocation wrote.
#[test]
fn a_response_that_an_instance_keeps_cannot_answer_a_later_invocation() {
    let (lambda, _host) = serving("reuse.invocations = 100");
    for end in ["finish", "keep_body"] {
        let keeps = format!("keeps-{end}");
        let steps =
            json!([{"response": {}}, "body", "stream", write("first"), end, "keep_response"]);
        lambda.enqueue(event(&keeps, &steps));
        lambda.reported_error(&keeps, "Function.Error");

        let sets = format!("sets-{end}");
        lambda.enqueue(event(&sets, &json!(["take_response", "set"])));
        let error = lambda.reported_error(&sets, "Function.Error");
        assert_contains(&error.error_message(), "an earlier invocation made it");
    }
    assert_eq!(count(&lambda, "after", None), "served: 5");
}

#[test]
fn eight_components_at_once_are_independent() {
    let lambda = Recorder::start();
    let _host = host(&lambda, "")
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "8")
        .start();
    lambda.idle(8);
    let script = |number: usize| {
        let mut steps = vec![respond()];
        for _ in 0..20 {
            steps.extend([write(&format!("<{number}>")), json!({"sleep_ms": 5})]);
        }
        steps.push(if number == 3 {
            json!("trap")
        } else {
            json!("finish")
        });
        Value::from(steps)
    };
    let events: Vec<Event> = (0..8)
        .map(|n| event(&format!("id-{n}-"), &script(n)))
        .collect();
    lambda.enqueue_all(events);
    for number in 0..8 {
        let response = lambda.response(&format!("id-{number}-"));
        assert_eq!(response.body(), format!("<{number}>").repeat(20));
        let end = if number == 3 {
            End::Trailers
        } else {
            End::Clean
        };
        assert_eq!(response.end, end, "{number}");
    }
}
