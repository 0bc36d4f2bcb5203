//! Writing to an output stream, as the bindings of languages do it.

use wasip2::http::types::{ErrorCode, http_error_code};
use wasip2::io::streams::{OutputStream, StreamError};

/// Period of a pattern, in bytes. A prime, so that no chunk size lines up with it.
const PATTERN_PERIOD: u8 = 251;

/// Most bytes of one `blocking-write-and-flush`.
const BLOCKING_BYTES: usize = 4096;

/// The name of an outcome that is not `ok`.
pub(crate) type Outcome = Result<(), String>;

/// Writes as a library does that blocks.
pub(crate) fn write_blocking(stream: &OutputStream, bytes: &[u8]) -> Outcome {
    for chunk in bytes.chunks(BLOCKING_BYTES) {
        stream.blocking_write_and_flush(chunk).map_err(named)?;
    }
    Ok(())
}

/// Writes as a library does that waits by polling.
pub(crate) fn write_polling(stream: &OutputStream, mut bytes: &[u8]) -> Outcome {
    while !bytes.is_empty() {
        let allowed = usize::try_from(stream.check_write().map_err(named)?).unwrap_or(usize::MAX);
        if allowed == 0 {
            stream.subscribe().block();
            continue;
        }
        let (chunk, rest) = bytes.split_at(allowed.min(bytes.len()));
        stream.write(chunk).map_err(named)?;
        bytes = rest;
    }
    Ok(())
}

/// Writes `total` bytes, `chunk` at a time, of which that at offset `i` is `i % 251`.
pub(crate) fn write_pattern(stream: &OutputStream, total: u64, chunk: usize) -> Outcome {
    let mut pattern = (0..PATTERN_PERIOD).cycle();
    let mut left = total;
    while left > 0 {
        let size = chunk.min(usize::try_from(left).unwrap_or(usize::MAX));
        let bytes: Vec<u8> = pattern.by_ref().take(size).collect();
        write_polling(stream, &bytes)?;
        left = left.saturating_sub(u64::try_from(size).unwrap_or(u64::MAX));
    }
    Ok(())
}

pub(crate) fn named(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => format!("failed: {}", named_code(&code)),
            None => format!("failed: {}", error.to_debug_string()),
        },
    }
}

pub(crate) fn named_code(code: &ErrorCode) -> String {
    format!("{code:?}").replace("ErrorCode::", "")
}
