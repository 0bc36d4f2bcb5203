//! The executables of a host, by name.

use artifact::Concurrency;
use local_lambda::EXECUTABLE_NAME;

/// The file name of the build with WASI 0.3.
const WITH_WASI_P3: &str = "bootstrap-wasi-p3";

/// The compiler that `bootstrap` calls for a component that is not precompiled.
pub(crate) const COMPILER: &str = "bootstream-compile";

/// An executable of the host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HostFile {
    /// `bootstrap`, for components that need this.
    Bootstrap(Concurrency),
    /// `bootstream-compile`.
    Compiler,
}

impl HostFile {
    /// Every executable.
    pub(crate) const ALL: [Self; 3] = [
        Self::Bootstrap(Concurrency::Off),
        Self::Bootstrap(Concurrency::On),
        Self::Compiler,
    ];

    /// Returns the name of the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bootstrap(Concurrency::Off) => EXECUTABLE_NAME,
            Self::Bootstrap(Concurrency::On) => WITH_WASI_P3,
            Self::Compiler => COMPILER,
        }
    }

    /// Returns the profile it is built with, which is the name of its folder in a checkout.
    pub(super) fn profile(self) -> &'static str {
        match self {
            Self::Bootstrap(_) => "lambda",
            Self::Compiler => "release",
        }
    }
}
