//! `wasi:sockets`, of which a handler gets nothing but refusals. There is no code in this program that
//! could open a socket for one.

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Linker, Resource, ResourceType, Type, Val};
use wasmtime::{StoreContextMut, bail};

use super::state::GuestState;

/// How the names of the interfaces begin.
const INTERFACES: &str = "wasi:sockets/";

/// The resources of the interfaces. They also have some of `wasi:io`, which are defined there.
const RESOURCES: [&str; 6] = [
    "incoming-datagram-stream",
    "network",
    "outgoing-datagram-stream",
    "resolve-address-stream",
    "tcp-socket",
    "udp-socket",
];

/// A case of `error-code` in `wasi:sockets/network`.
const REFUSAL: &str = "access-denied";

/// Stands for all of them. The network is the only one that a handler ever gets, and opens nothing.
struct Nothing;

/// Defines what `component` imports of `wasi:sockets`.
pub(crate) fn refuse_sockets(
    linker: &mut Linker<GuestState>,
    component: &Component,
) -> wasmtime::Result<()> {
    let engine = component.engine();
    for (interface, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        if !interface.starts_with(INTERFACES) {
            continue;
        }
        let mut linker = linker.instance(interface)?;
        for (name, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => linker
                    .func_new(name, |store, function, _, results| {
                        refuse(store, &function, results)
                    })?,
                ComponentItem::Resource(_) if RESOURCES.contains(&name) => {
                    linker.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Every function of `wasi:sockets`.
fn refuse(
    store: StoreContextMut<'_, GuestState>,
    function: &ComponentFunc,
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let answer = match function.results().next() {
        Some(Type::Result(_)) => Val::Result(Err(Some(Box::new(Val::Enum(REFUSAL.to_owned()))))),
        Some(Type::Own(_)) => {
            Val::Resource(Resource::<Nothing>::new_own(0).try_into_resource_any(store)?)
        }
        Some(_) | None => bail!("a handler has no sockets"),
    };
    if let Some(result) = results.first_mut() {
        *result = answer;
    }
    Ok(())
}
