//! Checks a package before Lambda does.
//!
//! Sources of the numbers and of the search order: AWS's "Lambda quotas", "Custom Lambda runtimes"
//! and "Amazon Linux 2023 runtime" pages.

mod files;
mod handler;
mod host;
mod parts;
mod size;

pub(crate) use host::{concurrency_of_host, system};
pub(crate) use parts::{Function, HostPlace, function, host_layer};
pub(crate) use size::{UNPACKED_LIMIT, unpacked_size};
