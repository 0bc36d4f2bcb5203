//! Instances are reused, but never by the wrong invocation.

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::{Value, json};

use crate::reaching::host;

/// Number of invocations of an instance, as its handler counts them in its memory.
#[track_caller]
fn count(lambda: &Recorder, id: &str, tenant: Option<&str>) -> String {
    let event = Event::script(id, &json!(["count"]));
    lambda.enqueue(match tenant {
        Some(tenant) => event.header("Lambda-Runtime-Aws-Tenant-Id", tenant),
        None => event,
    });
    lambda.complete_response(id).body().trim_end().to_owned()
}

#[test]
fn each_invocation_has_a_fresh_instance_unless_reuse_is_asked_for() {
    let lambda = Recorder::start();
    let _host = host(&lambda, "").start();
    for id in ["id-1", "id-2", "id-3"] {
        assert_eq!(count(&lambda, id, None), "ok: 1");
    }
}

#[test]
fn an_instance_is_used_for_as_many_invocations_as_set() {
    let lambda = Recorder::start();
    let _host = host(&lambda, "reuse.invocations = 3").start();
    let counts = ["1", "2", "3", "4", "5"].map(|id| count(&lambda, id, None));
    assert_eq!(counts, ["ok: 1", "ok: 2", "ok: 3", "ok: 1", "ok: 2"]);
}

#[test]
fn an_instance_never_serves_another_tenant() {
    let lambda = Recorder::start();
    let _host = host(&lambda, "reuse.invocations = 100").start();
    let tenants = [
        Some("a"),
        Some("a"),
        Some("b"),
        Some("a"),
        None,
        Some("a"),
        Some("a"),
    ];
    let mut counts = Vec::new();
    for (n, tenant) in tenants.into_iter().enumerate() {
        counts.push(count(&lambda, &format!("id-{n}-"), tenant));
    }
    let expected = [
        "ok: 1", "ok: 2", "ok: 1", "ok: 1", "ok: 1", "ok: 1", "ok: 2",
    ];
    assert_eq!(counts, expected);
}

#[test]
fn an_instance_that_failed_is_not_used_again() {
    let lambda = Recorder::start();
    let _host = host(
        &lambda,
        "[reuse]\ninvocations = 100\n[limits]\nresponse-writes = 3\n",
    )
    .start();
    assert_eq!(count(&lambda, "one", None), "ok: 1");
    assert_eq!(count(&lambda, "two", None), "ok: 2");
    lambda.script("trap", &json!(["trap"]));
    lambda.reported_error("trap", "Function.Trap");
    assert_eq!(count(&lambda, "three", None), "ok: 1");
    lambda.script("limit", &json!(vec![Value::from("count"); 9]));
    lambda.failed_response("limit", "Function.LimitExceeded");
    assert_eq!(count(&lambda, "four", None), "ok: 1");
    assert_eq!(count(&lambda, "five", None), "ok: 2");
}

/// Output belongs to the invocation that the instance serves at the time.
#[test]
fn what_an_instance_prints_belongs_to_its_current_invocation() {
    let lambda = Recorder::start();
    let running = host(&lambda, "reuse.invocations = 100").start();
    for id in ["first", "second"] {
        lambda.script(id, &json!([{"print": format!("hello from {id}\n")}]));
        lambda.complete_response(id);
        let line = running.logged(&format!("hello from {id}"));
        assert_contains(&line, &format!("requestId={id}"));
    }
}
