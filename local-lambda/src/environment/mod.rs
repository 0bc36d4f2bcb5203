//! Execution environments: `bootstrap` processes, each with a Runtime API of its own.

mod deployment;
mod launch;
mod output;
mod pool;
mod process;

pub use deployment::Deployment;
pub(crate) use launch::function_arn;
pub use launch::{EXECUTABLE_NAME, FunctionConfig};
pub use pool::{Pool, WhenFull};
