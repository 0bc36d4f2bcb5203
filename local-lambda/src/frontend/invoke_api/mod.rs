//! The Invoke API, for callers that use an AWS SDK.
//!
//! They get what the function wrote, byte for byte: a prelude is the business of front ends.

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
