//! Counts with server-sent events: what a browser reads with `new EventSource(url)`.

use std::{thread::sleep, time::Duration};

use bootstream::{
    Error, Event, Response,
    sse::{self, Sse},
};

const PAUSE: Duration = Duration::from_secs(if cfg!(test) { 0 } else { 1 });

fn handle(event: Event, response: Response) -> Result<(), Error> {
    let request = event.into_request()?;
    let count: u64 = request.parse_query_value("count")?.unwrap_or(5);
    // After a lost connection the browser asks again and tells which event it saw last.
    let seen: u64 = request
        .header("last-event-id")
        .and_then(|id| id.parse().ok())
        .unwrap_or(0);

    let mut events = Sse::start(response)?;
    events.send(&sse::Event::only_retry(Duration::from_secs(3)))?;
    for i in seen.saturating_add(1)..=count {
        // A line that only the connection sees: proxies close those that are quiet for too long.
        events.keep_alive()?;
        sleep(PAUSE);
        let number = sse::Event::data(format!("{i} of {count}"));
        events.send(&number.event("count").id(i.to_string()))?;
    }
    events.send(&sse::Event::data("that is all").event("done"))?;
    events.finish()
}

bootstream::handler!(handle);

#[cfg(test)]
mod tests;
