//! Streams numbers, one each second: three, or as many as `?count=` asks for.

use std::{thread::sleep, time::Duration};

use bootstream::{Error, Event, Head, RequestExt as _, Response};

const PAUSE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 1 });

#[bootstream::handler]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    // Behind API Gateway the event is an HTTP request; a plain invocation may send any JSON.
    let request = event.into_request().ok();
    let count = request.and_then(|request| request.query_value("count")?.parse().ok());

    let head = Head::new(200)
        .header("Content-Type", "text/plain")
        .header("x-my-custom-header", "streaming-example");
    let mut body = response.start(head)?;
    for i in 1..=count.unwrap_or(3) {
        writeln!(body, "Number: {i}")?;
        sleep(PAUSE);
    }
    body.write_and_finish("Streaming complete!\n")?;
    Ok(())
}

#[cfg(test)]
mod tests;
