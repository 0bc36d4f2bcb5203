//! The event stream of AWS: what Bedrock's `ConverseStream`, Lambda's `InvokeWithResponseStream` and S3's `Select`
//! send.
//!
//! ```
//! use bootstream::fetch::event_stream::Message;
//! use bootstream::{Error, fetch, testing};
//! use serde_json::{Value, json};
//!
//! fn text_of(answer: fetch::IncomingResponse) -> Result<String, Error> {
//!     let mut text = String::new();
//!     for message in answer.event_stream() {
//!         let message = message?; // an error: the stream broke off, or the service sent an exception
//!         if message.event_type() == Some("contentBlockDelta") {
//!             let delta: Value = message.json()?;
//!             text.extend(delta["delta"]["text"].as_str());
//!         }
//!     }
//!     Ok(text)
//! }
//! # let delta = json!({"delta": {"text": "Hi"}}).to_string();
//! # let frame = Message::event("contentBlockDelta", delta).encode();
//! # let upstream = testing::Upstream::new([testing::Reply::new(200).chunk(frame)]);
//! # let answer = fetch::get("https://bedrock-runtime.example/").send()?;
//! # assert_eq!(text_of(answer)?, "Hi");
//! # Ok::<_, Error>(())
//! ```

mod frame;
mod message;
mod reader;

pub use message::{Exception, Message, Value};
pub use reader::Messages;

#[cfg(test)]
mod tests;
