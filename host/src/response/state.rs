//! The state of a response. The machine decides, its callers act; it does no I/O.
#![warn(clippy::wildcard_enum_match_arm)]

/// Where the response to one invocation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseStream {
    /// No byte has left: a failure can still become `POST …/error`.
    AwaitingPrelude,
    /// The prelude has left: a failure can only be told in trailers.
    Streaming,
    /// The end was said aloud. Nothing more is sent.
    Finished,
    /// The invocation failed, or its receiver is gone. Nothing more is sent.
    Failed,
}

/// Why a call of the guest is refused. The state stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// `write-headers` after the start.
    AlreadyStarted,
    /// Any call after `finish`.
    AlreadyFinished,
    /// Any call after a failure.
    Closed,
}

/// Whether an accepted call is the one that starts the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Send the implied prelude first.
    Now,
    /// The prelude has left already.
    Before,
}

/// How a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Nothing has left: `POST …/error`.
    ErrorDocument,
    /// The stream is open: end it with error trailers.
    Trailers,
    /// The caller has its end already, or is gone: only the log hears of it.
    LogOnly,
}

impl ResponseStream {
    /// The guest calls `write-headers` with a valid head.
    ///
    /// # Errors
    ///
    /// When the response has started or ended.
    pub fn on_head(&mut self) -> Result<(), Refused> {
        match self {
            Self::AwaitingPrelude => {
                *self = Self::Streaming;
                Ok(())
            }
            Self::Streaming => Err(Refused::AlreadyStarted),
            Self::Finished => Err(Refused::AlreadyFinished),
            Self::Failed => Err(Refused::Closed),
        }
    }

    /// The guest calls `write`.
    ///
    /// # Errors
    ///
    /// When the response has ended.
    pub fn on_write(&mut self) -> Result<Start, Refused> {
        match self {
            Self::AwaitingPrelude => {
                *self = Self::Streaming;
                Ok(Start::Now)
            }
            Self::Streaming => Ok(Start::Before),
            Self::Finished => Err(Refused::AlreadyFinished),
            Self::Failed => Err(Refused::Closed),
        }
    }

    /// The guest calls `finish`, or returns `ok` without having done so.
    ///
    /// # Errors
    ///
    /// When the response has ended.
    pub fn on_finish(&mut self) -> Result<Start, Refused> {
        let start = self.on_write()?;
        *self = Self::Finished;
        Ok(start)
    }

    /// The guest fails: it returns `err`, traps, or is stopped.
    pub fn on_failure(&mut self) -> Telling {
        match self {
            Self::AwaitingPrelude => {
                *self = Self::Failed;
                Telling::ErrorDocument
            }
            Self::Streaming => {
                *self = Self::Failed;
                Telling::Trailers
            }
            Self::Finished | Self::Failed => Telling::LogOnly,
        }
    }

    /// The receiver of the response is gone. A response that was complete stays so. Says whether
    /// the response was cut by it.
    pub fn on_peer_closed(&mut self) -> bool {
        match self {
            Self::AwaitingPrelude | Self::Streaming => {
                *self = Self::Failed;
                true
            }
            Self::Finished | Self::Failed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResponseStream::{AwaitingPrelude, Failed, Finished, Streaming};

    #[test]
    fn each_input_in_each_state_does_what_the_contract_says() {
        let table = [
            (
                AwaitingPrelude,
                Ok(()),
                Ok(Start::Now),
                Telling::ErrorDocument,
            ),
            (
                Streaming,
                Err(Refused::AlreadyStarted),
                Ok(Start::Before),
                Telling::Trailers,
            ),
            (
                Finished,
                Err(Refused::AlreadyFinished),
                Err(Refused::AlreadyFinished),
                Telling::LogOnly,
            ),
            (
                Failed,
                Err(Refused::Closed),
                Err(Refused::Closed),
                Telling::LogOnly,
            ),
        ];
        for (state, head, write, failure) in table {
            assert_eq!(with(state, ResponseStream::on_head), head);
            assert_eq!(with(state, ResponseStream::on_write), write);
            assert_eq!(with(state, ResponseStream::on_finish), write);
            assert_eq!(with(state, ResponseStream::on_failure), failure);
        }
    }

    fn with<R>(mut state: ResponseStream, input: impl Fn(&mut ResponseStream) -> R) -> R {
        input(&mut state)
    }

    /// What an observer of the wire would have seen.
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
    }

    fn apply(state: &mut ResponseStream, input: u32, wire: &mut Wire) {
        match input {
            0 if state.on_head().is_ok() => {
                wire.sends();
                wire.opened += 1;
            }
            1 | 2 => {
                let outcome = if input == 1 {
                    state.on_write()
                } else {
                    state.on_finish()
                };
                if let Ok(start) = outcome {
                    wire.sends();
                    wire.opened += u32::from(start == Start::Now);
                    wire.clean_ends += u32::from(input == 2);
                }
            }
            3 => match state.on_failure() {
                Telling::ErrorDocument => wire.error_documents += 1,
                Telling::Trailers => wire.trailer_ends += 1,
                Telling::LogOnly => {}
            },
            4 => {
                state.on_peer_closed();
            }
            _ => {}
        }
    }

    /// Every sequence of six inputs out of five, exhaustively: 15,625 of them.
    #[test]
    fn the_invariants_hold_for_every_sequence_of_inputs() {
        const INPUTS: u32 = 5;
        const LENGTH: u32 = 6;
        for sequence in 0..INPUTS.pow(LENGTH) {
            let (mut state, mut wire) = (AwaitingPrelude, Wire::default());
            for position in 0..LENGTH {
                apply(
                    &mut state,
                    sequence / INPUTS.pow(position) % INPUTS,
                    &mut wire,
                );
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
