//! The log of the contract, which components of `wasi:http` may import.

use bootstream_test_support::guests;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use serde_json::json;

use super::event;

/// Logs a warning, and responds with nothing.
const COMPONENT: &str = r#"(component
    (import "bootstream:handler/logging@0.1.0" (instance $logging
        (type $levels (enum "trace" "debug" "info" "warn" "error"))
        (export "level" (type $level (eq $levels)))
        (export "log" (func (param "level" $level) (param "message" string)))))
    (import "wasi:http/types@0.2.6" (instance $types
        (export "incoming-request" (type (sub resource)))
        (export "response-outparam" (type (sub resource)))))
    (alias export $types "incoming-request" (type $request))
    (alias export $types "response-outparam" (type $outparam))
    (core module $memory
        (memory (export "memory") 1)
        (data (i32.const 0) "said by a proxy"))
    (core instance $memory (instantiate $memory))
    (core func $log (canon lower (func $logging "log") (memory (core memory $memory "memory"))))
    (core module $main
        (import "" "log" (func $log (param i32 i32 i32)))
        (func (export "handle") (param i32 i32)
            (call $log (i32.const 3) (i32.const 0) (i32.const 15))))
    (core instance $main (instantiate $main (with "" (instance (export "log" (func $log))))))
    (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
        (canon lift (core func $main "handle")))
    (instance $handler (export "handle" (func $handle)))
    (export "wasi:http/incoming-handler@0.2.6" (instance $handler)))"#;

#[test]
fn a_record_has_its_level_and_the_id_of_the_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let lambda = Recorder::start();
    let handler = guests::compiled(COMPONENT, folder.path());
    let host = Bootstrap::with_handler(&lambda, &handler).start();

    lambda.enqueue(event("id-1", &json!([])));

    let line = host.logged("said by a proxy");
    assert!(line.contains("WARN") && line.contains("id-1"), "{line}");
    lambda.reported_error("id-1", "Function.Error");
}
