//! One file per subcommand.

pub(crate) mod build;
pub(crate) mod compile;
pub(crate) mod deploy;
pub(crate) mod dev;
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod invoke;
pub(crate) mod new;
pub(crate) mod package;
