//! The attributes' errors for functions that cannot be exported.

use std::{
    env,
    fs::{self, DirEntry},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::SystemTime,
};

const USE: &str = "use bootstream::{Error, Event, Response};\n";

/// Returns the newest build of the crate, and the folder with its dependencies.
fn sdk() -> (PathBuf, PathBuf) {
    let deps = env::current_exe().expect("the path of this test");
    let deps = deps.parent().expect("a folder").to_owned();
    let is_sdk = |entry: &DirEntry| {
        let name = entry.file_name().into_string().unwrap_or_default();
        name.starts_with("libbootstream-") && Path::new(&name).extension() == Some("rlib".as_ref())
    };
    let built = |entry: &DirEntry| {
        let metadata = entry.metadata().and_then(|metadata| metadata.modified());
        metadata.unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let builds = fs::read_dir(&deps)
        .expect("a folder")
        .filter_map(Result::ok);
    let newest = builds.filter(is_sdk).max_by_key(built);
    (newest.expect("cargo has built the crate").path(), deps)
}

/// Compiles a crate that uses the SDK. Returns the compiler's output as the error.
fn compile(source: &str) -> Result<(), String> {
    let (library, deps) = sdk();
    let mut rustc = Command::new(Path::new(env!("CARGO")).with_file_name("rustc"))
        .args(["-", "--edition", "2024", "--crate-type", "lib"])
        .args(["--crate-name", "function"])
        // To the standard output: a file might replace another with the same path.
        .args(["--emit", "metadata=-"])
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("--extern")
        .arg(format!("bootstream={}", library.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rustc is beside cargo");
    let mut stdin = rustc.stdin.take().expect("it is piped");
    write!(stdin, "{USE}{source}").expect("rustc reads its input");
    drop(stdin);
    let finished = rustc.wait_with_output().expect("rustc ends");
    if finished.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&finished.stderr).into_owned())
    }
}

fn refusal(source: &str) -> String {
    match compile(source) {
        Err(text) => text,
        Ok(()) => panic!("compiles: {source}"),
    }
}

#[test]
fn functions_that_fit_are_exported() {
    for source in [
        "#[bootstream::handler]\nfn handle(event: Event, response: Response) -> Result<(), Error> \
         { Ok(()) }",
        "/// Documented.\n#[bootstream::handler]\n#[allow(unused)]\npub(crate) fn serve(_: Event, \
         _: Response,) -> Result<(), std::num::ParseIntError> { Ok(()) }",
        "#[bootstream::handler]\nfn handle(_: Event, _: Response) -> Result<(), &'static str> \
         { Err(\"a text\") }",
        "#[bootstream::preinit]\nfn prepare() {}",
    ] {
        assert_eq!(compile(source), Ok(()), "{source}");
    }
}

#[test]
fn another_signature_is_refused_with_the_right_one() {
    let example = "write `fn handle(event: Event, response: Response) -> Result<(), Error>`";
    for (function, reason) in [
        (
            "fn handle() -> Result<(), Error> { Ok(()) }",
            "needs a function with 2 parameters, `handle` has 0",
        ),
        (
            "fn handle(a: std::collections::HashMap<u8, fn() -> u8>) -> Result<(), Error> { Ok(()) }",
            "needs a function with 2 parameters, `handle` has 1",
        ),
        (
            "fn handle(_: Event, _: Response) {}",
            "needs a function that returns a `Result`",
        ),
        (
            "async fn handle(_: Event, _: Response) -> Result<(), Error> { Ok(()) }",
            "needs a function that is not `async`",
        ),
        (
            "unsafe fn handle(_: Event, _: Response) -> Result<(), Error> { Ok(()) }",
            "needs a function that is not `unsafe`",
        ),
        (
            "fn handle<T>(_: Event, _: T) -> Result<(), Error> { Ok(()) }",
            "does not take a generic function",
        ),
        ("struct Handler;", "goes in front of a function"),
    ] {
        let text = refusal(&format!("#[bootstream::handler]\n{function}\n"));

        let expected = format!("error: `#[bootstream::handler]` {reason}");
        assert!(text.contains(&expected), "{function}: {text}");
        assert!(text.contains(example), "{function}: {text}");
    }
}

#[test]
fn arguments_are_refused() {
    let text = refusal(
        "#[bootstream::handler(streaming)]\n\
         fn handle(_: Event, _: Response) -> Result<(), Error> { Ok(()) }",
    );

    assert!(
        text.contains("`#[bootstream::handler]` takes no arguments"),
        "{text}"
    );
}

#[test]
fn another_type_is_the_compilers_error_at_the_function() {
    let text = refusal(
        "#[bootstream::handler]\n\
         fn handle(_: Event, _: String) -> Result<(), Error> { Ok(()) }",
    );
    assert!(text.contains("3 | fn handle("), "{text}");
    // The compiler leaves out the crate of a name that only one crate has.
    let text = text.replace("bootstream::", "");
    assert!(
        text.contains("expected function signature `fn(Event, Response) -> _`"),
        "{text}"
    );

    let text = refusal(
        "#[bootstream::handler]\n\
         fn handle(_: Event, _: Response) -> Result<(), u8> { Ok(()) }",
    );
    assert!(text.contains("3 | fn handle("), "{text}");
    assert!(text.contains("is not implemented for `u8`"), "{text}");
}

#[test]
fn a_preinit_function_takes_and_returns_nothing() {
    for (function, reason) in [
        (
            "fn prepare(n: u8) {}",
            "needs a function without parameters, `prepare` has 1",
        ),
        (
            "fn prepare() -> u8 { 1 }",
            "needs a function that returns nothing",
        ),
    ] {
        let text = refusal(&format!("#[bootstream::preinit]\n{function}\n"));

        assert!(
            text.contains(&format!("error: `#[bootstream::preinit]` {reason}")),
            "{text}"
        );
        assert!(text.contains("write `fn prepare()`"), "{text}");
    }
}
