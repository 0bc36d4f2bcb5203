//! The outside world of a component while it is built: random numbers, and standard error for panic
//! messages.
//!
//! Any other function fails with its name when it is called. Otherwise a clock, a variable or a
//! file of the build machine would be in every instance: libraries keep such data without notice.
//! The C library, for example, reads the environment and its preopened folders once.

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{
    Component, HasData, Linker, LinkerInstance, ResourceTable, ResourceType,
};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::p2::bindings::{cli, random};
use wasmtime_wasi::random::{Deterministic, WasiRandom, WasiRandomView as _};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_io::bindings::wasi::io;

/// Allowed interfaces: random numbers, and streams, which standard error needs.
const GIVEN: [&str; 3] = ["wasi:random/", "wasi:io/", "wasi:cli/stderr@"];

/// The state of the allowed functions.
pub(super) struct Outside {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl Outside {
    /// Seeds the random numbers from the component, so that the result is reproducible but cannot
    /// be guessed without the component: it contains seeds of hash maps.
    pub(super) fn new(component: &[u8]) -> Self {
        let digest = Sha256::digest(component);
        let random = || Deterministic::new(digest.to_vec());
        let seed = digest.iter().take(16);
        let seed = seed.fold(0, |seed, byte| seed << 8 | u128::from(*byte));
        let wasi = WasiCtx::builder()
            .inherit_stderr()
            .secure_random(random())
            .insecure_random(random())
            .insecure_random_seed(seed)
            .build();
        Self {
            wasi,
            table: ResourceTable::new(),
        }
    }

    /// Returns whether the component still has a handle.
    pub(super) fn holds_anything(&self) -> bool {
        !self.table.is_empty()
    }
}

impl WasiView for Outside {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Projects the state for `wasi:io`.
struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(outside: &mut Outside) -> &mut ResourceTable {
    &mut outside.table
}

/// Links the allowed functions, and functions that fail for all other imports.
pub(super) fn linker(engine: &Engine, component: &Component) -> wasmtime::Result<Linker<Outside>> {
    let mut linker = Linker::new(engine);
    give(&mut linker)?;
    let mut known = Vec::new();
    for (name, import) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(interface) = import.ty else {
            continue;
        };
        let own = own_resources(&interface, engine, &mut known);
        if !GIVEN.iter().any(|given| name.starts_with(given)) {
            let mut linker = linker.instance(name)?;
            for resource in own {
                linker.resource(&resource, ResourceType::host::<()>(), |_, _| Ok(()))?;
            }
            refuse(&mut linker, name, &interface, engine)?;
        }
    }
    Ok(linker)
}

/// Links the interfaces of [`GIVEN`], and not all of WASI: each linked function adds a third of a second to the build of
/// this command.
fn give(linker: &mut Linker<Outside>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<_, Io>(linker, table)?;
    io::poll::add_to_linker::<_, Io>(linker, table)?;
    io::streams::add_to_linker::<_, Io>(linker, table)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, Outside::cli)?;
    random::random::add_to_linker::<_, WasiRandom>(linker, Outside::random)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, Outside::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, Outside::random)
}

/// Returns the resources that an interface defines: it only uses those of earlier interfaces.
fn own_resources(
    interface: &ComponentInstance,
    engine: &Engine,
    known: &mut Vec<ResourceType>,
) -> Vec<String> {
    let mut own = Vec::new();
    for (name, item) in interface.exports(engine) {
        if let ComponentItem::Resource(resource) = item.ty
            && !known.contains(&resource)
        {
            known.push(resource);
            own.push(name.to_owned());
        }
    }
    own
}

fn refuse(
    linker: &mut LinkerInstance<'_, Outside>,
    interface: &str,
    contents: &ComponentInstance,
    engine: &Engine,
) -> wasmtime::Result<()> {
    for (name, item) in contents.exports(engine) {
        if matches!(item.ty, ComponentItem::ComponentFunc(_)) {
            let message = format!(
                "it called `{name}` of `{interface}`, which is not there while a handler is built"
            );
            linker.func_new(name, move |_, _, _, _| {
                Err(wasmtime::Error::msg(message.clone()))
            })?;
        }
    }
    Ok(())
}
