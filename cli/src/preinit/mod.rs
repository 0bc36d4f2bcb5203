//! Pre-initialisation: calls a component's `initialize` at build time, and builds a component that
//! starts with the resulting memory.
//!
//! Wizer reads memory and globals through functions it adds to a copy of the component. Handles to
//! the outside world cannot be kept, and data from it would be that of the build machine in every
//! instance. So the component gets almost no access: see `outside.rs`.

mod outside;
mod snapshot;

use anyhow::{Context as _, Result, anyhow, bail};
use artifact::{Concurrency, Flavour, MemoryInit};
use bootstream_host::engine;
use outside::Outside;
use snapshot::Snapshot;
use wasmparser::{ExternalKind, Parser, Payload};
use wasmtime::component::{Component, Instance};
use wasmtime::{Engine, Store};
use wasmtime_wizer::Wizer;

use crate::component::Names;

/// The export to call: `func()`, of the world `preinit`.
const INITIALIZE: &str = "initialize";

/// The function of a WASI reactor that calls the constructors of its libraries at each start.
const REACTOR_START: &str = "_initialize";

/// Calls `initialize` and returns a component that starts in the resulting state.
///
/// The result is reproducible on every machine.
///
/// # Errors
///
/// The component does not export `initialize`, `initialize` fails or accesses the outside world, or
/// the component's state cannot be kept: it changes its tables, or runs code before the export.
pub(crate) fn preinitialize(component: &[u8]) -> Result<Vec<u8>> {
    let names = Names::read(component)?;
    if !names.exports.iter().any(|export| export == INITIALIZE) {
        bail!(
            "exports no `{INITIALIZE}`: does the crate have a function with `#[bootstream::preinit]`?"
        );
    }
    if has_reactor_start(component)? {
        bail!(
            "has a `{REACTOR_START}`, which would run at each start and undo what was kept: \
             build it without `--preinit`"
        );
    }
    let mut all = names.imports.iter().chain(&names.exports);
    if let Some(name) = all.find(|name| Concurrency::for_names([name.as_str()]) == Concurrency::On)
    {
        bail!(
            "uses `{name}`, and components of WASI 0.3 cannot be pre-initialised: build it without `--preinit`"
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(run(component))
}

async fn run(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut wizer = Wizer::new();
    // Without the function the component would not match its type.
    wizer.init_func(INITIALIZE).keep_init_func(true);
    let (context, instrumented) = wizer
        .instrument_component(bytes)
        .map_err(anyhow::Error::from)
        .context("cannot be built with `--preinit`")?;
    let engine = engine()?;
    let component = Component::new(&engine, &instrumented)?;
    let mut store = Store::new(&engine, Outside::new(bytes));
    let instance = outside::linker(&engine, &component)?
        .instantiate_async(&mut store, &component)
        .await
        .map_err(|error| reason(&error).context("cannot be started"))?;
    initialize(&mut store, &instance).await?;
    let mut snapshot = Snapshot { store, instance };
    Ok(wizer.snapshot_component(&context, &mut snapshot).await?)
}

fn engine() -> Result<Engine> {
    let mut config = engine::config(Flavour {
        memory_init: MemoryInit::CopyOnWrite,
        concurrency: Concurrency::Off,
    });
    // No ticker increments the epoch.
    config.epoch_interruption(false);
    Ok(Engine::new(&config)?)
}

async fn initialize(store: &mut Store<Outside>, instance: &Instance) -> Result<()> {
    let initialize = instance
        .get_typed_func::<(), ()>(&mut *store, INITIALIZE)
        .map_err(|_| anyhow!("`{INITIALIZE}` takes or returns something: it is `func()`"))?;
    initialize
        .call_async(&mut *store, ())
        .await
        .map_err(|error| reason(&error).context(format!("`{INITIALIZE}` failed")))?;
    if store.data().holds_anything() {
        bail!(
            "`{INITIALIZE}` left something open, standard error perhaps: \
             nothing but memory is kept, so it may not print"
        );
    }
    Ok(())
}

/// Returns the error without the guest's stack, whose function names do not help here.
fn reason(error: &wasmtime::Error) -> anyhow::Error {
    anyhow!("{}", error.root_cause())
}

fn has_reactor_start(component: &[u8]) -> Result<bool> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ExportSection(exports) = payload? {
            for export in exports {
                let export = export?;
                if export.kind == ExternalKind::Func && export.name == REACTOR_START {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component whose `initialize` calls `function` of `interface`, and whose module has `more`.
    fn component(interface: &str, function: &str, more: &str) -> Vec<u8> {
        let text = format!(
            r#"(component
                (import "{interface}" (instance $outside (export "{function}" (func (result u32)))))
                (core func $outside (canon lower (func $outside "{function}")))
                (core module $main
                    (import "outside" "call" (func $outside (result i32)))
                    (func (export "initialize") (drop (call $outside)))
                    {more})
                (core instance $given (export "call" (func $outside)))
                (core instance $main (instantiate $main (with "outside" (instance $given))))
                (func (export "initialize") (canon lift (core func $main "initialize"))))"#
        );
        wat::parse_str(text).unwrap()
    }

    #[track_caller]
    fn refusal(component: &[u8]) -> String {
        format!("{:#}", preinitialize(component).unwrap_err())
    }

    #[test]
    fn what_is_read_of_the_outside_would_be_kept_for_ever_and_is_refused() {
        for (interface, function) in [
            ("wasi:clocks/monotonic-clock@0.2.6", "now"),
            ("wasi:cli/environment@0.2.12", "initial-cwd"),
            ("bootstream:handler/logging@0.1.0", "log"),
        ] {
            let asks = component(interface, function, "");

            assert_eq!(
                refusal(&asks),
                format!(
                    "`initialize` failed: it called `{function}` of `{interface}`, which is not \
                     there while a handler is built"
                )
            );
        }
    }

    #[test]
    fn code_that_runs_at_each_start_is_refused() {
        let reactor = component("acme:any/thing", "call", r#"(func (export "_initialize"))"#);

        assert!(
            refusal(&reactor).starts_with("has a `_initialize`, which would run at each start")
        );
    }

    #[test]
    fn a_component_that_changes_its_tables_is_refused() {
        let tables = component(
            "acme:any/thing",
            "call",
            "(table $t 1 funcref) (func (table.set $t (i32.const 0) (ref.null func)))",
        );

        assert_eq!(
            refusal(&tables),
            "cannot be built with `--preinit`: unsupported `table.set` instruction"
        );
    }

    #[test]
    fn a_handle_of_the_outside_cannot_be_kept() {
        let open = wat::parse_str(
            r#"(component
                (import "wasi:io/streams@0.2.6" (instance $streams
                    (export "output-stream" (type (sub resource)))))
                (alias export $streams "output-stream" (type $stream))
                (import "wasi:cli/stderr@0.2.6" (instance $stderr
                    (alias outer 1 $stream (type $given))
                    (export "output-stream" (type $output (eq $given)))
                    (export "get-stderr" (func (result (own $output))))))
                (core func $get (canon lower (func $stderr "get-stderr")))
                (core module $main
                    (import "outside" "get" (func $get (result i32)))
                    (func (export "initialize") (drop (call $get))))
                (core instance $given (export "get" (func $get)))
                (core instance $main (instantiate $main (with "outside" (instance $given))))
                (func (export "initialize") (canon lift (core func $main "initialize"))))"#,
        )
        .unwrap();

        assert!(refusal(&open).starts_with("`initialize` left something open"));
    }

    #[test]
    fn a_component_of_wasi_0_3_is_refused() {
        let service = component("wasi:clocks/monotonic-clock@0.3.0", "now", "");

        assert_eq!(
            refusal(&service),
            "uses `wasi:clocks/monotonic-clock@0.3.0`, and components of WASI 0.3 cannot be \
             pre-initialised: build it without `--preinit`"
        );
    }

    #[test]
    fn a_component_without_the_export_is_told_what_to_call() {
        assert_eq!(
            refusal(&wat::parse_str("(component)").unwrap()),
            "exports no `initialize`: does the crate have a function with `#[bootstream::preinit]`?"
        );
    }
}
