//! One file per subcommand, and `execution`, which two of them share.

pub(crate) mod build;
pub(crate) mod compile;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod event;
mod execution;
pub(crate) mod host;
pub(crate) mod inspect;
pub(crate) mod invoke;
pub(crate) mod new;
pub(crate) mod package;
pub(crate) mod replay;
pub(crate) mod test;
