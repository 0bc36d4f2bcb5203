//! A response on its way from the runtime to the caller.
//!
//! `channel` carries it out of the Runtime API, `open` reads its head the way a service does, `paced`
//! applies the limits of the network, and `streamed` is the body that the caller gets.

mod buffered;
mod channel;
mod event_stream;
mod fields;
mod gunzip;
mod head;
mod network;
mod opened;
mod paced;
mod prelude;
mod rules;
mod start;
mod streamed;
mod token_bucket;

pub(crate) use channel::{
    Outcome, Part, ResponseMode, ResponseReceiver, ResponseSender, channel, outcome_of,
};
pub use head::ResponseHead;
pub(crate) use network::NetworkConditions;
pub use network::Rate;
pub use opened::OpenedResponse;
pub(crate) use opened::{OpenedBody, open, open_stream};
pub(crate) use paced::PacedBody;
#[doc(hidden)]
pub use prelude::PreludeReader;
pub use rules::{MissingStatus, MultiValueHeaders, Prelude, Reading, ResponseRules};
pub(crate) use start::{Reader, receive_whole};
pub(crate) use streamed::{Framing, LOG_WINDOW, StreamedBody};
pub(crate) use token_bucket::{STEP, STEPS_PER_SECOND};
