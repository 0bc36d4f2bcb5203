//! The Invoke API, for callers that use an AWS SDK.
//!
//! They get the function's output byte for byte: only front ends interpret a prelude.

mod error;
mod function_name;
mod path;
mod request;
mod serve;

pub use error::ApiError;
pub(super) use error::{DENIED, THROTTLED_DOCUMENT};
pub(super) use path::OperationPath;
pub use request::json_event;
pub(super) use serve::{InvokeApi, reject};

use function_name::FunctionName;
use path::Operation;
use request::{InvocationType, InvokeRequest};
