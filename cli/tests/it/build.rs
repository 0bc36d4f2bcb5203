//! `build` without a crate: bootstream.toml has the command that makes the component.

use std::path::Path;

use bootstream_test_support::{assert_contains, built};

use crate::support::{Dev, bootstream, component, failure, scripted_guest, succeed, text};

/// A project whose build copies `made.bin`, a name that no handler has.
fn project(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bootstream.toml"), settings).unwrap();
    std::fs::copy(scripted_guest(), folder.path().join("made.bin")).unwrap();
    folder
}

const COPIES: &str = "[build]\ncommand = [\"sh\", \"-c\", \"echo copying; cp made.bin out.wasm\"]\n\
                      component = \"out.wasm\"\n";

#[test]
fn a_tool_of_another_language_makes_the_component() {
    let folder = project(COPIES);

    let output = succeed(bootstream(&["build"]).arg(folder.path()));

    let made = folder.path().join("out.wasm");
    let said = text(&output.stdout);
    assert!(said.starts_with(&made.display().to_string()), "{said}");
    // Standard output is for results.
    assert_eq!(text(&output.stderr), "copying\n");
    assert!(std::fs::read(made).unwrap() == std::fs::read(scripted_guest()).unwrap());
}

#[test]
fn such_a_project_is_packaged_like_a_crate() {
    let folder = project(COPIES);

    let output = succeed(
        bootstream(&["package", "--only", "function", "--portable"]).current_dir(folder.path()),
    );

    let said = text(&output.stdout);
    assert_contains(&said, "bootstream.toml, handler.wasm\n");
}

#[test]
fn a_component_that_something_else_makes_is_taken_as_it_is() {
    let folder = project("[build]\ncomponent = \"made.bin\"\n");

    succeed(bootstream(&["build"]).arg(folder.path()));
}

/// A core module that answers with an empty response, as compilers of C and Go leave it.
const MODULE: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "handle") (param i32) (result i32) i32.const 16))"#;

const OF_A_MODULE: &str = "[build]\nmodule = \"core.wasm\"\ncomponent = \"out.wasm\"\n";

#[test]
fn a_core_module_becomes_a_component_that_runs() {
    let folder = project(OF_A_MODULE);
    let module = wat::parse_str(MODULE).unwrap();
    std::fs::write(folder.path().join("core.wasm"), module).unwrap();

    let output = succeed(bootstream(&["invoke", "-d", "{}"]).arg(folder.path()));

    assert_eq!(text(&output.stdout), "");
    let inspected = succeed(bootstream(&["inspect"]).arg(folder.path().join("out.wasm")));
    assert_contains(
        &text(&inspected.stdout),
        "world: bootstream:handler/handler@0.1",
    );
}

#[test]
fn a_core_module_that_does_not_fit_is_named() {
    let folder = project(OF_A_MODULE);
    let refusal = || failure(bootstream(&["build"]).arg(folder.path()));
    assert_contains(
        &refusal(),
        "core.wasm`, which `[build]` of bootstream.toml names as the `module`",
    );

    let write = |text: &str| {
        std::fs::write(
            folder.path().join("core.wasm"),
            wat::parse_str(text).unwrap(),
        )
    };
    write("(module (func (export \"_start\")))").unwrap();
    assert_contains(
        &refusal(),
        "core.wasm`: is a program, which ends with its `main`",
    );
    write("(module)").unwrap();
    assert_contains(&refusal(), "core.wasm`: does not export `handle`");

    let settings = "[build]\ncomponent = \"core.wasm\"\n";
    std::fs::write(folder.path().join("bootstream.toml"), settings).unwrap();
    assert_contains(
        &refusal(),
        "is a core WebAssembly module: name it as the `module` in `[build]`",
    );
}

#[test]
fn what_stands_in_the_way_is_named() {
    for (settings, wanted) in [
        ("[build]\ncomponent = \"out.wasm\"\n", "there is no `"),
        (
            "[build]\ncommand = [\"./missing\"]\ncomponent = \"out.wasm\"\n",
            "error: cannot run `./missing` in `",
        ),
        (
            "[build]\ncommand = [\"sh\", \"-c\", \"exit 3\"]\ncomponent = \"out.wasm\"\n",
            "error: `sh -c exit 3` failed, see above\n",
        ),
        (
            "[build]\ncomand = []\n",
            "bootstream.toml`: TOML parse error at line 2",
        ),
        (
            "[build]\ncomponent = \"bootstream.toml\"\n",
            "bootstream.toml`: is not WebAssembly",
        ),
    ] {
        let folder = project(settings);

        let message = failure(bootstream(&["build"]).arg(folder.path()));

        assert_contains(&message, wanted);
    }
}

#[test]
fn a_watched_project_is_built_when_its_sources_change_and_not_because_it_was_built() {
    let folder = project(COPIES);
    let mut dev = Dev::start(folder.path(), &["--watch"]);

    for component in [component("streaming_numbers"), scripted_guest()] {
        std::fs::copy(component, folder.path().join("made.bin")).unwrap();
        dev.wait_for("the sources changed");
        dev.wait_for("swapped to the new `");
    }

    let builds = dev.lines().iter();
    let builds = builds.filter(|line| line.as_str() == "the sources changed");
    assert_eq!(builds.count(), 2);
}

/// A crate without a handler, whose own cargo configuration sets the target folder.
fn crate_with_own_configuration() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join("crate").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let manifest = "[package]\nname = \"tiny\"\nedition = \"2024\"\n[lib]\n\
                    crate-type = [\"cdylib\"]\n[workspace]\n";
    write("Cargo.toml", manifest);
    write("src/lib.rs", "const _: () = assert!(cfg!(its_own));\n");
    let configuration = "[build]\ntarget-dir = \"its-own-target\"\n\
                         [target.wasm32-wasip2]\nrustflags = [\"--cfg=its_own\"]\n";
    write(".cargo/config.toml", configuration);
    folder
}

#[test]
fn cargo_runs_in_the_folder_of_the_crate_and_paths_of_the_user_stay_the_user_s() {
    let folder = crate_with_own_configuration();
    // Canonical, as cargo prints it.
    let folder = folder.path().canonicalize().unwrap();
    let build = |args: &[&str], variable: Option<&str>| {
        let mut command = bootstream(&[&["build", "crate"], args].concat());
        // The result is not a handler, and the error has its path.
        command
            .current_dir(&folder)
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("RUSTFLAGS")
            .envs(variable.map(|folder| ("CARGO_TARGET_DIR", folder)));
        failure(&mut command)
    };
    for (args, variable, expected) in [
        (&[][..], None, "crate/its-own-target"),
        (&[], Some("by-variable"), "by-variable"),
        (
            &["--target-dir", "by-option"],
            Some("by-variable"),
            "by-option",
        ),
    ] {
        let said = build(args, variable);

        let place = format!("error: `{}/", folder.join(expected).display());
        assert!(said.contains(&place), "{expected}: {said}");
        assert_contains(&said, "it exports nothing, and should export `handle`");
    }
}

/// A crate with this manifest behind its first lines, whose handler is the contract's smallest.
fn tiny_crate(profile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"tiny\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n{profile}"
        ),
    );
    // `strip` decides about the section of names, `debug` about that of line tables.
    let code = "#[unsafe(no_mangle)]\npub extern \"C\" fn twice(n: i32) -> i32 { n * 2 }\n";
    write("src/lib.rs", code.to_owned());
    folder
}

/// Builds the crate in a folder. Returns what is said, and the component's size.
fn build(folder: &Path, args: &[&str], variable: Option<(&str, &str)>) -> (String, u64) {
    let mut command = bootstream(&["build"]);
    command
        .args(args)
        .current_dir(folder)
        .env_remove("CARGO_TARGET_DIR")
        .envs(variable);
    // It exports no handler, and the error has its path.
    let said = failure(&mut command);
    let made = said.split('`').find(|part| part.ends_with("/tiny.wasm"));
    let made = std::fs::metadata(made.unwrap_or_else(|| panic!("no component: {said}")));
    (said, made.unwrap().len())
}

/// Builds a new crate with this profile.
fn build_new(profile: &str) -> (String, u64) {
    build(tiny_crate(profile).path(), &[], None)
}

#[test]
fn a_crate_without_a_profile_gets_the_small_one_and_a_line_says_so() {
    const NOTE: &str =
        "small release profile (opt-level = \"s\", lto = true, strip = \"debuginfo\"";
    let (said, small) = build_new("");
    assert_contains(&said, NOTE);
    let lines = said.lines().filter(|line| line.contains("release profile"));
    assert_eq!(lines.count(), 1, "{said}");

    let (said, of_a_package) = build_new("[profile.release.package.x]\ndebug = true\n");
    assert_contains(&said, NOTE);
    assert_eq!(of_a_package, small);

    let (said, own) = build_new("[profile.release]\nstrip = \"none\"\n");
    assert!(!said.contains("release profile"), "{said}");
    assert!(own > small, "{own} {small}");
}

#[test]
fn a_build_with_another_profile_leaves_the_component_as_it_is() {
    let folder = tiny_crate("");
    let build = |args: &[&str], variable| build(folder.path(), args, variable);
    let (_, small) = build(&[], None);
    // As `cargo build --release` makes it.
    let (said, own) = build(&[], Some(("CARGO_PROFILE_RELEASE_STRIP", "none")));
    assert!(!said.contains("release profile"), "{said}");
    let (said, with_lines) = build(&["--line-tables"], None);
    assert_contains(&said, "with line tables");
    assert!(
        small < own && small < with_lines,
        "{small} {own} {with_lines}"
    );

    for (args, size) in [(&[][..], small), (&["--line-tables"], with_lines)] {
        let (said, again) = build(args, None);
        assert!(!said.contains("Compiling"), "{said}");
        assert_eq!(again, size);
    }
}

#[test]
fn line_tables_are_an_option_of_crates() {
    let folder = project(COPIES);

    let message = failure(bootstream(&["build", "--line-tables"]).arg(folder.path()));

    assert_contains(&message, "line tables are an option of crates");
}

#[test]
fn a_report_says_where_the_bytes_are() {
    let folder = project(COPIES);

    let output = succeed(bootstream(&["build", "--report"]).arg(folder.path()));

    let said = text(&output.stdout);
    for words in [
        "parts:\n",
        "%  code\n",
        "%  data\n",
        "%  function names\n",
        "%  debug information\n",
        "code, by crate:\n",
        "%  core\n",
        "%  guest_steps\n",
        "largest functions:\n",
    ] {
        assert_contains(&said, words);
    }
}

/// `scripts/build-language-guests.sh` has built it with the command.
#[test]
fn the_libraries_of_a_component_in_python_are_linked() {
    let component = std::fs::read(built("languages/python.wasm")).unwrap();
    let payloads = wasmparser::Parser::new(0).parse_all(&component);
    let modules = payloads
        .filter(|it| matches!(it, Ok(wasmparser::Payload::ModuleSection { .. })))
        .count();
    // The other fills in the imports that need the memory.
    assert_eq!(modules, 2);
}
