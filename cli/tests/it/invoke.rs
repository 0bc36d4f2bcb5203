//! `bootstream invoke`, with and without a server.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use bootstream_test_support::assert_contains;
use serde_json::json;

use crate::support::{
    Dev, bootstream, component as component_of, fail, failure, ready_guest, run, script,
    scripted_guest, succeed, text, wrong_usage,
};

#[test]
fn each_chunk_is_printed_when_it_arrives() {
    let steps = script(&json!([{"write": "a"}, {"sleep_ms": 2000}, {"write": "b"}]));
    let mut child = bootstream(&["invoke", "-d", &steps])
        .arg(scripted_guest())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 8];

    let length = stdout.read(&mut first).unwrap();

    assert_eq!(&first[..length], b"a");
    assert!(
        child.try_wait().unwrap().is_none(),
        "the first chunk came with the end"
    );
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "b");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_failure_before_the_first_byte_prints_nothing_and_fails() {
    let steps = script(&json!([{"error": "no luck"}]));

    let output = fail(bootstream(&["invoke", "-d", &steps]).arg(ready_guest()));

    assert_eq!(text(&output.stdout), "");
    let stderr = text(&output.stderr);
    assert_contains(&stderr, "error: the handler failed: Function.Error: ");
    assert_contains(&stderr, "no luck");
}

#[test]
fn a_failure_after_the_first_byte_is_read_from_the_trailers() {
    let steps = script(&json!([{"write": "part"}, "trap"]));

    let output = fail(bootstream(&["invoke", "-d", &steps]).arg(ready_guest()));

    assert_eq!(text(&output.stdout), "part");
    let stderr = text(&output.stderr);
    let expected = "error: the response was cut: the handler failed: Function.Trap: ";
    assert_contains(&stderr, expected);
}

#[test]
fn head_and_times_are_printed_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let event = folder.path().join("event.json");
    let steps = json!([
        {"write_headers": {"status": 202, "headers": [["x-one", "1"]]}},
        {"write": "Number: 1\n"},
        {"sleep_ms": 500},
        {"write": "Number: 2\n"},
    ]);
    std::fs::write(&event, script(&steps)).unwrap();
    let event = format!("@{}", event.display());

    let output =
        succeed(bootstream(&["invoke", "-i", "--timing", "-d", &event]).arg(ready_guest()));

    let stdout = text(&output.stdout);
    let (head, body) = stdout.split_once("\n\n").unwrap();
    assert!(head.starts_with("202 Accepted\n"), "{head}");
    assert_contains(head, "x-one: 1");
    let lines: Vec<_> = body.lines().collect();
    assert_eq!(lines.len(), 2, "{body}");
    assert!(
        lines[0].starts_with('[') && lines[0].ends_with("s] Number: 1"),
        "{body}"
    );
    assert!(lines[1].ends_with("s] Number: 2"), "{body}");
    let stderr = text(&output.stderr);
    assert_contains(&stderr, "  the handler used ");
    assert_contains(&stderr, " MiB of memory and took ");
}

#[test]
fn invalid_settings_are_not_the_handlers_failure() {
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("handler.cwasm");
    std::fs::copy(ready_guest(), &handler).unwrap();
    std::fs::write(
        folder.path().join("bootstream.toml"),
        "[secrets]\nKEY = ['a.example']\n",
    )
    .unwrap();

    let stderr = failure(bootstream(&["invoke"]).arg(&handler));

    for words in [
        "error: the function can't start: Runtime.InvalidConfiguration: bootstream.toml:2: ",
        "`--env KEY=...`",
    ] {
        assert_contains(&stderr, words);
    }
}

#[test]
fn a_server_is_invoked_by_its_url() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let steps = script(&json!([{"write": "hello"}]));
    let mut child = bootstream(&["invoke", "-d", "@-", "--url", &dev.url()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();

    child
        .stdin
        .take()
        .unwrap()
        .write_all(steps.as_bytes())
        .unwrap();

    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "hello");
}

#[test]
fn failures_of_a_server_s_handler_are_distinguished() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let url = dev.url();
    let invoke = |steps| {
        run(&mut bootstream(&[
            "invoke",
            "--url",
            &url,
            "-d",
            &script(&steps),
        ]))
    };

    let before = invoke(json!([{"error": "no luck"}]));
    let after = invoke(json!([{"write": "part"}, "trap"]));

    assert_eq!(before.status.code(), Some(1));
    let stderr = text(&before.stderr);
    assert!(
        stderr.starts_with("error: the handler failed: Function.Error: "),
        "{stderr}"
    );
    assert_eq!(after.status.code(), Some(1));
    assert_eq!(text(&after.stdout), "part");
    let stderr = text(&after.stderr);
    assert!(
        stderr.starts_with("error: the response was cut before its end"),
        "{stderr}"
    );
}

#[test]
fn a_server_that_refuses_an_event_is_distinguished_from_a_handler_that_responds() {
    let dev = Dev::start(&ready_guest(), &[]);
    // Uses another host name, as a browser or a container would.
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/invoke", proxy.local_addr().unwrap());
    let forwarded = std::thread::spawn(move || {
        let (mut client, _) = proxy.accept().unwrap();
        let mut request = vec![0; 4096];
        let length = client.read(&mut request).unwrap();
        let request = text(&request[..length]);
        let (head, _) = request.split_once("host: 127.0.0.1").unwrap();
        let request = format!("{head}host: evil.example\r\ncontent-length: 2\r\n\r\n{{}}");
        let mut server = dev.connect();
        server.write_all(request.as_bytes()).unwrap();
        let mut answer = vec![0; 4096];
        let length = server.read(&mut answer).unwrap();
        client.write_all(&answer[..length]).unwrap();
    });

    let output = fail(&mut bootstream(&["invoke", "--url", &url]));

    forwarded.join().unwrap();
    assert_eq!(text(&output.stdout), "");
    let stderr = text(&output.stderr);
    assert_contains(&stderr, "the server refused the event: `evil.example`");
    assert_contains(&stderr, "--allow-host NAME");
}

#[test]
fn a_reader_that_leaves_ends_it_silently_as_it_ends_other_tools() {
    let lines = json!([{"write_many": {"count": 100_000, "chunk": "a line\n"}}]);
    let mut child = bootstream(&["invoke", "-d", &script(&lines)])
        .arg(ready_guest())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 7];
    stdout.read_exact(&mut first).unwrap();

    drop(stdout);

    let output = child.wait_with_output().unwrap();
    assert_eq!(&first, b"a line\n");
    assert_eq!(text(&output.stderr), "");
    // A shell's exit code for a program that `SIGPIPE` has ended.
    assert_eq!(output.status.code(), Some(141));
}

#[test]
fn stale_machine_code_is_not_run_in_place_of_the_component_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let code = folder.path().join("stale.cwasm");
    std::fs::copy(ready_guest(), &code).unwrap();
    let component = folder.path().join("stale.wasm");
    std::fs::copy(component_of("streaming_numbers"), &component).unwrap();

    let output = succeed(bootstream(&["invoke"]).arg(&code));

    assert!(text(&output.stdout).contains("Number: 1"));
    let said = text(&output.stderr);
    let expected = format!(
        "taking `{}` in place of `{}`: it was compiled from another component",
        component.display(),
        code.display()
    );
    assert_contains(&said, &expected);
}

#[test]
fn machine_code_that_does_not_fit_is_named_by_the_user_s_own_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.cwasm");
    let mut code = std::fs::read(ready_guest()).unwrap();
    let middle = code.len() / 2;
    code[middle] ^= 1;
    std::fs::write(&path, code).unwrap();

    let said = failure(bootstream(&["invoke"]).arg(&path));

    assert_contains(&said, path.to_str().unwrap());
    assert!(!said.contains("handler.cwasm"), "{said}");
    assert_contains(&said, "it is damaged");
}

#[test]
fn without_a_server_the_error_says_what_to_start() {
    // Nothing listens on port 1, and binding it needs root.
    let stderr = failure(&mut bootstream(&[
        "invoke",
        "--url",
        "http://127.0.0.1:1/invoke",
    ]));

    let expected = "error: no response from http://127.0.0.1:1/invoke: \
                    is `bootstream dev HANDLER` running?: ";
    assert!(stderr.starts_with(expected), "{stderr}");
}

#[test]
fn an_event_that_lambda_refuses_does_not_reach_the_handler() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large");
    std::fs::write(&large, format!("\"{}\"", "x".repeat(7_000_000))).unwrap();
    let large = format!("@{}", large.display());
    for (event, reason) in [
        ("{bad", "Could not parse request body into json"),
        ("not json", "InvalidRequestContentException"),
        ("{} {}", "the event is not JSON"),
        (
            large.as_str(),
            "has 7000002 bytes, and Lambda takes at most 6291556",
        ),
    ] {
        for handler in [Some(ready_guest()), None] {
            let output = fail(bootstream(&["invoke", "-d", event]).args(handler));
            assert_eq!(text(&output.stdout), "");
            let stderr = text(&output.stderr);
            assert_contains(&stderr, reason);
        }
    }
}

#[test]
fn a_server_refuses_an_event_that_is_not_json() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    for path in ["/invoke", "/2015-03-31/functions/f/invocations"] {
        let response = dev.post(path, "{bad");

        assert_eq!(response.status, 400, "{path}");
        let document = response.rest().0;
        assert_contains(&document, "Could not parse request body into json");
        dev.wait_for("InvalidRequestContentException");
    }
    assert_eq!(dev.post("/invoke", "").status, 200);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for args in [
        vec!["invoke", "--nonsense"],
        vec!["dev", "x", "--memory", "12GB"],
        vec!["dev", "x", "--env", "novalue"],
    ] {
        wrong_usage(&mut bootstream(&args));
    }
}
