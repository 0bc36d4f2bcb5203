//! The worlds of components. Each is an adapter between an invocation with its response and an instance; nothing
//! outside this folder knows which of them a component has.

mod handler;
#[cfg(feature = "outbound-http")]
mod http;
#[cfg(feature = "outbound-http")]
mod proxy;
#[cfg(feature = "wasi-p3")]
mod service;

use artifact::world::World;
use lambda_protocol::error_report::ErrorReport;
use wasmtime::Store;
use wasmtime::component::{InstancePre, Linker};

use super::record;
use super::state::{GuestConfig, GuestState};
use crate::invocation::Invocation;

pub(super) use handler::{Field, Level};
#[cfg(feature = "outbound-http")]
pub(super) use proxy::{InvalidResponse, State as ProxyState};
#[cfg(feature = "wasi-p3")]
pub(super) use service::{Bodies, BrokenResponse, ToldFailure, body_stream, keep_bodies};

/// A linked component of one of the worlds.
pub(crate) enum Pre {
    Handler(handler::HandlerPre<GuestState>),
    #[cfg(feature = "outbound-http")]
    Proxy(proxy::ProxyPre<GuestState>),
    #[cfg(feature = "wasi-p3")]
    Service(service::ServicePre<GuestState>),
}

/// The exports of an instance.
pub(crate) enum Exports {
    Handler(handler::Exports),
    #[cfg(feature = "outbound-http")]
    Proxy(proxy::Exports),
    #[cfg(feature = "wasi-p3")]
    Service(service::Exports),
}

/// How a call of a guest ended: it returned, with the failure of its invocation if there is one, or trapped.
pub(crate) type Called = wasmtime::Result<Result<(), ErrorReport>>;

/// The interface of our contract that every world may import, up to its version.
const LOGGING: &str = "bootstream:handler/logging@";

/// Returns why this program cannot run components of `world`, if it cannot.
pub(crate) fn unsupported(world: World) -> Option<&'static str> {
    match world {
        World::Handler => None,
        World::Proxy if cfg!(feature = "outbound-http") => None,
        World::Proxy => Some(
            "it exports `wasi:http/incoming-handler@0.2`, and this `bootstrap` was built without its feature \
             `outbound-http`",
        ),
        World::Service if cfg!(feature = "wasi-p3") => None,
        World::Service => Some(
            "it exports `wasi:http/handler@0.3`, and this `bootstrap` was built without its feature `wasi-p3`",
        ),
    }
}

/// Defines what components of `world` import besides WASI. `is_taped`: whether invocations may have a tape.
/// `is_imported` takes the name of an interface, or its
/// beginning.
pub(crate) fn add_to_linker(
    world: World,
    linker: &mut Linker<GuestState>,
    is_taped: bool,
    is_imported: impl Fn(&str) -> bool,
) -> wasmtime::Result<()> {
    match world {
        World::Handler => handler::add_to_linker(linker, is_taped),
        World::Proxy | World::Service => {
            if is_imported(LOGGING) {
                record::add_to_linker(linker)?;
            }
            #[cfg(feature = "outbound-http")]
            if world == World::Proxy {
                proxy::add_to_linker(linker)?;
            }
            Ok(())
        }
    }
}

impl Pre {
    /// Checks the types of the exports.
    ///
    /// # Errors
    ///
    /// The exports do not have the types of `world`, or this program does not support it.
    pub(crate) fn new(world: World, pre: InstancePre<GuestState>) -> wasmtime::Result<Self> {
        match world {
            World::Handler => Ok(Self::Handler(handler::HandlerPre::new(pre)?)),
            #[cfg(feature = "outbound-http")]
            World::Proxy => Ok(Self::Proxy(proxy::ProxyPre::new(pre)?)),
            #[cfg(feature = "wasi-p3")]
            World::Service => Ok(Self::Service(service::ServicePre::new(pre)?)),
            #[cfg(not(feature = "wasi-p3"))]
            _ => {
                wasmtime::bail!(unsupported(world).unwrap_or_default())
            }
        }
    }

    /// Instantiates the component.
    pub(crate) async fn instantiate(
        &self,
        store: &mut Store<GuestState>,
    ) -> wasmtime::Result<Exports> {
        match self {
            Self::Handler(pre) => Ok(Exports::Handler(pre.instantiate_async(store).await?)),
            #[cfg(feature = "outbound-http")]
            Self::Proxy(pre) => Ok(Exports::Proxy(pre.instantiate_async(store).await?)),
            #[cfg(feature = "wasi-p3")]
            Self::Service(pre) => Ok(Exports::Service(pre.instantiate_async(store).await?)),
        }
    }

    /// Whether a guest that ends well without having started its response has answered with an empty one.
    pub(crate) fn implies_response(&self) -> bool {
        match self {
            Self::Handler(_) => true,
            #[cfg(feature = "outbound-http")]
            Self::Proxy(_) => false,
            #[cfg(feature = "wasi-p3")]
            Self::Service(_) => false,
        }
    }
}

impl Exports {
    /// Calls the guest for `invocation`, which the store's state serves.
    pub(crate) async fn call(
        &self,
        store: &mut Store<GuestState>,
        config: &GuestConfig,
        invocation: &Invocation,
    ) -> Called {
        match self {
            Self::Handler(exports) => handler::call(exports, store, config, invocation).await,
            #[cfg(feature = "outbound-http")]
            Self::Proxy(exports) => proxy::call(exports, store, config, invocation).await,
            #[cfg(feature = "wasi-p3")]
            Self::Service(exports) => service::call(exports, store, config, invocation).await,
        }
    }
}
