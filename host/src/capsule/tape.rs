//! What sits between a handler and the world while it is recorded or replayed.

#[cfg(feature = "outbound-http")]
use http::{Method, Uri};
use lambda_protocol::error_report::ErrorReport;

use super::begin::Seed;
use super::line::Field;
#[cfg(feature = "outbound-http")]
use super::part::AnswerPart;
use super::part::{Output, Taken};
#[cfg(feature = "rehearsal")]
use super::player::Player;
use super::recorder::Recorder;

/// Longest message of a failure, in bytes.
pub(super) const MESSAGE_BYTES: usize = 4096;

/// The tape of one invocation.
#[derive(Debug)]
pub(crate) enum Tape {
    Record(Recorder),
    #[cfg(feature = "rehearsal")]
    Replay(Box<Player>),
}

/// A call whose result depends on the time or on other machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nanoseconds since the Unix epoch.
    Wall,
    /// Nanoseconds since the guest's clock began.
    Monotonic,
    /// The pollables that are ready.
    Poll,
    /// Whether a pollable is ready.
    Ready,
    /// The end of a wait for one pollable.
    Block,
    /// How much was read.
    Read,
    /// How much may be written.
    Room,
    /// How much went from one stream to another.
    Splice,
}

impl Kind {
    #[cfg(any(test, feature = "rehearsal"))]
    pub(super) const ALL: [Self; 8] = [
        Self::Wall,
        Self::Monotonic,
        Self::Poll,
        Self::Ready,
        Self::Block,
        Self::Read,
        Self::Room,
        Self::Splice,
    ];

    /// Its name in a capsule.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Monotonic => "monotonic",
            Self::Poll => "poll",
            Self::Ready => "ready",
            Self::Block => "block",
            Self::Read => "read",
            Self::Room => "room",
            Self::Splice => "splice",
        }
    }
}

/// The result of such a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Nothing,
    Number(u64),
    Flag(bool),
    List(Vec<u32>),
    /// The stream has ended, well or not.
    Ended,
}

/// What a tape knows of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recall {
    /// Nothing: the call has its own result.
    Live,
    /// Its result.
    #[cfg_attr(
        not(feature = "rehearsal"),
        expect(dead_code, reason = "only a replay knows results")
    )]
    Known(Seen),
    /// The recording ends within the call.
    #[cfg_attr(
        not(feature = "rehearsal"),
        expect(dead_code, reason = "only a replay has such an end")
    )]
    Stopped,
}

impl Tape {
    /// The seed of the random numbers that the guest gets.
    pub(crate) fn seed(&self) -> Seed {
        match self {
            Self::Record(recorder) => recorder.seed(),
            #[cfg(feature = "rehearsal")]
            Self::Replay(player) => player.seed(),
        }
    }

    /// Returns what is known of the next call, which is of this kind.
    #[cfg_attr(
        not(feature = "rehearsal"),
        expect(unused_variables, reason = "only a replay knows results")
    )]
    pub(crate) fn recall(&self, kind: Kind) -> Recall {
        match self {
            Self::Record(_) => Recall::Live,
            #[cfg(feature = "rehearsal")]
            Self::Replay(player) => player.recall(kind),
        }
    }

    /// Returns the time of a clock, in nanoseconds: that of `machine` while it is recorded.
    pub(crate) fn now(&self, kind: Kind, machine: impl FnOnce() -> u64) -> u64 {
        match self {
            Self::Record(_) => {
                let now = machine();
                self.note(kind, &Seen::Number(now));
                now
            }
            #[cfg(feature = "rehearsal")]
            Self::Replay(player) => player.now(kind),
        }
    }

    /// Records the result of a call.
    pub(crate) fn note(&self, kind: Kind, seen: &Seen) {
        let Some(recorder) = self.recorder() else {
            return;
        };
        let name = kind.name();
        match seen {
            Seen::Nothing => recorder.note(name, &[]),
            Seen::Number(number) => recorder.note(name, &[Field::Number(*number)]),
            Seen::Flag(flag) => recorder.note(name, &[Field::Flag(*flag)]),
            Seen::List(list) => recorder.note(name, &[Field::Numbers(list)]),
            Seen::Ended => recorder.note(name, &[Field::Text("ended")]),
        }
    }

    /// Records a part of the response that the guest has passed, or compares it. Returns how it was taken: in a replay
    /// as it was when it was recorded.
    pub(crate) fn wrote(&self, output: Output<'_>, taken: Taken) -> Taken {
        match self {
            Self::Record(recorder) => {
                let result = Field::Text(taken.name());
                match output {
                    Output::Head(json) => recorder.note("head", &[Field::Bytes(json), result]),
                    Output::Document => recorder.note("document", &[result]),
                    Output::Raw(content_type) => {
                        recorder.note("raw", &[Field::Text(content_type), result]);
                    }
                    Output::Write(chunk) => recorder.note_write(chunk, taken.name()),
                    Output::Finish => recorder.note("finish", &[result]),
                }
                taken
            }
            #[cfg(feature = "rehearsal")]
            Self::Replay(player) => player.wrote(output, taken),
        }
    }

    /// Records a request. Returns its number.
    #[cfg(feature = "outbound-http")]
    pub(crate) fn request(&self, method: &Method, uri: &Uri) -> u32 {
        let Some(recorder) = self.recorder() else {
            return 0;
        };
        let call = recorder.next_call();
        let uri = uri.to_string();
        let fields = [
            Field::Number(u64::from(call)),
            Field::Number(recorder.elapsed_us()),
            Field::Text(method.as_str()),
            Field::Text(&uri),
        ];
        recorder.note("request", &fields);
        call
    }

    /// Records a part of the answer to a request.
    #[cfg(feature = "outbound-http")]
    pub(crate) fn answered(&self, call: u32, part: AnswerPart<'_>) {
        let Some(recorder) = self.recorder() else {
            return;
        };
        let (call, at) = (
            Field::Number(u64::from(call)),
            Field::Number(recorder.elapsed_us()),
        );
        match part {
            AnswerPart::Head(status, headers) => {
                let status = Field::Number(u64::from(status.as_u16()));
                recorder.note("answer", &[call, at, status, Field::Headers(headers)]);
            }
            AnswerPart::Data(data) => recorder.note("data", &[call, at, Field::Bytes(data)]),
            AnswerPart::Trailers(trailers) => {
                recorder.note("trailers", &[call, at, Field::Headers(trailers)]);
            }
            AnswerPart::End => recorder.note("end", &[call, at]),
            AnswerPart::Failed(error) => {
                recorder.note("failed-request", &[call, at, Field::Json(error)]);
            }
        }
    }

    /// Records how the handler has ended. `stopped`: by the host, at a moment that only the clock decides.
    pub(crate) fn ended(&self, outcome: &Result<(), ErrorReport>, stopped: bool) {
        match self {
            Self::Record(recorder) => match outcome {
                Ok(()) => recorder.end("returned", &[]),
                Err(report) => {
                    let message = report.message.as_str();
                    let cut = message.get(..message.floor_char_boundary(MESSAGE_BYTES));
                    let fields = [
                        Field::Text(report.error_type.as_str()),
                        Field::Text(cut.unwrap_or_default()),
                    ];
                    recorder.end(if stopped { "stopped" } else { "failed" }, &fields);
                }
            },
            #[cfg(feature = "rehearsal")]
            Self::Replay(player) => player.ended(outcome),
        }
    }

    /// The recorder, unless this is a replay.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        match self {
            Self::Record(recorder) => Some(recorder),
            #[cfg(feature = "rehearsal")]
            Self::Replay(_) => None,
        }
    }

    /// The player of a replay.
    #[cfg(feature = "rehearsal")]
    pub(crate) fn player(&self) -> Option<&Player> {
        match self {
            Self::Record(_) => None,
            Self::Replay(player) => Some(player),
        }
    }
}
