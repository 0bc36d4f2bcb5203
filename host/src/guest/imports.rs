//! Interfaces that are served by the names of what a component imports of them, without generated bindings.

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, LinkerInstance};

use super::state::GuestState;

/// Calls `define` for each function and type that `component` imports of interfaces whose names begin with `prefix`.
pub(super) fn define_imports(
    linker: &mut Linker<GuestState>,
    component: &Component,
    prefix: &str,
    define: impl Fn(&mut LinkerInstance<'_, GuestState>, &str, &ComponentItem) -> wasmtime::Result<()>,
) -> wasmtime::Result<()> {
    let engine = component.engine();
    for (interface, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        if !interface.starts_with(prefix) {
            continue;
        }
        let mut linker = linker.instance(interface)?;
        for (name, item) in instance.exports(engine) {
            define(&mut linker, name, &item.ty)?;
        }
    }
    Ok(())
}
