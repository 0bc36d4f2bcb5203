//! Which components of `wasi:http` are loaded.

use bootstream_test_support::assert_contains_all;
use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, executable, executable_with_wasi_p3};
use bootstream_test_support::recorder::Recorder;

const HAS_WASI_P3: bool = cfg!(feature = "wasi-p3");

fn is_readable(export: &str) -> bool {
    HAS_WASI_P3 || !export.contains("@0.3.")
}

/// The message of the init error of a component with these exports, each an empty interface.
#[track_caller]
fn init_error(exports: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let exports = exports.iter().map(|export| match *export {
        "handle" => "(func (export \"handle\") (canon lift (core func $main \"run\")))".to_owned(),
        name => format!("(export \"{name}\" (instance $empty))"),
    });
    let text = format!(
        "(component (core module $main (func (export \"run\"))) (core instance $main (instantiate $main)) \
         (instance $empty) {})",
        exports.collect::<Vec<_>>().join(" ")
    );
    let handler = guests::compiled(&text, folder.path());
    let lambda = Recorder::start();
    // The other build does not look into components that need WASI 0.3.
    let executable = if HAS_WASI_P3 {
        executable_with_wasi_p3()
    } else {
        executable()
    };
    let _host = Bootstrap::with_executable(&lambda, &executable, &handler).start();
    lambda.request("/init/error").error_message()
}

#[test]
fn another_version_of_an_interface_is_an_init_error_that_names_it() {
    for export in [
        "wasi:http/handler@0.3.0-rc-2026-03-15",
        "wasi:http/incoming-handler@0.2.0-rc-2023-11-10",
        "wasi:http/incoming-handler@0.3.0",
        "wasi:http/handler@1.0.0",
    ]
    .into_iter()
    .filter(|export| is_readable(export))
    {
        let (_, version) = export.split_once('@').expect("a version");
        let message = init_error(&[export]);
        assert_contains_all(
            &message,
            [
                export,
                version,
                "wasi:http/incoming-handler@0.2.x",
                "wasi:http/handler@0.3.x",
            ],
        );
    }
}

#[test]
fn two_handlers_in_one_component_are_an_init_error_that_names_both() {
    for exports in [
        ["handle", "wasi:http/incoming-handler@0.2.6"],
        [
            "wasi:http/incoming-handler@0.2.6",
            "wasi:http/handler@0.3.0",
        ],
    ]
    .into_iter()
    .filter(|exports| exports.iter().all(|export| is_readable(export)))
    {
        assert_contains_all(&init_error(&exports), exports);
    }
}

#[test]
fn an_interface_without_its_function_is_an_init_error() {
    let message = init_error(&["wasi:http/incoming-handler@0.2.6"]);
    assert_contains_all(&message, ["incoming-handler", "another type"]);
}
