//! Several functions in one local Lambda.

use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Dev, bootstream, component, run, script, scripted_guest, text};

fn file(content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("temporary files are writable");
    let path = folder.path().join("bootstream.toml");
    std::fs::write(&path, content).expect("temporary files are writable");
    (folder, path)
}

pub(crate) fn two() -> (TempDir, PathBuf) {
    let quoted = |path: &Path| format!("{:?}", path.to_str().expect("a path in UTF-8"));
    file(&format!(
        "default = 'scripted'\n\
         [functions.numbers]\nhandler = {}\n\
         [functions.scripted]\nhandler = {}\nmemory = 256\ntimeout = 7\n\
         env = {{ GREETING = 'hi', BOOTSTREAM_PASS_ENV = 'GREETING' }}\n",
        quoted(&component("streaming_numbers")),
        quoted(&scripted_guest()),
    ))
}

#[test]
fn each_function_has_its_path_its_name_and_its_settings() {
    let (_folder, file) = two();
    let dev = Dev::start(&file, &[]);
    let json = [("content-type", "application/json")];
    let context = script(&json!(["write_context", "write_env"]));

    let numbers = dev
        .send("POST", "/@fn/numbers/invoke", &json, "{}")
        .rest()
        .0;
    let named = dev.send("POST", "/@fn/scripted/@rest/p", &json, &context);
    let default = dev.send("POST", "/p", &json, &context).rest().0;

    assert!(numbers.contains("Number: 1"), "{numbers}");
    assert_eq!(named.status, 200);
    for expected in [
        "\"function-name\":\"scripted\"",
        "\"memory-limit-mib\":256",
        "\"GREETING\":\"hi\"",
    ] {
        assert!(default.contains(expected), "{default}");
    }
}

/// The settings of the sandbox hold as they do in Lambda, where the same file is in the package.
#[test]
fn the_sandbox_is_set_in_the_same_file() {
    let guest = scripted_guest();
    let (_folder, file) = file(&format!(
        "pass-env = ['GREETING']\n[limits]\nmemory-mib = 8\n\
         [functions.scripted]\nhandler = {:?}\nenv = {{ GREETING = 'hi', HIDDEN = 'x' }}\n\
         [functions.roomy]\nhandler = {:?}\n\
         env = {{ BOOTSTREAM_LIMITS_MEMORY_MIB = '64' }}\n",
        guest.to_str().expect("a path in UTF-8"),
        guest.to_str().expect("a path in UTF-8"),
    ));
    let dev = Dev::start(&file, &[]);
    let env = script(&json!(["write_env"]));
    let greedy = script(&json!([{"grow_memory": 16 * 1024 * 1024}, {"write": "enough"}]));
    let json = [("content-type", "application/json")];
    let call =
        |name: &str, event: &str| dev.send("POST", &format!("/@fn/{name}/invoke"), &json, event);

    let seen = call("scripted", &env).rest().0;
    assert!(
        seen.contains("GREETING") && !seen.contains("HIDDEN"),
        "{seen}"
    );
    assert_eq!(call("scripted", &greedy).status, 502);
    assert_eq!(call("roomy", &greedy).rest().0, "enough");
}

#[test]
fn sdks_name_the_function() {
    let (_folder, file) = two();
    let mut dev = Dev::start(&file, &[]);
    let invoke = |name: &str| format!("/2015-03-31/functions/{name}/invocations");

    let numbers = dev.send("POST", &invoke("numbers:live"), &[], "{}");
    let missing = dev.send("POST", &invoke("nobody"), &[], "{}");
    let lost = dev.send("GET", "/@fn/nobody/", &[], "");

    assert!(numbers.rest().0.contains("Number: 1"));
    assert_eq!((missing.status, lost.status), (404, 404));
    assert_eq!(
        missing.header("x-amzn-errortype"),
        ["ResourceNotFoundException"]
    );
    dev.wait_until_seen("there is no function `nobody`");
}

#[test]
fn a_file_that_makes_no_sense_is_refused() {
    for (content, reason) in [
        ("", "missing field `functions`"),
        ("[functions]", "names no function"),
        (
            "[functions.a]\nhandler = 'x'\n[limits]\nspeed = 1",
            "bootstream.toml:4: `limits.speed` is no setting",
        ),
        (
            "[functions.a]\nhandler = 'x'\nspeed = 1",
            "unknown field `speed`",
        ),
        ("[functions.a]", "neither a `handler` nor a `bootstrap`"),
        ("[functions.'a b']\nhandler = 'x'", "a name consists of"),
        (
            "[functions.a]\nhandler = 'x'\nmemory = 1",
            "`memory` is 128..=10240 MiB",
        ),
        (
            "default = 'b'\n[functions.a]\nhandler = 'x'",
            "is not among the functions",
        ),
    ] {
        let (_folder, file) = file(content);

        let output = run(bootstream(&["dev"]).arg(&file));

        assert_eq!(output.status.code(), Some(1), "{content}");
        let stderr = text(&output.stderr);
        assert!(stderr.contains(reason), "{content}: {stderr}");
    }
}
