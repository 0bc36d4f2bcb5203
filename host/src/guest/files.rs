//! The files an instance sees. By default none.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tempfile::TempDir;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::filesystem::{Descriptor, FsPerms, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{ErrorCode, HostDescriptor as _};
use wasmtime_wasi::p2::{
    DynOutputStream, FsError, OutputStream, Pollable, StreamError, StreamResult,
};
use wasmtime_wasi::{WasiCtxBuilder, async_trait};

use super::state::GuestState;
use crate::platform::threads::pool_has_thread;

/// Where Lambda unpacks the package.
const TASK_ROOT: &str = "/var/task";
const TMP: &str = "/tmp";

/// The base of relative paths: the package, as for every function on Lambda. Libraries that support a
/// current directory get this one, others search the preopened directories.
const CURRENT: &str = ".";

/// The interface's name in Wasmtime's WASI.
const FILESYSTEM: &str = "wasi:filesystem/types@0.2.12";

/// Linux's ENOSPC. The guest's library maps it to its own error code.
const NO_SPACE: i32 = 28;

/// The settings of files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// The package, if the guest may read it.
    pub(crate) task_root: Option<PathBuf>,
    /// Most bytes that the guest may write to its own `/tmp`, if it has one.
    pub(crate) tmp_bytes: Option<u64>,
}

/// The `/tmp` of one instance. Removed when dropped, on the thread that drops it.
#[derive(Debug)]
pub(super) struct Tmp {
    pub(super) folder: TempDir,
    budget: Arc<Budget>,
}

/// Bytes left to write.
#[derive(Debug)]
pub(super) struct Budget(AtomicU64);

impl Budget {
    /// Takes this number of bytes, and returns whether they were left.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let order = Ordering::Relaxed;
        self.0
            .fetch_update(order, order, |left| left.checked_sub(bytes))
            .is_ok()
    }
}

impl Files {
    /// Opens the directories that the guest may see. Logs those that cannot be opened, and leaves them out.
    pub(super) fn open(&self, wasi: &mut WasiCtxBuilder) -> Option<Tmp> {
        if self.task_root.is_none() && self.tmp_bytes.is_none() {
            return None;
        }
        // Wasmtime's calls of files panic without one.
        if !pool_has_thread() {
            tracing::error!(
                "the handler has no files, because the system refuses the thread that reads and writes them"
            );
            return None;
        }
        if let Some(root) = &self.task_root {
            for name in [TASK_ROOT, CURRENT] {
                if let Err(error) = wasi.preopened_dir(root, name, FsPerms::ReadOnly) {
                    tracing::error!(%error, "cannot open the package for the handler");
                }
            }
            wasi.initial_cwd(TASK_ROOT);
        }
        let opened = open_tmp(wasi, self.tmp_bytes?);
        opened
            .inspect_err(|error| tracing::error!(%error, "cannot create a `/tmp` for the handler"))
            .ok()
    }
}

fn open_tmp(wasi: &mut WasiCtxBuilder, bytes: u64) -> wasmtime::Result<Tmp> {
    let folder = tempfile::Builder::new().prefix("bootstream-").tempdir()?;
    wasi.preopened_dir(folder.path(), TMP, FsPerms::ReadWrite)?;
    Ok(Tmp {
        folder,
        budget: Arc::new(Budget(AtomicU64::new(bytes))),
    })
}

impl Tmp {
    #[cfg(feature = "wasi-p3")]
    pub(super) fn budget(&self) -> Arc<Budget> {
        Arc::clone(&self.budget)
    }

    fn limit(&self, stream: DynOutputStream) -> DynOutputStream {
        Box::new(Limited {
            stream,
            budget: Arc::clone(&self.budget),
        })
    }
}

type Store<'a> = StoreContextMut<'a, GuestState>;
type File = Resource<Descriptor>;
type Opened = Result<(Result<Resource<DynOutputStream>, ErrorCode>,), wasmtime::Error>;

/// Shadows WASI's functions that write to files with ones that count.
pub(crate) fn limit_writes(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut interface = linker.instance(FILESYSTEM)?;
    interface.func_wrap(
        "[method]descriptor.write-via-stream",
        |mut store: Store<'_>, (file, offset): (File, u64)| {
            let opened = store.data_mut().filesystem().write_via_stream(file, offset);
            limited(store, opened)
        },
    )?;
    interface.func_wrap(
        "[method]descriptor.append-via-stream",
        |mut store: Store<'_>, (file,): (File,)| {
            let opened = store.data_mut().filesystem().append_via_stream(file);
            limited(store, opened)
        },
    )?;
    interface.func_wrap_async(
        "[method]descriptor.write",
        |mut store: Store<'_>, (file, bytes, offset): (File, Vec<u8>, u64)| {
            Box::new(async move {
                if !store.data().may_write(bytes.len()) {
                    return Ok((Err(ErrorCode::InsufficientSpace),));
                }
                let mut files = store.data_mut().filesystem();
                coded(files.write(file, bytes, offset).await)
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn limited(mut store: Store<'_>, opened: Result<Resource<DynOutputStream>, FsError>) -> Opened {
    let state = store.data_mut();
    let opened = match opened {
        Ok(stream) => stream,
        Err(error) => return coded(Err(error)),
    };
    let stream = state.table.delete(opened)?;
    let stream = match &state.tmp {
        Some(tmp) => tmp.limit(stream),
        None => stream,
    };
    Ok((Ok(state.table.push(stream)?),))
}

fn coded<T>(result: Result<T, FsError>) -> wasmtime::Result<(Result<T, ErrorCode>,)> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}

impl GuestState {
    fn may_write(&self, bytes: usize) -> bool {
        self.tmp.as_ref().is_none_or(|tmp| tmp.budget.take(bytes))
    }
}

/// A stream into a file, bounded by the budget.
struct Limited {
    stream: DynOutputStream,
    budget: Arc<Budget>,
}

#[async_trait]
impl Pollable for Limited {
    async fn ready(&mut self) {
        self.stream.ready().await;
    }
}

#[async_trait]
impl OutputStream for Limited {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if !self.budget.take(bytes.len()) {
            let full = io::Error::from_raw_os_error(NO_SPACE);
            return Err(StreamError::LastOperationFailed(full.into()));
        }
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.stream.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.stream.check_write()
    }

    async fn cancel(&mut self) {
        self.stream.cancel().await;
    }
}
