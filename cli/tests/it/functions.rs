//! Several functions in one local Lambda.

use std::path::{Path, PathBuf};

use bootstream_test_support::assert_contains;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Dev, bootstream, component, failure, script, scripted_guest};

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
    let context = script(&json!(["write_context", "write_env"]));

    let numbers = dev.post("/@fn/numbers/invoke", "{}").rest().0;
    let named = dev.post("/@fn/scripted/@rest/p", &context);
    let default = dev.post("/p", &context).rest().0;

    assert_contains(&numbers, "Number: 1");
    assert_eq!(named.status, 200);
    for expected in [
        "\"function-name\":\"scripted\"",
        "\"memory-limit-mib\":256",
        "\"GREETING\":\"hi\"",
    ] {
        assert_contains(&default, expected);
    }
}

/// The sandbox settings apply as in Lambda, where the package has the same file.
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
    let call = |name: &str, event: &str| dev.post(&format!("/@fn/{name}/invoke"), event);

    let seen = call("scripted", &env).rest().0;
    assert!(
        seen.contains("GREETING") && !seen.contains("HIDDEN"),
        "{seen}"
    );
    assert_eq!(call("scripted", &greedy).status, 502);
    assert_eq!(call("roomy", &greedy).rest().0, "enough");
}

#[test]
fn functions_appear_change_and_go_as_their_file_says() {
    let guest = scripted_guest();
    let guest = guest.to_str().expect("a path in UTF-8");
    let function = |name: &str, greeting: &str| {
        format!(
            "[functions.{name}]\nhandler = {guest:?}\nmemory = 256\n\
             env = {{ GREETING = '{greeting}', BOOTSTREAM_PASS_ENV = 'GREETING' }}\n"
        )
    };
    let (_folder, file) = file(&[function("stays", "a"), function("goes", "a")].concat());
    let write = |functions: &[String]| {
        std::fs::write(&file, functions.concat()).expect("temporary files are writable");
    };
    let mut dev = Dev::start(&file, &[]);
    let call = |dev: &Dev, name: &str, steps: &serde_json::Value| {
        let path = format!("/@fn/{name}/invoke");
        dev.post(&path, &script(steps))
    };
    let greeting = json!(["write_env"]);
    let assert_greets = |dev: &Dev, name: &str, with: &str| {
        let (seen, _) = call(dev, name, &greeting).rest();
        assert_contains(&seen, &format!("\"GREETING\":\"{with}\""));
    };
    let waiting = json!([{"write": "begun"}, {"sleep_ms": 3000}, {"write": "ended"}]);
    assert_eq!(call(&dev, "comes", &greeting).status, 404);
    let mut open = call(&dev, "goes", &waiting);
    assert_eq!(open.chunk().as_deref(), Ok("begun"));

    write(&[function("stays", "b"), function("comes", "c")]);
    dev.wait_for("removed the function `goes`");
    assert!(dev.has_seen("changed the function `stays`"));
    assert!(dev.has_seen("added the function `comes`"));

    assert_greets(&dev, "stays", "b");
    assert_greets(&dev, "comes", "c");
    assert_eq!(call(&dev, "goes", &greeting).status, 404);
    // It completes what it began.
    open.assert_body("ended");

    // An invalid file changes nothing.
    for (broken, why) in [
        ("[functions]".to_owned(), "names no function"),
        (
            function("stays", "c").replace(guest, "nowhere.wasm"),
            "cannot read",
        ),
    ] {
        write(&[broken]);
        assert!(dev.wait_for("kept the old").contains(why));
        assert_greets(&dev, "stays", "b");
    }

    // The sandbox settings apply to all functions; an unchanged function is not replaced.
    write(&[
        "pass-env = []\n[limits]\nmemory-mib = 8\n".to_owned(),
        function("stays", "b"),
    ]);
    dev.wait_for("swapped to the new");
    let greedy = json!([{"grow_memory": 16 * 1024 * 1024}, {"write": "enough"}]);
    assert_eq!(call(&dev, "stays", &greedy).status, 502);
}

/// The file may change while a function it named before is still shutting down.
#[test]
fn no_change_of_the_file_is_missed() {
    let handler = component("streaming_numbers");
    let function = |name: &str| format!("[functions.{name}]\nhandler = {handler:?}\n");
    let (_folder, file) = file(&function("stays"));
    let mut dev = Dev::start(&file, &[]);
    for round in 0..8 {
        let names = ["stays".to_owned(), format!("goes-{round}")];
        let content: String = names.iter().map(|name| function(name)).collect();
        std::fs::write(&file, content).expect("temporary files are writable");
        dev.wait_for(&format!("added the function `{}`", names[1]));
        if round > 0 {
            dev.wait_for(&format!("removed the function `goes-{}`", round - 1));
        }
    }
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
    missing.assert_header("x-amzn-errortype", &["ResourceNotFoundException"]);
    dev.wait_until_seen("there is no function `nobody`");
}

#[test]
fn an_invalid_file_is_refused() {
    for (content, reason) in [
        ("", "missing field `functions`"),
        ("[functions]", "names no function"),
        (
            "[functions.a]\nhandler = 'x'\n[limits]\nspeed = 1",
            "bootstream.toml:4: unknown setting `limits.speed`",
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

        let stderr = failure(bootstream(&["dev"]).arg(&file));

        assert!(stderr.contains(reason), "{content}: {stderr}");
    }
}
