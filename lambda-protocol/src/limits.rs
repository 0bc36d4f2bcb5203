//! Limits of Lambda and its front ends.

use std::ops::RangeInclusive;

/// Largest prelude we send, in bytes, including the delimiter. API Gateway documents "the first 16 KB"
/// without defining KB; this is the safe reading.
pub const PRELUDE_LIMIT_BYTES: usize = 16_000;

/// Largest prelude that Lambda's front ends read, in bytes, including the delimiter.
pub const PRELUDE_SCAN_LIMIT_BYTES: usize = 16 * 1024;

/// Largest trailer block, in bytes: the lines and the empty line after them. Lambda reads it with Go's
/// `net/http`, which refuses a larger one and drops the whole response.
pub const TRAILERS_LIMIT_BYTES: usize = 4096;

/// Largest event of a synchronous invocation, and largest response that is not a stream, in bytes:
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html> documents 6 MB, and Lambda's
/// error message has the exact number.
pub const PAYLOAD_LIMIT_BYTES: usize = 6_291_556;

/// Largest event of an asynchronous invocation, in bytes.
pub const ASYNCHRONOUS_LIMIT_BYTES: usize = 1024 * 1024;

/// Largest document posted to `…/error`, in bytes.
pub const ERROR_DOCUMENT_LIMIT_BYTES: usize = 1024 * 1024;

/// Largest response document that a load balancer reads, in bytes:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>.
pub const LOAD_BALANCER_LIMIT_BYTES: usize = 1024 * 1024;

/// Memory of a function, in MiB.
pub const MEMORY_MIB: RangeInclusive<u32> = 128..=10_240;

/// Timeout of a function, in seconds.
pub const TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=900;
