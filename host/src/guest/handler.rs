//! A loaded handler: a component of one of our worlds with all its imports resolved. It lacks only the store of
//! an invocation.

use std::path::Path;
use std::sync::Arc;

use artifact::MemoryInit;
use artifact::contract::{is_served, version_of_import};
use artifact::world::World;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use super::files::limit_writes;
use super::otel;
use super::ready::ReadyInstances;
use super::sockets::refuse_sockets;
use super::state::{GuestConfig, GuestState};
use super::taped;
use super::wasi::add_wasi_to_linker;
use super::world::{self, Pre};
use crate::engine::{Engines, LoadError, Loaded, ReadAhead, Sources, cause, load_component};

/// Why a component is not recorded.
const NOT_TAPED: &str = "it imports WASI 0.3, and only components of WASI 0.2 are recorded and replayed: switch \
                         `observe.record` and `dev --record` off";

/// A handler, ready to be instantiated for each invocation.
pub(crate) struct Handler {
    pub(crate) engine: Engine,
    pub(crate) pre: Pre,
    pub(crate) config: Arc<GuestConfig>,
    pub(crate) sources: Sources,
    /// SHA-256 of the component, in hexadecimal.
    pub(crate) digest: String,
    /// What is to be read of its file before the first call.
    pub(crate) read_ahead: Option<Arc<ReadAhead>>,
    /// Whether to copy pages ahead of invocations: see [`HotPages`](crate::instance_memory::HotPages).
    pub(super) has_hot_pages: bool,
    /// Instances for the next invocations.
    pub(super) ready: ReadyInstances,
}

impl std::fmt::Debug for Handler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handler")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Handler {
    /// Loads and links the component in `path`. If `pinned`, ignores other forms of it beside `path`.
    pub(crate) fn load(
        engines: Engines,
        path: &Path,
        pinned: bool,
        config: GuestConfig,
    ) -> Result<Self, LoadError> {
        let Loaded {
            component,
            sources,
            read_ahead,
            memory_init,
            digest,
        } = load_component(engines, path, pinned)?;
        let engine = component.engine().clone();
        let world = world_of(&component).map_err(|reason| LoadError::wrong_world(path, reason))?;
        let imports = Imports::of(&component, &engine);
        imports.check_version(path)?;
        if config.is_taped && imports.0.iter().any(|name| name.contains("@0.3.")) {
            return Err(LoadError::wrong_world(path, NOT_TAPED));
        }
        let linker = linker(world, &component, &imports, &config)
            .map_err(|error| LoadError::wrong_world(path, cause(&error)))?;
        let pre = linker
            .instantiate_pre(&component)
            .map_err(|error| imports.explain(path, &error))?;
        let pre = Pre::new(world, pre).map_err(|error| {
            let reason = format!(
                "its `{}` has another type: {}",
                world.export(),
                cause(&error)
            );
            LoadError::wrong_world(path, reason)
        })?;
        Ok(Self {
            engine,
            pre,
            config: Arc::new(config),
            sources,
            read_ahead: read_ahead.map(Arc::new),
            digest,
            has_hot_pages: memory_init == MemoryInit::CopyOnWrite && engines.workers == 1,
            ready: ReadyInstances::new(engines.workers),
        })
    }
}

/// Returns the world of a component, or why this program cannot run it.
fn world_of(component: &Component) -> Result<World, String> {
    let ty = component.component_type();
    let exports = ty.exports(component.engine()).map(|(name, _)| name);
    let world = World::of_exports(exports).map_err(|error| error.to_string())?;
    match world::unsupported(world) {
        None => Ok(world),
        Some(reason) => Err(reason.to_owned()),
    }
}

/// The names of a component's imports.
struct Imports(Vec<String>);

impl Imports {
    fn of(component: &Component, engine: &Engine) -> Self {
        let ty = component.component_type();
        Self(
            ty.imports(engine)
                .map(|(name, _)| name.to_owned())
                .collect(),
        )
    }

    fn any_of(&self, prefix: &str) -> bool {
        self.0.iter().any(|name| name.starts_with(prefix))
    }

    fn check_version(&self, path: &Path) -> Result<(), LoadError> {
        let mut versions = self.0.iter().filter_map(|name| version_of_import(name));
        match versions.find(|version| !is_served(version)) {
            None => Ok(()),
            Some(wanted) => Err(LoadError::WrongVersion {
                path: path.to_owned(),
                wanted: wanted.to_owned(),
            }),
        }
    }

    /// Returns why linking failed: the component imports a later patch of our contract than this host
    /// has, or something that is not in the world at all.
    fn explain(&self, path: &Path, error: &wasmtime::Error) -> LoadError {
        if cfg!(not(feature = "outbound-http")) && self.any_of("wasi:http/") {
            let reason = "it imports `wasi:http`, and this `bootstrap` was built without its feature \
                          `outbound-http`";
            return LoadError::wrong_world(path, reason);
        }
        let mut versions = self.0.iter().filter_map(|name| version_of_import(name));
        match versions.find(|version| artifact::contract::is_newer(version)) {
            Some(wanted) => LoadError::WrongVersion {
                path: path.to_owned(),
                wanted: wanted.to_owned(),
            },
            None => LoadError::wrong_world(path, cause(error)),
        }
    }
}

fn linker(
    world: World,
    component: &Component,
    imports: &Imports,
    config: &GuestConfig,
) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(component.engine());
    add_wasi_to_linker(&mut linker, |name| imports.any_of(name))?;
    refuse_sockets(&mut linker, component)?;
    if imports.any_of(otel::INTERFACES) {
        otel::add_to_linker(&mut linker, component)?;
    }
    if config.files.tmp_bytes.is_some() && imports.any_of("wasi:filesystem/types@0.2.") {
        limit_writes(&mut linker)?;
    }
    #[cfg(feature = "wasi-p3")]
    if imports.any_of("wasi:filesystem/types@0.3.") {
        super::files_p3::shadow_streams(&mut linker)?;
    }
    #[cfg(feature = "outbound-http")]
    if imports.any_of("wasi:http/types@0.2.") {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    world::add_to_linker(world, &mut linker, config.is_taped, |name| {
        imports.any_of(name)
    })?;
    if config.is_taped {
        taped::add_to_linker(&mut linker)?;
    }
    Ok(linker)
}
