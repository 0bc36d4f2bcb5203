//! The state machine of a response. It decides and its callers act; it does no I/O.
//!
//! `docs/design/explicit-end.md` has the rule that it enforces.
#![warn(clippy::wildcard_enum_match_arm)]

use lambda_protocol::response_document::DocumentTooLarge;

/// The state of the response to one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseStream {
    /// No byte has left: a failure can still become `POST …/error`.
    AwaitingPrelude,
    /// The response is a document, of which no byte leaves before its end: a failure still becomes
    /// `POST …/error`.
    Collecting,
    /// The prelude has left: a failure can only be reported in trailers.
    Streaming,
    /// The response has ended explicitly. Nothing more is sent.
    Finished,
    /// The invocation failed, or its receiver is gone. Nothing more is sent.
    Failed,
}

/// How a response is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// While it is written.
    Stream,
    /// At its end, as a whole.
    Document,
}

/// Why a call of the guest is refused. The state stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another start after the start.
    AlreadyStarted,
    /// Any call after `finish`.
    AlreadyFinished,
    /// Any call after a failure.
    Closed,
    /// The document is too large, now or since an earlier call.
    TooLarge(DocumentTooLarge),
}

/// Whether an accepted call is the one that starts the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Send the implied prelude first.
    Now,
    /// The prelude has left already.
    Before,
}

/// How a failure is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureRoute {
    /// Nothing has left: `POST …/error`.
    ErrorDocument,
    /// The stream is open: end it with error trailers.
    Trailers,
    /// The caller already has the end of the response, or is gone: log the failure only.
    LogOnly,
}

impl ResponseStream {
    /// The guest starts the response, `write-headers` with a valid head.
    ///
    /// # Errors
    ///
    /// When the response has started or ended.
    pub fn on_start(&mut self, delivery: Delivery) -> Result<(), Refused> {
        match self {
            Self::AwaitingPrelude => {
                *self = Self::started(delivery);
                Ok(())
            }
            Self::Collecting | Self::Streaming => Err(Refused::AlreadyStarted),
            Self::Finished => Err(Refused::AlreadyFinished),
            Self::Failed => Err(Refused::Closed),
        }
    }

    /// The guest calls `write`, which starts a response that has not started.
    ///
    /// # Errors
    ///
    /// When the response has ended.
    pub fn on_write(&mut self, implied: Delivery) -> Result<Start, Refused> {
        match self {
            Self::AwaitingPrelude => {
                *self = Self::started(implied);
                Ok(Start::Now)
            }
            Self::Collecting | Self::Streaming => Ok(Start::Before),
            Self::Finished => Err(Refused::AlreadyFinished),
            Self::Failed => Err(Refused::Closed),
        }
    }

    /// The guest calls `finish`, or returns `ok` without having done so, and the response has started.
    ///
    /// # Errors
    ///
    /// When the response has not started, or has ended.
    pub fn on_finish(&mut self) -> Result<(), Refused> {
        match self {
            Self::Collecting | Self::Streaming => {
                *self = Self::Finished;
                Ok(())
            }
            Self::Finished => Err(Refused::AlreadyFinished),
            Self::AwaitingPrelude | Self::Failed => Err(Refused::Closed),
        }
    }

    /// The guest fails: it returns `err`, traps, or is stopped.
    pub fn on_failure(&mut self) -> FailureRoute {
        match self {
            Self::AwaitingPrelude | Self::Collecting => {
                *self = Self::Failed;
                FailureRoute::ErrorDocument
            }
            Self::Streaming => {
                *self = Self::Failed;
                FailureRoute::Trailers
            }
            Self::Finished | Self::Failed => FailureRoute::LogOnly,
        }
    }

    /// The receiver of the response is gone. A complete response stays complete. Returns whether the
    /// response was cut off.
    pub fn on_peer_closed(&mut self) -> bool {
        match self {
            Self::AwaitingPrelude | Self::Collecting | Self::Streaming => {
                *self = Self::Failed;
                true
            }
            Self::Finished | Self::Failed => false,
        }
    }

    fn started(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Stream => Self::Streaming,
            Delivery::Document => Self::Collecting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Delivery::{Document, Stream};
    use ResponseStream::{AwaitingPrelude, Collecting, Failed, Finished, Streaming};

    #[test]
    fn each_input_in_each_state_does_what_the_contract_says() {
        let table = [
            (
                AwaitingPrelude,
                Ok(()),
                Ok(Start::Now),
                FailureRoute::ErrorDocument,
            ),
            (
                Collecting,
                Err(Refused::AlreadyStarted),
                Ok(Start::Before),
                FailureRoute::ErrorDocument,
            ),
            (
                Streaming,
                Err(Refused::AlreadyStarted),
                Ok(Start::Before),
                FailureRoute::Trailers,
            ),
            (
                Finished,
                Err(Refused::AlreadyFinished),
                Err(Refused::AlreadyFinished),
                FailureRoute::LogOnly,
            ),
            (
                Failed,
                Err(Refused::Closed),
                Err(Refused::Closed),
                FailureRoute::LogOnly,
            ),
        ];
        for (state, start, write, failure) in table {
            for delivery in [Stream, Document] {
                assert_eq!(with(state, |state| state.on_start(delivery)), start);
                assert_eq!(with(state, |state| state.on_write(delivery)), write);
            }
            if state != AwaitingPrelude {
                assert_eq!(with(state, ResponseStream::on_finish), write.map(drop));
            }
            assert_eq!(with(state, ResponseStream::on_failure), failure);
        }
    }

    #[test]
    fn a_response_travels_as_it_was_started() {
        for (delivery, started) in [(Stream, Streaming), (Document, Collecting)] {
            let mut state = AwaitingPrelude;
            state.on_start(delivery).unwrap();
            assert_eq!(state, started);
            let mut state = AwaitingPrelude;
            state.on_write(delivery).unwrap();
            assert_eq!(state, started);
        }
    }

    fn with<R>(mut state: ResponseStream, input: impl Fn(&mut ResponseStream) -> R) -> R {
        input(&mut state)
    }

    /// What an observer of the wire sees.
    #[derive(Default)]
    struct Wire {
        opened: u32,
        error_documents: u32,
        clean_ends: u32,
        trailer_ends: u32,
        sent_after_end: u32,
    }

    impl Wire {
        fn sends(&mut self) {
            if self.clean_ends + self.trailer_ends + self.error_documents > 0 {
                self.sent_after_end += 1;
            }
        }

        /// A call of the guest was accepted. A stream is open from its start, a document at its end.
        fn accepted(&mut self, before: ResponseStream, after: ResponseStream) {
            if before == Collecting && after == Collecting {
                return;
            }
            let opens_stream = before == AwaitingPrelude && after == Streaming;
            let ends_unopened = before != Streaming && after == Finished;
            if after != Collecting {
                self.sends();
            }
            self.opened += u32::from(opens_stream || ends_unopened);
            self.clean_ends += u32::from(after == Finished);
        }
    }

    fn apply(state: &mut ResponseStream, input: u32, implied: Delivery, wire: &mut Wire) {
        let before = *state;
        let accepted = match input {
            0 => state.on_start(Stream).is_ok(),
            1 => state.on_start(Document).is_ok(),
            2 => state.on_write(implied).is_ok(),
            // Every end starts a response that has not started.
            3 => state.on_write(implied).is_ok() && state.on_finish().is_ok(),
            4 => {
                match state.on_failure() {
                    FailureRoute::ErrorDocument => wire.error_documents += 1,
                    FailureRoute::Trailers => wire.trailer_ends += 1,
                    FailureRoute::LogOnly => {}
                }
                false
            }
            _ => {
                state.on_peer_closed();
                false
            }
        };
        if accepted {
            wire.accepted(before, *state);
        }
    }

    /// Tests every sequence of six inputs out of six: 46,656 of them, for both kinds of an implied start.
    #[test]
    fn the_invariants_hold_for_every_sequence_of_inputs() {
        const INPUTS: u32 = 6;
        const LENGTH: u32 = 6;
        for (sequence, implied) in
            (0..INPUTS.pow(LENGTH)).flat_map(|sequence| [(sequence, Stream), (sequence, Document)])
        {
            let (mut state, mut wire) = (AwaitingPrelude, Wire::default());
            for position in 0..LENGTH {
                let input = sequence / INPUTS.pow(position) % INPUTS;
                apply(&mut state, input, implied, &mut wire);
            }
            assert!(
                wire.opened + wire.error_documents <= 1,
                "answered twice: {sequence}"
            );
            assert_eq!(wire.sent_after_end, 0, "sent after the end: {sequence}");
            assert!(
                wire.clean_ends + wire.trailer_ends <= wire.opened,
                "{sequence}"
            );
            assert_eq!(
                wire.clean_ends > 0,
                state == Finished,
                "an unasked clean end: {sequence}"
            );
        }
    }
}
