//! Makes a component of a core module, as compilers of C and Go leave it.
//!
//! The module imports and exports the functions of the contract, in the canonical ABI, and WASI preview 1.

mod arena;
mod world;

use anyhow::{Context as _, Result, anyhow, bail};
use artifact::contract::{SERVED_VERSIONS, is_served, version_of_import};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{ExternalKind, Parser, Payload};
use wit_component::ComponentEncoder;

/// The export that a handler's module has in any case.
const HANDLE: &str = "handle";

/// The export that runs a program, which would end with it.
const START: &str = "_start";

/// The custom section, or the beginning of its name, that says which world a module is for.
const WORLD_SECTION: &str = "component-type";

/// Makes a component of a core module. A module that does not say which world it is for is a handler of the
/// contract, which may send requests with `wasi:http`.
///
/// # Errors
///
/// The module is invalid, or does not fit its world. The error says how to fix it.
pub(crate) fn componentize(module: &[u8]) -> Result<Vec<u8>> {
    let outside = Outside::read(module)?;
    outside.check()?;
    let mut module = arena::with_allocator(module)?;
    if !outside.has_world {
        world::embed(&mut module, outside.contract.as_deref())?;
    }
    let adapter = WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
    ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter))
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| advice(&error))
        .context("cannot make a component of it")
}

/// Adds to the encoder's error what it may come from.
fn advice(error: &anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    if text.contains("no top-level imports") || text.contains("named `env`") {
        return anyhow!(
            "{text}; functions of `env` are declared and not defined: is a source file missing in the build?"
        );
    }
    anyhow!("{text}")
}

/// What a core module shows.
#[derive(Debug, Default)]
struct Outside {
    functions: Vec<String>,
    has_world: bool,
    /// The version of the contract that it was compiled for, if it imports any of it.
    contract: Option<String>,
}

impl Outside {
    fn read(module: &[u8]) -> Result<Self> {
        let mut outside = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.context("the module is damaged")? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import.context("the module is damaged")?;
                        let version = version_of_import(import.module).map(str::to_owned);
                        outside.contract = outside.contract.or(version);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export.context("the module is damaged")?;
                        if export.kind == ExternalKind::Func {
                            outside.functions.push(export.name.to_owned());
                        }
                    }
                }
                Payload::CustomSection(section) if section.name().starts_with(WORLD_SECTION) => {
                    outside.has_world = true;
                }
                _ => {}
            }
        }
        Ok(outside)
    }

    fn exports(&self, name: &str) -> bool {
        self.functions.iter().any(|function| function == name)
    }

    fn check(&self) -> Result<()> {
        if self.exports(START) {
            bail!(
                "is a program, which ends with its `main`: link it as a library, in C with \
                 `-mexec-model=reactor`, in Go with `-buildmode=c-shared`"
            );
        }
        if let Some(version) = self
            .contract
            .as_deref()
            .filter(|version| !is_served(version))
        {
            bail!(
                "is for version {version} of `bootstream:handler`, and this version makes components for \
                 {SERVED_VERSIONS}.x: use the package `bootstream` of this release"
            );
        }
        if !self.has_world && !self.exports(HANDLE) {
            bail!(
                "does not export `{HANDLE}`: compile it with the package `bootstream` of its language, in C with \
                 all files of its folder `src`"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component;

    /// A module with these imports and items. It has the memory and the allocator that the ABI requires.
    fn module(imports: &str, items: &str) -> Vec<u8> {
        let text = format!(
            r#"(module {imports} (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable) {items})"#
        );
        wat::parse_str(text).unwrap()
    }

    const HANDLER: &str = r#"(func (export "handle") (param i32) (result i32) i32.const 0)"#;

    #[track_caller]
    fn refusal(module: &[u8]) -> String {
        format!("{:#}", componentize(module).unwrap_err())
    }

    #[track_caller]
    fn imports(module: &[u8]) -> Vec<String> {
        let component = componentize(module).unwrap();
        component::check_handler(&component).unwrap();
        component::Names::read(&component).unwrap().imports
    }

    #[test]
    fn a_module_imports_what_it_uses() {
        assert_eq!(
            imports(&module("", HANDLER)),
            ["bootstream:handler/types@0.1.1"]
        );

        let finish =
            r#"(import "bootstream:handler/response-stream@0.1.1" "finish" (func (param i32)))"#;
        let found = imports(&module(finish, HANDLER));
        assert!(
            found.contains(&"bootstream:handler/response-stream@0.1.1".to_owned()),
            "{found:?}"
        );

        let clock = r#"(import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))"#;
        let found = imports(&module(clock, HANDLER));
        assert!(
            found.iter().any(|name| name.starts_with("wasi:clocks/")),
            "{found:?}"
        );
        assert!(
            !found.iter().any(|name| name.starts_with("wasi:http/")),
            "{found:?}"
        );
    }

    #[test]
    fn a_module_keeps_the_version_of_the_contract_that_it_was_compiled_for() {
        let of = |version: &str| {
            let import = format!(
                r#"(import "bootstream:handler/response-stream@{version}" "finish" (func (param i32)))"#
            );
            module(&import, HANDLER)
        };
        let found = imports(&of("0.1.0"));
        assert!(
            found.contains(&"bootstream:handler/response-stream@0.1.0".to_owned()),
            "{found:?}"
        );
        let said = refusal(&of("0.2.0"));
        assert!(said.starts_with("is for version 0.2.0"), "{said}");
    }

    #[test]
    fn a_module_that_is_no_handler_is_told_what_is_missing() {
        let said = refusal(&module("", ""));
        assert!(said.starts_with("does not export `handle`"), "{said}");
        let said = refusal(&module("", r#"(func (export "_start"))"#));
        assert!(said.starts_with("is a program"), "{said}");
        assert!(said.contains("-mexec-model=reactor"), "{said}");
    }

    #[test]
    fn a_module_that_does_not_fit_is_told_what_does_not() {
        let said = refusal(&module("", r#"(func (export "handle"))"#));
        assert!(said.contains("handle"), "{said}");
        let said = refusal(&module(r#"(import "env" "undefined" (func))"#, HANDLER));
        assert!(said.contains("is a source file missing"), "{said}");
        let later = r#"(import "bootstream:handler/response-stream@0.1.1" "later" (func))"#;
        let said = refusal(&module(later, HANDLER));
        assert!(said.contains("`later`"), "{said}");
        assert!(refusal(b"\0asm\x01\0\0\0\x01").contains("damaged"));
    }
}
