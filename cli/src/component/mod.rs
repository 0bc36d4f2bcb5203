//! Reads the names on a component's outside without compiling it, and checks whether a host runs it.
//!
//! Checks names only: `bootstrap` checks the types when it loads the component.

mod concurrency;
mod data;
mod imports;
mod names;
mod producers;

use anyhow::{Result, anyhow, bail};
use artifact::FileKind;
use artifact::world::{NoWorld, World};

pub(crate) use concurrency::{concurrency, concurrency_of_file};
pub(crate) use data::data_bytes;
pub(crate) use imports::{Group, Need, group, needs};
pub(crate) use names::Names;
pub(crate) use producers::{Producers, Tool};

/// Components of other hosts: the prefix of a characteristic export, and a description.
const OTHER_WORLDS: [(&str, &str); 3] = [
    ("wasi:cli/run@", "a command, as `wasmtime run` runs them"),
    ("fermyon:spin/", "a component for Spin"),
    ("wasmcloud:", "a component for wasmCloud"),
];

/// The hint for a component that exports nothing to call.
const ADVICE: &str = "does the crate have a function with `#[bootstream::handler]`, or with the attribute of a \
                      framework for `wasi:http`?";

/// Rejects everything but a component, in binary form or as text, that the host can run. Returns its world.
///
/// # Errors
///
/// The file is a core module, precompiled already, or not WebAssembly; or the component is damaged, has none
/// of the worlds that the host serves, or imports what the host does not offer. The error says how to fix
/// it.
pub(crate) fn check_handler(bytes: &[u8]) -> Result<World> {
    expect_component(bytes)?;
    let binary = wat::parse_bytes(bytes)?;
    check_names(&Names::read(&binary)?)
}

/// Rejects everything but a component, in binary form or as text. The error says how to fix it.
///
/// # Errors
///
/// The file is a core module, precompiled already, or not WebAssembly.
pub(crate) fn expect_component(bytes: &[u8]) -> Result<()> {
    match FileKind::of_source(bytes) {
        FileKind::Component | FileKind::Text => Ok(()),
        FileKind::CoreModule => bail!(
            "is a core WebAssembly module, not a component: \
             build it with `bootstream build` (target wasm32-wasip2)"
        ),
        FileKind::Precompiled => bail!(
            "is already precompiled: pass the `.wasm` file it was made from, or use it as it is"
        ),
        FileKind::Unknown => {
            bail!("is not WebAssembly: pass the `.wasm` file that `bootstream build` prints")
        }
    }
}

/// Checks that the host serves the world of a component and offers what it imports. Returns the world.
///
/// # Errors
///
/// The first name that does not fit.
pub(crate) fn check_names(names: &Names) -> Result<World> {
    let world = World::of_exports(names.exports.iter().map(String::as_str))
        .map_err(|error| no_world(&error))?;
    for import in &names.imports {
        imports::check(import, world)?;
    }
    Ok(world)
}

/// Adds to the error what kind of component it may be instead.
fn no_world(error: &NoWorld) -> anyhow::Error {
    let NoWorld::NoHandler { exports } = error else {
        return anyhow!("{error}");
    };
    let other = exports.iter().find_map(|export| {
        let mut worlds = OTHER_WORLDS.iter();
        worlds.find(|(start, _)| export.starts_with(start))
    });
    match other {
        Some((_, what)) => anyhow!("is {what}: {error}"),
        None => anyhow!("{error}: {ADVICE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component with these exports, and one import.
    fn with_exports(exports: &[&str], import: &str) -> String {
        let exports: String = exports
            .iter()
            .map(|name| format!("(export \"{name}\" (instance $it))"))
            .collect();
        format!("(component (import \"{import}\" (instance)) (instance $it) {exports})")
    }

    const WASI: &str = "wasi:io/poll@0.2.6";

    #[track_caller]
    fn refusal(text: &str) -> String {
        check_handler(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn each_world_is_accepted() {
        for (export, world) in [
            ("handle", World::Handler),
            ("wasi:http/incoming-handler@0.2.3", World::Proxy),
            ("wasi:http/handler@0.3.0", World::Service),
        ] {
            let text = with_exports(&[export], WASI);
            assert_eq!(check_handler(text.as_bytes()).unwrap(), world, "{export}");
        }
        // As `main` of a crate for `wasi:http` is compiled.
        let both = with_exports(
            &["wasi:cli/run@0.2.6", "wasi:http/incoming-handler@0.2.6"],
            WASI,
        );
        assert_eq!(check_handler(both.as_bytes()).unwrap(), World::Proxy);
    }

    #[test]
    fn a_component_without_a_handler_is_told_what_to_export() {
        let error = refusal("(component)");
        assert_eq!(
            error,
            format!(
                "it exports nothing, and should export `handle`, `wasi:http/incoming-handler@0.2` or \
                 `wasi:http/handler@0.3`: {ADVICE}"
            )
        );
        let error = refusal(&with_exports(&["acme:maths/sums@1.0.0"], WASI));
        assert!(
            error.starts_with("it exports `acme:maths/sums@1.0.0`, and should export"),
            "{error}"
        );
    }

    #[test]
    fn a_component_of_another_world_is_told_what_it_is() {
        for (export, what) in [
            ("wasi:cli/run@0.2.0", "a command, as `wasmtime run`"),
            ("fermyon:spin/inbound-redis", "a component for Spin"),
            ("wasmcloud:bus/actor", "a component for wasmCloud"),
        ] {
            // The kind of the component counts more than its imports.
            let error = refusal(&with_exports(&[export], "acme:store/kv@0.1.0"));

            assert!(error.starts_with(&format!("is {what}")), "{error}");
            assert!(error.contains(&format!("exports `{export}`")), "{error}");
            assert!(error.contains("`wasi:http/handler@0.3`"), "{error}");
        }
    }

    #[test]
    fn an_export_that_is_not_served_is_named_with_the_versions_that_are() {
        for export in [
            "wasi:http/handler@0.3.0-rc-2026-03-15",
            "wasi:http/incoming-handler@0.2.0-rc-2023-11-10",
        ] {
            let error = refusal(&with_exports(&[export], WASI));
            assert!(error.contains(&format!("`{export}`")), "{error}");
            assert!(
                error.contains("`wasi:http/incoming-handler@0.2.x`"),
                "{error}"
            );
        }
        let two = [
            "wasi:http/incoming-handler@0.2.6",
            "wasi:http/handler@0.3.0",
        ];
        let error = refusal(&with_exports(&two, WASI));
        for export in two {
            assert!(error.contains(&format!("`{export}`")), "{error}");
        }
    }

    #[test]
    fn an_import_that_the_host_does_not_offer_is_named() {
        let error = refusal(&with_exports(&["handle"], "acme:store/kv@0.1.0"));
        assert!(
            error.starts_with("imports `acme:store/kv@0.1.0`"),
            "{error}"
        );
    }

    #[test]
    fn an_import_that_the_world_does_not_have_is_named() {
        let import = "bootstream:handler/response-stream@0.1.1";
        for export in [
            "wasi:http/incoming-handler@0.2.6",
            "wasi:http/handler@0.3.0",
        ] {
            let error = refusal(&with_exports(&[export], import));
            assert!(error.starts_with(&format!("imports `{import}`")), "{error}");
        }
        let text = with_exports(&["handle"], import);
        assert_eq!(check_handler(text.as_bytes()).unwrap(), World::Handler);
    }

    #[test]
    fn components_as_text_are_checked_as_well() {
        let error = refusal("(component");
        assert!(error.contains("expected `)`"), "{error}");
    }
}
