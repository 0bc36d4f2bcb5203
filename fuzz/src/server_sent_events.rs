//! Server-sent events of other servers, as the SDK reads them.

use std::io::BufReader;

use bootstream::sse::{Events, Message, Sse};
use bootstream::testing;

/// The events do not depend on the pieces in which `bytes` arrive, and can be sent and read again.
pub fn check(bytes: &[u8]) {
    let whole = read(bytes, bytes.len());
    for piece in [1, 2, 3, 7] {
        assert_eq!(read(bytes, piece), whole, "in pieces of {piece}");
    }
    let (response, recording) = testing::response();
    let mut events = Sse::start(response).expect("a new response");
    for message in &whole {
        events.send(message).expect("an event that was read");
    }
    let sent = recording.body();
    assert_eq!(read(&sent, sent.len()), whole);
}

fn read(bytes: &[u8], piece: usize) -> Vec<Message> {
    let events = Events::new(BufReader::with_capacity(piece.max(1), bytes));
    // An event over the limit ends them.
    events.map_while(Result::ok).collect()
}
