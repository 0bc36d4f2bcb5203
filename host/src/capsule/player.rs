//! Answers the calls of a handler from a capsule, and compares what it writes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Method, Uri};
use lambda_protocol::error_report::ErrorReport;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Seed;
use super::findings::{Findings, is_same_end, told};
use super::parse::{Capsule, Ending, Request};
use super::part::{Output, Taken};
use super::tape::{Kind, MESSAGE_BYTES, Recall, Seen};
use super::written::{Difference, Written};

/// How far a clock moves with each read that was not recorded. Otherwise a handler that waits in a loop would never
/// end.
const TICK_NS: u64 = 1000;

/// How long the handler may compute beyond the end of a recording that the clock stopped.
pub(crate) const BEYOND: Duration = Duration::from_millis(200);

/// The player of one replay.
#[derive(Debug)]
pub(crate) struct Player {
    capsule: Capsule,
    state: Mutex<State>,
    /// Signals that the replay has seen enough.
    enough: Notify,
    /// Signals that the recording ends here, early.
    over: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Results that were used.
    seen: usize,
    /// Parts of the response that were compared.
    written: usize,
    /// Requests that were answered, by number.
    used: Vec<bool>,
    /// Whether the handler has made another call than when it was recorded.
    is_free: bool,
    clocks: [Clock; 2],
    difference: Option<Difference>,
    /// Requests without a recorded answer.
    unanswered: Vec<String>,
    ending: Option<Ending>,
    is_over: bool,
    has_enough: bool,
}

/// The last recorded time of a clock.
#[derive(Clone, Copy, Debug, Default)]
struct Clock {
    nanoseconds: u64,
    at: Option<Instant>,
    reads: u64,
}

impl Player {
    pub(crate) fn new(capsule: Capsule) -> Self {
        let state = State {
            used: vec![false; capsule.requests.len()],
            ..State::default()
        };
        Self {
            capsule,
            state: Mutex::new(state),
            enough: Notify::new(),
            over: Notify::new(),
        }
    }

    pub(super) fn seed(&self) -> Seed {
        self.capsule.seed()
    }

    /// Waits until the replay has seen enough: a difference, or the end of the recording.
    pub(crate) async fn enough(&self) {
        self.enough.notified().await;
    }

    /// Waits until the handler is where the recording ends early.
    pub(crate) async fn over(&self) {
        self.over.notified().await;
    }

    pub(super) fn recall(&self, kind: Kind) -> Recall {
        let mut state = self.lock();
        let recall = self.next(&mut state, kind);
        self.check_over(&mut state);
        recall
    }

    fn next(&self, state: &mut State, kind: Kind) -> Recall {
        if state.is_free {
            return Recall::Live;
        }
        match self.capsule.seen.get(state.seen) {
            Some((recorded, seen)) if *recorded == kind => {
                state.seen += 1;
                Recall::Known(seen.clone())
            }
            None if self.capsule.ends_early() => Recall::Stopped,
            _ => {
                state.is_free = true;
                Recall::Live
            }
        }
    }

    /// Returns the time of a clock, in nanoseconds.
    pub(super) fn now(&self, kind: Kind) -> u64 {
        let known = self.recall(kind);
        let mut state = self.lock();
        let [wall, monotonic] = &mut state.clocks;
        let clock = if kind == Kind::Wall { wall } else { monotonic };
        if let Recall::Known(Seen::Number(nanoseconds)) = known {
            *clock = Clock {
                nanoseconds,
                at: Some(Instant::now()),
                reads: 0,
            };
            return nanoseconds;
        }
        clock.reads += 1;
        let elapsed = clock.at.get_or_insert_with(Instant::now).elapsed();
        let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        clock
            .nanoseconds
            .saturating_add(elapsed)
            .saturating_add(clock.reads * TICK_NS)
    }

    pub(super) fn wrote(&self, output: Output<'_>, taken: Taken) -> Taken {
        let mut state = self.lock();
        if state.has_enough {
            return taken;
        }
        let replayed = Written::of(output);
        let writes = self.writes(&state);
        let taken = match self.capsule.written.get(state.written) {
            Some((recorded, recorded_taken)) if recorded.is_same(&replayed) => {
                state.written += 1;
                *recorded_taken
            }
            Some((recorded, _)) => {
                state.difference = Some(Difference::between(writes, recorded, &replayed));
                self.end(&mut state);
                taken
            }
            None if self.capsule.ends_early() => {
                state.is_over = true;
                self.end(&mut state);
                taken
            }
            None => {
                state.difference = Some(Difference {
                    place: replayed.place(writes),
                    recorded: told(self.capsule.ending.as_ref()),
                    replayed: replayed.to_string(),
                    offset: None,
                });
                self.end(&mut state);
                taken
            }
        };
        self.check_over(&mut state);
        taken
    }

    /// Returns the recorded answer to a request: of the first one like it that has not been used. `None` if there is
    /// none.
    pub(crate) fn answer(&self, method: &Method, uri: &Uri) -> Option<Request> {
        let uri = uri.to_string();
        let mut state = self.lock();
        let mut requests = self.capsule.requests.iter().enumerate();
        let found = requests.find(|(index, request)| {
            state.used.get(*index) == Some(&false)
                && request.method == method.as_str()
                && request.uri == uri
        });
        let Some((index, request)) = found else {
            state.unanswered.push(format!("{method} {uri}"));
            return None;
        };
        if let Some(used) = state.used.get_mut(index) {
            *used = true;
        }
        Some(request.clone())
    }

    pub(super) fn ended(&self, outcome: &Result<(), ErrorReport>) {
        let ending = match outcome {
            Ok(()) => Ending::Returned,
            Err(report) => {
                let message = report.message.as_str();
                let cut = message.get(..message.floor_char_boundary(MESSAGE_BYTES));
                Ending::Failed {
                    error_type: report.error_type.as_str().to_owned(),
                    message: cut.unwrap_or_default().to_owned(),
                    stopped: false,
                }
            }
        };
        let mut state = self.lock();
        if !state.has_enough {
            state.difference = self.difference_of_end(&state, &ending);
        }
        state.ending = Some(ending);
        self.end(&mut state);
    }

    fn difference_of_end(&self, state: &State, ending: &Ending) -> Option<Difference> {
        if state.is_over {
            // How far the handler got then was a matter of time.
            return None;
        }
        let difference = |place: String, recorded| Difference {
            place,
            recorded,
            replayed: told(Some(ending)),
            offset: None,
        };
        if let Some((recorded, _)) = self.capsule.written.get(state.written) {
            let place = recorded.place(self.writes(state));
            return Some(difference(place, recorded.to_string()));
        }
        let recorded = self.capsule.ending.as_ref()?;
        let is_cut = self.capsule.truncated_at.is_some();
        let place = || "the end of the handler".to_owned();
        (!is_cut && !is_same_end(recorded, ending))
            .then(|| difference(place(), told(Some(recorded))))
    }

    /// Returns what the replay has found.
    pub(crate) fn findings(&self) -> Findings {
        let state = self.lock();
        Findings {
            difference: state.difference.clone(),
            writes: self.writes(&state),
            same_calls: !state.is_free,
            unanswered: state.unanswered.clone(),
            ending: state.ending.clone(),
            is_over: state.is_over,
        }
    }

    /// Returns how many writes were equal so far.
    fn writes(&self, state: &State) -> usize {
        let equal = self.capsule.written.iter().take(state.written);
        equal.filter(|(written, _)| written.is_write()).count()
    }

    /// Notes if the handler is where the recording ends early.
    fn check_over(&self, state: &mut State) {
        let is_over = self.capsule.ends_early()
            && (state.is_free || state.seen == self.capsule.seen.len())
            && state.written == self.capsule.written.len();
        if is_over && !state.is_over {
            state.is_over = true;
            self.over.notify_one();
        }
    }

    /// Notes at the start if the recording ends before the first call.
    pub(crate) fn begin(&self) {
        self.check_over(&mut self.lock());
    }

    fn end(&self, state: &mut State) {
        state.has_enough = true;
        self.enough.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
