//! Counts with server-sent events, which a browser reads with `new EventSource(url)`.

use std::{thread::sleep, time::Duration};

use bootstream::{
    Error, Event, RequestExt as _, Response,
    sse::{self, Sse},
};

const PAUSE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 1 });

#[bootstream::handler]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let request = event.into_request()?;
    let count: u64 = request.parse_query_value("count")?.unwrap_or(5);
    // A browser that reconnects sends the id of the last event it received.
    let seen: u64 = request
        .header("last-event-id")
        .and_then(|id| id.parse().ok())
        .unwrap_or(0);

    let mut events = Sse::start(response)?;
    events.send(&sse::Message::only_retry(Duration::from_secs(3)))?;
    for i in seen.saturating_add(1)..=count {
        // Proxies close connections that are idle for too long.
        events.keep_alive()?;
        sleep(PAUSE);
        let number = sse::Message::data(format!("{i} of {count}"));
        events.send(&number.event("count").id(i.to_string()))?;
    }
    events.send(&sse::Message::data("that is all").event("done"))?;
    events.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests;
