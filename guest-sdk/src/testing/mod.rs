//! Unit tests for handlers, run with `cargo test`: no WebAssembly, no Lambda.
//!
//! A test makes an event and a response, calls the handler, and checks the recording:
//!
//! ```
//! use bootstream::{Error, Event, RequestExt as _, Response, testing};
//!
//! #[bootstream::handler]
//! fn handle(event: Event, response: Response) -> Result<(), Error> {
//!     let request = event.into_request()?;
//!     let name = request.query_value("name").unwrap_or("world".into());
//!     let mut body = response.start(200)?;
//!     writeln!(body, "Hello {name}")?;
//!     body.finish()?;
//!     Ok(())
//! }
//!
//! let (response, recording) = testing::response();
//! handle(testing::get("/hello?name=Ada"), response).unwrap();
//!
//! assert_eq!(recording.status(), Some(200));
//! assert_eq!(recording.text(), "Hello Ada\n");
//! assert!(recording.finished());
//! ```
//!
//! A recording rejects what the host rejects: a status or a header that is not valid HTTP, a head
//! that is too large. It can also simulate a caller that disconnects; see
//! [`Recording::close_after_writes`].
//!
//! An [`Upstream`] answers the requests that a handler sends with [`fetch`](crate::fetch), and [`variables`] sets
//! the variables that it reads.

mod event;
mod head;
mod recording;
pub(crate) mod upstream;
mod variables;

pub use event::{ContextFields, event, event_with, get, post};
pub use recording::{Recording, ResponseKind, response};
pub use upstream::{Reply, Upstream, UpstreamRequest};
pub(crate) use variables::of_test;
pub use variables::{Variables, variables};
