//! `wasi:sockets` for handlers: every function refuses. This program contains no code that could open a
//! socket for a handler.

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Linker, Resource, ResourceType, Type, Val};
use wasmtime::{StoreContextMut, bail};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::imports::define_imports;
use super::state::GuestState;

/// Prefix of the interfaces' names.
const INTERFACES: &str = "wasi:sockets/";

/// The resources of the interfaces. Those of `wasi:io` are defined there.
const RESOURCES: [&str; 6] = [
    "incoming-datagram-stream",
    "network",
    "outgoing-datagram-stream",
    "resolve-address-stream",
    "tcp-socket",
    "udp-socket",
];

/// A case of every `error-code` in `wasi:sockets`.
const REFUSAL: &str = "access-denied";

/// Stands in for every resource. A handler only ever gets a network, which opens nothing.
struct Nothing;

/// A pollable that is always ready.
struct Ready;

#[async_trait]
impl Pollable for Ready {
    async fn ready(&mut self) {}
}

/// Defines what `component` imports of `wasi:sockets`.
pub(crate) fn refuse_sockets(
    linker: &mut Linker<GuestState>,
    component: &Component,
) -> wasmtime::Result<()> {
    define_imports(
        linker,
        component,
        INTERFACES,
        |linker, name, item| match item {
            #[cfg(feature = "wasi-p3")]
            ComponentItem::ComponentFunc(function) if function.async_() => linker
                .func_new_concurrent(name, |_, function, _, results| {
                    Box::pin(async move { refuse_concurrently(&function, results) })
                }),
            ComponentItem::ComponentFunc(_) => {
                linker.func_new_async(name, |store, function, params, results| {
                    Box::new(refuse(store, function, params, results))
                })
            }
            ComponentItem::Resource(_) if RESOURCES.contains(&name) => {
                linker.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))
            }
            _ => Ok(()),
        },
    )
}

/// Every function of `wasi:sockets`.
async fn refuse(
    mut store: StoreContextMut<'_, GuestState>,
    function: ComponentFunc,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    for param in params {
        // The engine counts the handles that a call lends to the host, and traps a guest whose call ends
        // with one still lent.
        if let Val::Resource(resource) = param {
            resource.resource_drop_async(&mut store).await?;
        }
    }
    if let (Some(result), Some(ty)) = (results.first_mut(), function.results().next()) {
        *result = refusal(store, &ty)?;
    }
    Ok(())
}

/// Every asynchronous function of WASI 0.3. Its result is one that can be an error, and it is lent no handle:
/// a handler cannot have any.
#[cfg(feature = "wasi-p3")]
fn refuse_concurrently(function: &ComponentFunc, results: &mut [Val]) -> wasmtime::Result<()> {
    match (results.first_mut(), function.results().next()) {
        (Some(result), Some(Type::Result(ty))) => *result = error(ty.err().as_ref()),
        _ => bail!("a handler has no sockets"),
    }
    Ok(())
}

/// Returns an error of this type: an enumeration in WASI 0.2, and a variant in WASI 0.3.
fn error(ty: Option<&Type>) -> Val {
    Val::Result(Err(Some(Box::new(match ty {
        Some(Type::Variant(_)) => Val::Variant(REFUSAL.to_owned(), None),
        _ => Val::Enum(REFUSAL.to_owned()),
    }))))
}

/// Returns the value for a result of this type: an error if the type has one, else the properties of an
/// unconnected socket.
fn refusal(mut store: StoreContextMut<'_, GuestState>, ty: &Type) -> wasmtime::Result<Val> {
    Ok(match ty {
        Type::Result(ty) => error(ty.err().as_ref()),
        Type::Option(_) => Val::Option(None),
        Type::Bool => Val::Bool(false),
        Type::Enum(cases) => Val::Enum(cases.names().next().unwrap_or_default().to_owned()),
        Type::Own(resource) if *resource == ResourceType::host::<DynPollable>() => {
            let table = &mut store.data_mut().table;
            let ready = table.push(Ready)?;
            let pollable = subscribe(table, ready)?;
            Val::Resource(pollable.try_into_resource_any(store)?)
        }
        Type::Own(_) => {
            Val::Resource(Resource::<Nothing>::new_own(0).try_into_resource_any(store)?)
        }
        _ => bail!("a handler has no sockets"),
    })
}
