//! Streams a file of 200 MB with a buffer of 64 KiB.

use bootstream::{Error, Event, Head, RequestExt as _, Response};

/// Lambda's limit for a streamed response: 200 MB of 1,000,000 bytes each.
const DEFAULT_BYTES: u64 = 200_000_000;

/// The file repeats this line.
const LINE: &[u8; 64] = b"All work and no play makes a dull stream; here is another line.\n";

/// 1024 lines, 64 KiB: few host calls, little memory.
const CHUNK_BYTES: usize = LINE.len() * 1024;

#[bootstream::handler]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let request = event.into_request()?;
    let total = request.parse_query_value("bytes")?.unwrap_or(DEFAULT_BYTES);

    let head = Head::new(200)
        .header("content-type", "text/plain; charset=utf-8")
        .header(
            "content-disposition",
            "attachment; filename=\"large-download.txt\"",
        );
    let mut body = response.start(head)?;
    let chunk = LINE.repeat(CHUNK_BYTES / LINE.len());
    let mut left = total;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        let part = chunk.get(..wanted).unwrap_or(&chunk);
        // Blocks while the caller reads more slowly than this loop writes.
        body.write(part)?;
        left = left.saturating_sub(part.len() as u64);
    }
    body.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests;
