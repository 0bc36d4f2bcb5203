//! The compile helper, `compile` and `build`: their results and their refusals.

use std::path::Path;
use std::process::{Command, Output};

use bootstream_test_support::built;

use crate::support::{bootstream, failure, run, scripted_guest, succeed, text};

fn helper(args: &[&str]) -> Output {
    run(Command::new(env!("CARGO_BIN_EXE_bootstream-compile")).args(args))
}

/// Runs the helper on a file with this content. Returns its error message without the file's name.
fn refusal(content: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("temporary folders are writable");
    let path = folder.path().join("handler.wasm");
    std::fs::write(&path, content).expect("temporary folders are writable");
    let path = path.to_str().expect("temporary folders have plain names");
    let output = helper(&[path]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    text(&output.stderr).replace(path, "FILE")
}

fn is_precompiled(file: &Path) -> bool {
    std::fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"))
}

#[test]
fn the_helper_writes_machine_code_to_stdout() {
    let output = helper(&[scripted_guest().to_str().unwrap()]);

    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"\x7fELF"));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_helper_writes_a_file_for_either_architecture() {
    const ELF_MACHINE: usize = 18;
    let folder = tempfile::tempdir().unwrap();
    for (target, machine) in [
        ("x86_64-unknown-linux-gnu", 0x3e),
        ("aarch64-unknown-linux-gnu", 0xb7),
    ] {
        let path = folder.path().join(target);
        let guest = scripted_guest();
        let args = [
            guest.to_str().unwrap(),
            "-o",
            path.to_str().unwrap(),
            "--target",
            target,
        ];

        assert_eq!(helper(&args).status.code(), Some(0));

        let code = std::fs::read(&path).unwrap();
        assert_eq!(code[ELF_MACHINE], machine, "{target}");
    }
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2, "temporary files are gone");
}

#[test]
fn what_is_not_a_component_is_refused_with_the_way_to_one() {
    let module = "is a core WebAssembly module, not a component: \
                  build it with `bootstream build` (target wasm32-wasip2)";
    let garbage = "is not WebAssembly: pass the `.wasm` file that `bootstream build` prints";
    let precompiled = "is already precompiled: \
                       pass the `.wasm` file it was made from, or use it as it is";
    let code = helper(&[scripted_guest().to_str().unwrap()]).stdout;
    for (content, reason) in [
        (&b"\0asm\x01\0\0\0"[..], module),
        (b"garbage", garbage),
        (b"", garbage),
        (&code, precompiled),
    ] {
        assert_eq!(refusal(content), format!("error: `FILE`: {reason}\n"));
    }
}

#[test]
fn a_component_that_is_cut_off_is_refused() {
    let bytes = std::fs::read(scripted_guest()).unwrap();

    let message = refusal(&bytes[..bytes.len() / 2]);

    assert!(
        message.starts_with("error: cannot compile `FILE`: "),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn a_missing_file_is_named() {
    let output = helper(&["/nowhere/handler.wasm"]);

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: cannot read `/nowhere/handler.wasm`: No such file or directory (os error 2)\n"
    );
}

#[test]
fn wrong_usage_of_the_helper_is_exit_code_2() {
    assert_eq!(helper(&[]).status.code(), Some(2));
    assert_eq!(
        helper(&["a.wasm", "--target", "riscv64"]).status.code(),
        Some(2)
    );
}

#[test]
fn compile_writes_beside_the_component() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("hello.wasm");
    std::fs::copy(scripted_guest(), &component).unwrap();

    let output = succeed(bootstream(&["compile"]).arg(&component));

    let code = folder.path().join("hello.cwasm");
    assert!(is_precompiled(&code));
    assert!(text(&output.stdout).starts_with(code.to_str().unwrap()));
}

#[test]
fn a_component_of_another_world_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("empty.wasm");
    std::fs::write(&component, b"\0asm\x0d\0\x01\0").unwrap();

    let said = failure(bootstream(&["dev"]).arg(&component));

    let reason = format!(
        "error: `{}`: it exports nothing, and should export `handle`, `wasi:http/incoming-handler@0.2` or \
         `wasi:http/handler@0.3`: does the crate have a function with `#[bootstream::handler]`",
        component.display()
    );
    assert!(said.starts_with(&reason), "{said}");
}

#[test]
fn what_no_host_runs_is_refused_by_every_command_in_the_same_words() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("server.wat");
    let server = r#"(component (instance $it)
        (export "wasi:http/incoming-handler@0.2.0-rc-2023-11-10" (instance $it)))"#;
    std::fs::write(&component, server).unwrap();
    let reason = format!(
        "error: `{}`: it exports version 0.2.0-rc-2023-11-10 of `wasi:http/incoming-handler` \
         (`wasi:http/incoming-handler@0.2.0-rc-2023-11-10`), and this host serves \
         `wasi:http/incoming-handler@0.2.x` and `wasi:http/handler@0.3.x`",
        component.display()
    );
    for command in ["compile", "dev", "invoke"] {
        let said = failure(bootstream(&[command]).arg(&component));

        assert!(said.starts_with(&reason), "{command}: {said}");
    }
    assert!(!component.with_extension("cwasm").exists());
}

#[test]
fn build_needs_a_crate() {
    let folder = tempfile::tempdir().unwrap();

    let said = failure(bootstream(&["build"]).arg(folder.path()));

    assert_eq!(
        said,
        format!(
            "error: `{}` has neither a Cargo.toml nor a bootstream.toml with a `component` in \
             `[build]`: name the folder of a handler\n",
            folder.path().display()
        )
    );
}

/// Builds an example, and precompiles it.
fn build_example(component: &Path) -> Output {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/streaming-numbers");
    succeed(
        bootstream(&["build", "--precompile", "-o"])
            .arg(component)
            .arg(package),
    )
}

#[test]
fn build_makes_a_component_and_its_machine_code() {
    let folder = tempfile::tempdir().unwrap();
    let component = folder.path().join("numbers.wasm");

    let output = build_example(&component);

    let code = component.with_extension("cwasm");
    let stdout = text(&output.stdout);
    let lines: Vec<_> = stdout.lines().collect();
    assert!(
        lines[0].starts_with(component.to_str().unwrap()),
        "{stdout}"
    );
    assert!(lines[1].starts_with(code.to_str().unwrap()), "{stdout}");
    assert!(is_precompiled(&code));
}

/// Every cold start loads the machine code. The handler of the benchmarks reads its event with serde alone; the example
/// reads it as a request of any front end, and may be 15 % larger.
#[test]
fn an_example_as_built_is_hardly_larger_than_the_handler_of_the_benchmarks() {
    let folder = tempfile::tempdir().unwrap();
    let example = folder.path().join("numbers.wasm");
    let benchmark = folder.path().join("benchmark.cwasm");
    build_example(&example);
    let handler = built("guests/wasm32-wasip2/lambda/bench_handler.wasm");
    let compiled = helper(&[handler.to_str().unwrap(), "-o", benchmark.to_str().unwrap()]);
    assert_eq!(compiled.status.code(), Some(0));

    let size = |file: &Path| std::fs::metadata(file).unwrap().len();
    let (example, benchmark) = (size(&example.with_extension("cwasm")), size(&benchmark));
    assert!(
        example * 100 <= benchmark * 115,
        "{example} bytes of machine code, and {benchmark} of the benchmarks"
    );
}

#[test]
fn build_without_a_compiler_says_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();

    let said = failure(
        bootstream(&["build"])
            .arg(folder.path())
            .env("RUSTC", "/nowhere/rustc")
            .env("WASM_TOOLCHAIN_DIR", "/nowhere"),
    );

    assert_eq!(
        said,
        "error: no Rust compiler here has the target wasm32-wasip2: \
         run `rustup target add wasm32-wasip2`, or `bootstream build --setup`\n"
    );
}
