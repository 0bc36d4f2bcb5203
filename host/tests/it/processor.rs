//! Which processors the threads of a process may run on.

use std::thread::available_parallelism;

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::steps::write;
use serde_json::json;

/// For each thread, on how many processors it may run, once an answer was given.
#[track_caller]
fn processors(variables: &[(&str, &str)]) -> Vec<u32> {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda);
    for (name, value) in variables {
        host = host.env(name, value);
    }
    let host = host.start();
    lambda.script("id-1", &json!([write("x")]));
    // Not `complete_response`, which waits for one poll: two workers have two.
    let response = lambda.response("id-1");
    response.assert_clean_end();
    assert_eq!(lambda.look(|seen| seen.to("id-1/error").len()), 0);
    assert_eq!(response.body(), "x");
    host.threads_may_run_on()
}

#[test]
fn a_function_with_part_of_a_processor_stays_on_one() {
    let small = processors(&[("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1768")]);
    assert!(small.len() >= 2, "{small:?}");
    assert!(small.iter().all(|count| *count == 1), "{small:?}");
}

#[test]
fn a_function_with_more_goes_where_the_kernel_wants_it() {
    let all = u32::try_from(available_parallelism().unwrap().get()).unwrap();
    for variables in [
        &[("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")][..],
        &[
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "2"),
        ],
        &[],
    ] {
        let counts = processors(variables);
        assert!(
            counts.iter().all(|count| *count == all),
            "{variables:?}: {counts:?}"
        );
    }
}
