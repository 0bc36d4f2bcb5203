//! Errors of loading a handler. Each message is one line: the file, the reason, the fix.

use std::io;
use std::path::{Path, PathBuf};

use lambda_protocol::error_report::{ErrorReport, ErrorType};

use artifact::Unfit;
use artifact::contract::CONTRACT_VERSION;
use artifact::world::served_worlds;

/// Why a handler cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// `_HANDLER` is empty, absolute, or leads out of the task root.
    #[error(
        "`_HANDLER` is `{handler}`, which is not a path inside the function's package; \
         set the function's handler to a file name such as `handler.wasm`"
    )]
    InvalidName {
        /// The value.
        handler: String,
    },
    /// The file does not exist.
    #[error(
        "no handler at `{}` (nor with `.wasm` or `.cwasm` added); \
         set the function's handler to the name of a component in its package",
        path.display()
    )]
    NotFound {
        /// The path that was tried.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read `{}`: {source}; files in the package must be readable by all", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is not the pinned one.
    #[error(
        "`{}` has the SHA-256 {actual}, and `handler-sha256` is {expected}; \
         deploy the handler that was pinned, or pin this one",
        path.display()
    )]
    WrongDigest {
        /// The file.
        path: PathBuf,
        /// Its digest.
        actual: String,
        /// The digest of the setting.
        expected: String,
    },
    /// The file is a core module.
    #[error(
        "`{}` is a core WebAssembly module, not a component; \
         build the handler with `bootstream build`",
        path.display()
    )]
    CoreModule {
        /// The file.
        path: PathBuf,
    },
    /// The file is neither WebAssembly nor precompiled.
    #[error(
        "`{}` is neither a WebAssembly component nor a precompiled one; \
         build the handler with `bootstream build`",
        path.display()
    )]
    NotWebAssembly {
        /// The file.
        path: PathBuf,
    },
    /// The file was precompiled by another compiler or for another machine, or is corrupt.
    #[error(
        "`{}` was not precompiled for this host: {unfit}; \
         compile it again with the `bootstream compile` of the same release",
        path.display()
    )]
    Incompatible {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        unfit: Unfit,
    },
    /// The component needs WASI 0.3, and this build lacks it.
    #[error(
        "`{}` is a component of WASI 0.3, and this `bootstrap` was built without its feature `wasi-p3`; \
         deploy the one that `scripts/build-bootstrap.sh --wasi-p3` makes, or build the handler for WASI 0.2",
        path.display()
    )]
    NoConcurrency {
        /// The file.
        path: PathBuf,
    },
    /// The component has to be compiled now, and there is no compiler.
    #[error(
        "`{}` cannot be compiled at the start, and has to be, because {why}; precompile it with the \
         `bootstream compile` of this release, or put `bootstream-compile` beside `bootstrap`",
        path.display()
    )]
    NoCompiler {
        /// The file.
        path: PathBuf,
        /// Why it has to be compiled.
        why: String,
    },
    /// The compile helper failed.
    #[error("`{}` cannot be compiled: {reason}", path.display())]
    CompilerFailed {
        /// The file.
        path: PathBuf,
        /// The helper's message.
        reason: String,
    },
    /// The component targets another world.
    #[error(
        "`{}` is not a Bootstream handler: {reason}; build it against the world {}",
        path.display(), served_worlds()
    )]
    WrongWorld {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The component was built against another version of the contract.
    #[error(
        "`{}` needs `bootstream:handler@{wanted}`, and this host serves {CONTRACT_VERSION}; {}",
        path.display(), advice(wanted)
    )]
    WrongVersion {
        /// The file.
        path: PathBuf,
        /// The version it was built against.
        wanted: String,
    },
}

impl LoadError {
    /// Returns the report of an init error.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let error_type = match self {
            Self::InvalidName { .. } | Self::NotFound { .. } | Self::Unreadable { .. } => {
                ErrorType::HandlerNotFound
            }
            Self::WrongDigest { .. }
            | Self::CoreModule { .. }
            | Self::NotWebAssembly { .. }
            | Self::Incompatible { .. }
            | Self::NoConcurrency { .. }
            | Self::NoCompiler { .. }
            | Self::CompilerFailed { .. }
            | Self::WrongWorld { .. }
            | Self::WrongVersion { .. } => ErrorType::InvalidComponent,
        };
        ErrorReport::new(error_type, self.to_string())
    }

    pub(crate) fn wrong_world(path: &Path, reason: impl Into<String>) -> Self {
        Self::WrongWorld {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Returns the engine's error chain on one line.
pub(crate) fn cause(error: &wasmtime::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    chain.join(": ").replace('\n', " ")
}

fn advice(wanted: &str) -> &'static str {
    let newer = artifact::contract::is_newer(wanted);
    if newer {
        "update the host layer"
    } else {
        "build the handler again with the current SDK"
    }
}
