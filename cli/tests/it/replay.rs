//! `bootstream replay`: recorded invocations run again, and write the same.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bootstream_test_support::{assert_contains, guests};
use flate2::read::ZlibDecoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Dev, bootstream, component, exchange, failure, ready_guest, request, run, script, succeed, text,
};

/// A folder with the capsules of invocations.
struct Capsules(TempDir);

impl Capsules {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Invokes a handler, which may fail, and returns its capsule.
    fn record(&self, handler: &Path, event: &str, settings: &[(&str, &str)]) -> PathBuf {
        let before = self.files();
        let folder = self.0.path().to_str().expect("a plain name");
        run(invoke(handler, event, settings)
            .args(["--env", &format!("BOOTSTREAM_RECORD_FOLDER={folder}")]));
        let mut new = self.files();
        new.retain(|file| !before.contains(file));
        assert_eq!(new.len(), 1, "one capsule");
        new.remove(0)
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }
}

fn invoke(handler: &Path, event: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = bootstream(&["invoke"]);
    command.arg(handler).args(["-d", event]);
    for (name, value) in settings {
        command.args(["--env", &format!("{name}={value}")]);
    }
    command
}

fn replay(capsule: &Path, handler: &Path, args: &[&str]) -> Command {
    let mut command = bootstream(&["replay"]);
    command.args(args).arg(capsule).arg(handler);
    command
}

/// Replays a capsule a few times. Returns the result.
#[track_caller]
pub(crate) fn equal(capsule: &Path, handler: &Path) -> String {
    let output = run(&mut replay(capsule, handler, &["--times", "10"]));
    let said = text(&output.stdout);
    let recorded = std::fs::read_to_string(capsule).unwrap_or_default();
    assert!(
        output.status.success(),
        "{said}{}{}",
        text(&output.stderr),
        recorded.get(..4000).unwrap_or(&recorded)
    );
    said
}

/// Records an invocation and replays it. Returns what the replay says.
#[track_caller]
fn record_and_replay(handler: &Path, event: &str, settings: &[(&str, &str)]) -> String {
    let capsules = Capsules::new();
    let capsule = capsules.record(handler, event, settings);
    equal(&capsule, handler)
}

fn guest(name: &str) -> PathBuf {
    component(name)
}

#[test]
fn the_local_lambda_keeps_each_invocation_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let capsules = folder.path().join("new").join("capsules");
    let dev = Dev::start(&ready_guest(), &["--record", capsules.to_str().unwrap()]);
    for word in ["one", "two"] {
        dev.invoke(&script(
            &json!([{"write": word}, {"sleep_ms": 30}, {"write": "end"}]),
        ))
        .rest();
    }
    drop(dev);
    let files: Vec<_> = std::fs::read_dir(&capsules).unwrap().collect();
    assert_eq!(files.len(), 2);
    for file in files {
        let said = equal(&file.unwrap().path(), &ready_guest());
        assert_contains(&said, "equal: 2 writes, and the same end");
    }
}

#[test]
fn examples_and_languages_write_the_same() {
    let url = text(
        &succeed(&mut bootstream(&[
            "event",
            "url",
            "--path",
            "/numbers?count=3&pause_ms=20",
        ]))
        .stdout,
    );
    for name in ["streaming_numbers", "server_sent_events", "large_download"] {
        record_and_replay(&guest(name), &url, &[]);
    }
    let steps = json!({"steps": [
        {"respond": {"status": 200, "headers": []}}, {"write_pattern": {"total": 3_000_000, "chunk": 9000}},
        "await_writable", {"blocking_write": 400}, {"sleep_ms": 10}, "blocking_flush", "finish"
    ]});
    let event = succeed(&mut bootstream(&[
        "event",
        "url",
        "--data",
        &steps.to_string(),
    ]));
    let said = record_and_replay(&guest("wasi_http_guest"), &text(&event.stdout), &[]);
    assert_contains(&said, "the same end");
    let steps = script(&json!([
        {"write": "one"}, {"sleep_ms": 20}, "write_context", {"write_many": {"count": 20, "chunk": "x".repeat(5000)}}, "finish"
    ]));
    for name in ["python", "typescript", "go", "c"] {
        record_and_replay(&guests::language(name), &steps, &[]);
    }
}

/// Each as its user would: recorded behind the local Lambda, and each recording run ten times.
#[test]
fn examples_in_other_languages_write_the_same() {
    for name in ["javascript", "typescript", "python", "go", "c"] {
        let handler = guests::language(&format!("streaming-{name}"));
        let folder = tempfile::tempdir().unwrap();
        let capsules = folder.path().to_str().expect("a plain name");
        let dev = Dev::start(&handler, &["--record", capsules]);
        // At once: each takes three seconds.
        let readers = ["/numbers", "/?name=Ada"].map(|path| {
            let (stream, endpoint) = (dev.connect(), dev.endpoint());
            let host = endpoint.trim_start_matches("http://");
            let request = request(host, "GET", path, &[], "");
            thread::spawn(move || exchange(stream, &request).rest().0)
        });
        for reader in readers {
            assert_contains(&reader.join().unwrap(), "Number: 3\n");
        }
        drop(dev);
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 2, "{name}");
        for file in files {
            let said = equal(&file.unwrap().path(), &handler);
            assert_contains(&said, "and the same end");
        }
    }
}

#[test]
fn a_changed_component_is_told_by_its_first_different_write() {
    let capsules = Capsules::new();
    let old = guest("streaming_numbers");
    let event = text(&succeed(&mut bootstream(&["event", "url", "--path", "/?count=2"])).stdout);
    let capsule = capsules.record(&old, &event, &[]);
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new.wasm");
    let mut bytes = std::fs::read(&old).unwrap();
    let mut changed = 0;
    for at in 0..bytes.len() - 8 {
        if bytes[at..].starts_with(b"Number: ") {
            bytes[at..at + 8].copy_from_slice(b"Nummer: ");
            changed += 1;
        }
    }
    assert!(changed > 0);
    std::fs::write(&new, bytes).unwrap();
    let output = run(&mut replay(&capsule, &new, &[]));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert_contains(&said, "different at write 1, from byte 3 on");
    assert_contains(&said, "recorded: 10 bytes \"Number: 1\\n\"");
    assert_contains(&said, "replayed: 10 bytes \"Nummer: 1\\n\"");
    assert_contains(&text(&output.stderr), "not the one that was recorded");
    let output = run(&mut replay(&capsule, &new, &["--json"]));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&object["result"], &object["difference"]["place"]),
        (&json!("different"), &json!("write 1"))
    );
}

#[test]
fn time_random_numbers_and_variables_are_those_of_the_recording() {
    let steps = json!(["surroundings", {"sleep_ms": 15}, "surroundings", {"env": "STAGE"}, {"env": "NONE"}]);
    let settings = [("STAGE", "production"), ("BOOTSTREAM_PASS_ENV", "STAGE")];
    let capsules = Capsules::new();
    let handler = guest("reaching_guest");
    let event = script(&steps);
    let capsule = capsules.record(&handler, &event, &settings);
    assert_contains(&equal(&capsule, &handler), "equal: ");
    let [first, second] = [capsule, capsules.record(&handler, &event, &settings)]
        .map(|file| std::fs::read_to_string(file).unwrap());
    let random = |text: &str| {
        text.lines()
            .find(|it| it.contains("random="))
            .map(ToOwned::to_owned)
    };
    assert!(random(&first).is_some());
    assert_ne!(
        random(&first),
        random(&second),
        "each invocation has a seed of its own"
    );
    assert_contains(&first, "ok: production");
}

/// A server that streams its answer in these parts, once, and is then gone. Returns its URL.
fn once(parts: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        for part in parts {
            thread::park_timeout(Duration::from_millis(30));
            let _ = write!(stream, "{:x}\r\n{part}\r\n", part.len());
        }
        let _ = stream.write_all(b"0\r\n\r\n");
    });
    url
}

#[test]
fn the_stream_of_another_host_is_replayed_without_it() {
    let url = once(&["one", "two", "three"]);
    let said = record_and_replay(
        &guest("reaching_guest"),
        &script(&json!([{"pass_on": {"url": url}}])),
        &[("BOOTSTREAM_OUTBOUND_ALLOW", &url)],
    );
    assert_contains(&said, "equal: 3 writes");
    // Requests that fail do so again, and the host is not asked.
    let denied = json!([{"fetch": {"url": "http://127.0.0.1:9/"}}, {"fetch": {"url": "https://example.com/"}}]);
    let allowed = [("BOOTSTREAM_OUTBOUND_ALLOW", "http://127.0.0.1:9")];
    record_and_replay(&guest("reaching_guest"), &script(&denied), &allowed);
}

#[test]
fn the_answer_of_a_model_is_replayed_without_it_and_without_the_key() {
    let url = once(&[
        "data: {\"choices\":[{\"delta\":{\"content\":\"The\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\" sky\"}}]}\n\n",
        "data: [DONE]\n\n",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("llm-proxy.wasm");
    std::os::unix::fs::symlink(guest("llm_proxy"), &handler).unwrap();
    let settings = format!(
        "pass-env = ['LLM_PROVIDER', 'LLM_URL']\n[outbound]\nallow = ['{url}']\n[secrets]\nOPENAI_API_KEY = ['{url}']\n"
    );
    std::fs::write(folder.path().join("bootstream.toml"), settings).unwrap();
    let question = json!({"messages": [{"role": "user", "content": "Why is the sky blue?"}]});
    let event = succeed(&mut bootstream(&[
        "event",
        "url",
        "--path",
        "/chat",
        "--data",
        &question.to_string(),
    ]));
    let variables = [
        ("LLM_PROVIDER", "openai"),
        ("LLM_URL", &*url),
        ("OPENAI_API_KEY", "sk-s3cret"),
    ];
    let capsules = Capsules::new();
    let capsule = capsules.record(&handler, &text(&event.stdout), &variables);
    let recorded = std::fs::read_to_string(&capsule).unwrap();
    assert_contains(&recorded, "{\\\"text\\\":\\\" sky\\\"}");
    assert!(!recorded.contains("sk-s3cret"), "{recorded}");
    assert_contains(&equal(&capsule, &handler), "and the same end");
}

#[test]
fn failures_are_the_same() {
    for (steps, said) in [
        (
            json!([{"write": "one"}, {"panic": "no luck"}]),
            "equal: 1 write, and the same failure: Function.Panic",
        ),
        (
            json!([{"error": "no luck"}]),
            "equal: 0 writes, and the same failure: Function.Error: no luck",
        ),
        (
            json!([{"write": "one"}, "finish", {"write": "two"}]),
            "the same ",
        ),
    ] {
        assert_contains(
            &record_and_replay(&ready_guest(), &script(&steps), &[]),
            said,
        );
    }
}

#[test]
fn a_handler_that_was_stopped_is_replayed_up_to_there() {
    for last in [json!("loop_forever"), json!({"sleep_ms": 60_000})] {
        let capsules = Capsules::new();
        let folder = capsules.0.path().to_str().unwrap();
        let event = script(&json!([{"write": "one"}, last, {"write": "two"}]));
        run(invoke(
            &ready_guest(),
            &event,
            &[("BOOTSTREAM_RECORD_FOLDER", folder)],
        )
        .args(["--timeout", "1"]));
        let said = equal(&capsules.files()[0], &ready_guest());
        assert_contains(
            &said,
            "equal: 1 write as far as it was recorded; the handler was stopped there",
        );
    }
}

/// What the host logs of an invocation that fails.
fn logged(event: &str, settings: &[(&str, &str)]) -> String {
    let mut command = invoke(&guest("reaching_guest"), event, settings);
    let Output { stdout, stderr, .. } =
        run(command.args(["--env", "BOOTSTREAM_OBSERVE_RECORD=failures"]));
    text(&stdout) + &text(&stderr)
}

/// Returns the capsule in a line of the log.
fn unpacked(line: &str) -> String {
    let (_, packed) = line.split_once("bootstream-capsule-1:").unwrap();
    let packed = packed.split(['"', ' ']).next().unwrap_or_default();
    let compressed = BASE64_STANDARD.decode(packed).unwrap();
    let mut text = String::new();
    ZlibDecoder::new(&compressed[..])
        .read_to_string(&mut text)
        .unwrap();
    text
}

fn from_input(input: &str) -> Output {
    let mut command = bootstream(&["replay", "-"]);
    command.arg(guest("reaching_guest"));
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_failure_is_logged_with_its_capsule_and_without_secrets() {
    let head = json!({"status": 200, "headers": [], "cookies": ["session=s3cret-c00kie"]});
    let event = script(&json!([
        {"write_headers": head}, "surroundings", {"env": "API_TOKEN"}, {"panic": "no luck"}
    ]));
    for format in ["Text", "JSON"] {
        let log = logged(
            &event,
            &[
                ("AWS_LAMBDA_LOG_FORMAT", format),
                ("API_TOKEN", "s3cret-variable"),
                ("BOOTSTREAM_PASS_ENV", "API_TOKEN"),
            ],
        );
        let line = log
            .lines()
            .find(|line| line.contains("bootstream-capsule-1:"));
        let line = line.unwrap_or_else(|| panic!("{log}"));
        let recorded = unpacked(line);
        assert!(!recorded.contains("s3cret"), "{recorded}");
        assert_contains(&recorded, "session=***");
        let output = from_input(&format!("2026-11-29T12:00:00.000Z ID {line}\nmore\n"));
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_contains(&said, "and the same failure: Function.Panic");
        assert_contains(&said, "in place of secrets");
        let cut = line
            .get(..line.find("bootstream-capsule-1:").unwrap() + 60)
            .unwrap();
        assert_contains(&text(&from_input(cut).stderr), "is not whole");
    }
    let silent = logged(&script(&json!([{"write": "well"}])), &[]);
    assert!(!silent.contains("bootstream-capsule"), "{silent}");
}

#[test]
fn a_capsule_over_its_limit_is_replayed_as_far_as_it_goes() {
    let many =
        json!([{"write_many": {"count": 100, "chunk": "x".repeat(1000)}}, {"panic": "no luck"}]);
    let settings = [("BOOTSTREAM_OBSERVE_RECORD_KIB", "16")];
    let said = text(&from_input(&logged(&script(&many), &settings)).stdout);
    assert_contains(
        &said,
        "as far as it was recorded; the capsule was cut at its limit of 16384 bytes",
    );
    let large = json!([{"write": "x".repeat(20_000)}, {"panic": "no luck"}]);
    let said = text(&from_input(&logged(&script(&large), &settings)).stderr);
    assert_contains(&said, "ends before the event");
    assert_contains(&said, "observe.record-kib");
}

#[test]
fn what_is_not_a_capsule_is_refused_with_the_reason() {
    let capsules = Capsules::new();
    let capsule = capsules.record(&ready_guest(), &script(&json!([{"write": "one"}])), &[]);
    let whole = std::fs::read_to_string(&capsule).unwrap();
    for (content, reason) in [
        (String::new(), "it is not a capsule"),
        ("{\"steps\":[]}".to_owned(), "it is not a capsule"),
        (
            whole.replace("capsule\",1,", "capsule\",2,"),
            "it has version 2 of the format",
        ),
        (
            whole.replace("[\"event\"", "[\"other\""),
            "it ends before the event",
        ),
        (
            whole.replace("[\"seed\",\"", "[\"seed\",\"x"),
            "line 6 is not valid",
        ),
        (
            whole.replace("[\"write\"", "[write"),
            "is not valid: it is not a JSON array",
        ),
        ("bootstream-capsule-1:AAAA".to_owned(), "is not whole"),
    ] {
        std::fs::write(&capsule, content).unwrap();
        let said = failure(&mut replay(&capsule, &ready_guest(), &[]));
        assert_contains(&said, reason);
        assert_contains(&said, ".capsule");
    }
    // Cut off with the process that wrote it.
    let lines: Vec<_> = whole.lines().collect();
    std::fs::write(&capsule, lines[..lines.len() - 2].join("\n") + "\n[\"wri").unwrap();
    assert_contains(&equal(&capsule, &ready_guest()), "the recording ends there");
}

#[test]
fn a_kept_instance_is_not_recorded() {
    let settings = [
        ("BOOTSTREAM_OBSERVE_RECORD", "failures"),
        ("BOOTSTREAM_REUSE_INVOCATIONS", "5"),
    ];
    let said = failure(&mut invoke(&ready_guest(), "{}", &settings));
    assert_contains(&said, "reuse.invocations");
    assert_contains(&said, "1 while invocations are recorded");
}
