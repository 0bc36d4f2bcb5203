//! Checks whether a file is a component, and whether a component fits the `handler` world.
//!
//! Checks names only: `bootstrap` checks the types when it loads the component.

use anyhow::{Context as _, Result, anyhow, bail};
use artifact::contract::{SERVED_VERSIONS, WORLD, is_served, version_of_import};
use artifact::{Concurrency, FileKind, Stamp};
use wasmparser::{
    ComponentType, ComponentTypeRef, DataKind, Encoding, InstanceTypeDeclaration, Parser, Payload,
};

/// The export every handler has.
const HANDLE: &str = "handle";

/// Worlds of other hosts: the prefix of a characteristic export, and a description of such a component.
const OTHER_WORLDS: [(&str, &str); 5] = [
    ("wasi:http/incoming-handler@", WASI_HTTP),
    ("wasi:http/handler@", WASI_HTTP),
    ("wasi:cli/run@", "a command, as `wasmtime run` runs them"),
    ("fermyon:spin/", "a component for Spin"),
    ("wasmcloud:", "a component for wasmCloud"),
];

const WASI_HTTP: &str = "a server of `wasi:http`, as `wasmtime serve`, Spin and wasmCloud run them";

/// Rejects everything but a component, in binary form or as text, that the host can run. The error says how
/// to fix it.
///
/// # Errors
///
/// The file is a core module, precompiled already, or not WebAssembly; or the component is damaged, lacks
/// the export `handle`, or imports what the host does not offer.
pub(crate) fn check_handler(bytes: &[u8]) -> Result<()> {
    expect_component(bytes)?;
    let binary = wat::parse_bytes(bytes)?;
    check_world(&binary)
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

fn check_world(binary: &[u8]) -> Result<()> {
    let names = Names::read(binary).context("is damaged, or its end is missing")?;
    if !names.exports.iter().any(|name| name == HANDLE) {
        return Err(no_handle(&names.exports));
    }
    if let Some(import) = names.imports.iter().find(|name| !is_offered(name)) {
        return Err(foreign_import(import));
    }
    Ok(())
}

/// Describes a component that does not export `handle`.
fn no_handle(exports: &[String]) -> anyhow::Error {
    let other = exports.iter().find_map(|export| {
        let world = OTHER_WORLDS
            .iter()
            .find(|(start, _)| export.starts_with(start));
        world.map(|(_, what)| (export, what))
    });
    if let Some((export, what)) = other {
        return anyhow!(
            "is {what}: it exports `{export}`; this host runs handlers, which export `{HANDLE}` of the world \
             `{WORLD}`: port it with `#[bootstream::handler]`, or run it on such a \
             host"
        );
    }
    let advice = "does the crate have a function with `#[bootstream::handler]`?";
    match exports {
        [] => anyhow!("exports no `{HANDLE}`: {advice}"),
        [first, ..] => anyhow!("exports no `{HANDLE}`, but `{first}`: {advice}"),
    }
}

/// Returns the size of the data segments in a component's modules, in bytes. Unreadable ones count as 0.
pub(crate) fn data_bytes(bytes: &[u8]) -> usize {
    let sections = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let segments = sections.flat_map(|payload| match payload {
        Payload::DataSection(segments) => segments.into_iter().map_while(Result::ok).collect(),
        _ => Vec::new(),
    });
    let active = segments.filter(|segment| matches!(segment.kind, DataKind::Active { .. }));
    active.map(|segment| segment.data.len()).sum()
}

/// Returns whether a binary component needs concurrent tasks: whether it or a component inside it imports or
/// exports an interface of WASI 0.3. One that cannot be read needs none.
pub(crate) fn concurrency(bytes: &[u8]) -> Concurrency {
    let sections = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let names = sections.flat_map(|payload| match payload {
        Payload::ComponentImportSection(section) => {
            let imports = section.into_iter().map_while(Result::ok);
            imports.map(|import| import.name.name).collect()
        }
        Payload::ComponentExportSection(section) => {
            let exports = section.into_iter().map_while(Result::ok);
            exports.map(|export| export.name.name).collect()
        }
        _ => Vec::new(),
    });
    Concurrency::for_names(names)
}

/// The same for a handler's file in any form: a binary component, one in text form, or machine code.
pub(crate) fn concurrency_of_file(bytes: &[u8]) -> Concurrency {
    match FileKind::of_source(bytes) {
        FileKind::Precompiled => Stamp::read(bytes).map_or(Concurrency::Off, |it| it.concurrency),
        _ => wat::parse_bytes(bytes).map_or(Concurrency::Off, |binary| concurrency(&binary)),
    }
}

/// Returns whether a binary component has an export of that name.
///
/// # Errors
///
/// The component cannot be read.
pub(crate) fn exports(bytes: &[u8], name: &str) -> Result<bool> {
    let names = Names::read(bytes)?;
    Ok(names.exports.iter().any(|export| export == name))
}

/// Returns whether a binary component imports a function of that name, in any interface.
///
/// # Errors
///
/// The component cannot be read.
pub(crate) fn imports_function(bytes: &[u8], name: &str) -> Result<bool> {
    let names = Names::read(bytes)?;
    Ok(names.of_interfaces.iter().any(|it| it == name))
}

fn is_offered(import: &str) -> bool {
    import.starts_with("wasi:") || version_of_import(import).is_some_and(is_served)
}

fn foreign_import(import: &str) -> anyhow::Error {
    if version_of_import(import).is_some() {
        anyhow!(
            "imports `{import}`, which this version does not offer (it offers {SERVED_VERSIONS}.x): \
             use the matching version of the `bootstream` crate"
        )
    } else {
        anyhow!(
            "imports `{import}`, which the host does not offer: \
             a handler may import `bootstream:handler` and `wasi`"
        )
    }
}

/// The names on the outside of a component.
#[derive(Debug, Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
    /// The functions in the component's interface types.
    of_interfaces: Vec<String>,
}

impl Names {
    fn read(bytes: &[u8]) -> Result<Self> {
        let mut names = Self::default();
        // Inner modules and components have imports and exports of their own.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version {
                    encoding: Encoding::Module | Encoding::Component,
                    ..
                } => {
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section {
                        let import = import?;
                        // The world's own types are imports too, which the host need not provide.
                        if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                            names.imports.push(import.name.name.to_owned());
                        }
                    }
                }
                Payload::ComponentTypeSection(section) if depth == 1 => {
                    for kind in section {
                        names.of_interfaces.extend(functions_of(&kind?));
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section {
                        names.exports.push(export?.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(names)
    }
}

/// Returns the functions of an interface.
fn functions_of(kind: &ComponentType<'_>) -> Vec<String> {
    let ComponentType::Instance(declarations) = kind else {
        return Vec::new();
    };
    let functions = declarations
        .iter()
        .filter_map(|declaration| match declaration {
            InstanceTypeDeclaration::Export {
                name,
                ty: ComponentTypeRef::Func(_),
            } => Some(name.name.to_owned()),
            _ => None,
        });
    functions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_what_all_modules_start_with() {
        let text = r#"(component
            (core module (memory 1) (data (i32.const 0) "four") (data "never copied"))
            (component (core module (memory 1) (data (i32.const 8) "eight by"))))"#;
        assert_eq!(data_bytes(&wat::parse_str(text).unwrap()), 12);
        assert_eq!(data_bytes(b"garbage"), 0);
    }

    #[test]
    fn an_interface_of_wasi_0_3_at_any_depth_needs_concurrent_tasks() {
        for (text, expected) in [
            ("", Concurrency::Off),
            (
                "(import \"wasi:io/poll@0.2.6\" (instance))",
                Concurrency::Off,
            ),
            (
                "(import \"wasi:http/types@0.3.0\" (instance))",
                Concurrency::On,
            ),
            (
                "(instance $it) (export \"wasi:http/handler@0.3.2\" (instance $it))",
                Concurrency::On,
            ),
            (
                "(component (import \"wasi:clocks/types@0.3.0\" (instance)))",
                Concurrency::On,
            ),
        ] {
            let component = wat::parse_str(format!("(component {text})")).unwrap();
            assert_eq!(concurrency(&component), expected, "{text}");
        }
        assert_eq!(concurrency(b"garbage"), Concurrency::Off);
    }

    #[test]
    fn functions_that_are_imported_are_told_from_those_inside() {
        let text = r#"(component
            (import "a:b/c@0.1.0" (instance (export "one" (func))))
            (component (import "a:b/c@0.1.0" (instance (export "two" (func))))))"#;
        let component = wat::parse_str(text).unwrap();
        assert!(imports_function(&component, "one").unwrap());
        assert!(!imports_function(&component, "two").unwrap());
        assert!(imports_function(b"garbage", "one").is_err());
    }

    #[test]
    fn the_project_s_own_package_and_wasi_are_offered() {
        assert!(is_offered("bootstream:handler/response-stream@0.1.0"));
        assert!(is_offered("bootstream:handler/types@0.1.7"));
        assert!(is_offered("wasi:io/streams@0.2.6"));
        assert!(!is_offered("bootstream:handler/response-stream@0.2.0"));
        assert!(!is_offered("acme:store/kv@0.1.0"));
    }

    #[test]
    fn a_component_without_handle_is_told_what_to_call() {
        let empty = b"\0asm\x0d\0\x01\0";

        let error = check_handler(empty).unwrap_err();

        assert_eq!(
            error.to_string(),
            "exports no `handle`: does the crate have a function with `#[bootstream::handler]`?"
        );
    }

    #[test]
    fn a_component_of_another_world_is_told_what_it_is() {
        for (export, what) in [
            (
                "wasi:http/incoming-handler@0.2.3",
                "a server of `wasi:http`",
            ),
            ("wasi:http/handler@0.3.0", "a server of `wasi:http`"),
            ("wasi:cli/run@0.2.0", "a command, as `wasmtime run`"),
            ("fermyon:spin/inbound-redis", "a component for Spin"),
        ] {
            // The kind of the component counts more than its imports.
            let text = format!(
                "(component (import \"acme:store/kv@0.1.0\" (instance)) \
                 (instance $it) (export \"{export}\" (instance $it)))"
            );

            let error = check_handler(text.as_bytes()).unwrap_err().to_string();

            assert!(error.starts_with(&format!("is {what}")), "{error}");
            assert!(error.contains(&format!("exports `{export}`")), "{error}");
            assert!(
                error.contains("`bootstream:handler/handler@0.1`"),
                "{error}"
            );
        }
        let library =
            "(component (instance $it) (export \"acme:maths/sums@1.0.0\" (instance $it)))";
        let error = check_handler(library.as_bytes()).unwrap_err().to_string();
        assert!(
            error.starts_with("exports no `handle`, but `acme:maths/sums@1.0.0`: "),
            "{error}"
        );
    }

    #[test]
    fn components_as_text_are_checked_as_well() {
        let error = check_handler(b"(component)").unwrap_err().to_string();
        assert!(error.starts_with("exports no `handle`"), "{error}");
        let error = check_handler(b"(component").unwrap_err().to_string();
        assert!(error.contains("expected `)`"), "{error}");
    }
}
