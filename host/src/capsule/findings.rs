//! What a replay finds.

use super::parse::Ending;
use super::written::Difference;

/// What a replay has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) difference: Option<Difference>,
    /// Equal writes.
    pub(crate) writes: usize,
    /// Whether the handler has called the host as when it was recorded.
    pub(crate) same_calls: bool,
    pub(crate) unanswered: Vec<String>,
    pub(crate) ending: Option<Ending>,
    /// Whether it ended where the recording did, early.
    pub(crate) is_over: bool,
}

/// Whether two runs of a handler have ended in the same way.
pub(super) fn is_same_end(recorded: &Ending, replayed: &Ending) -> bool {
    match (recorded, replayed) {
        (Ending::Returned, Ending::Returned) => true,
        (
            Ending::Failed {
                error_type,
                message,
                ..
            },
            Ending::Failed {
                error_type: replayed_type,
                message: replayed_message,
                ..
            },
        ) => error_type == replayed_type && message == replayed_message,
        _ => false,
    }
}

/// Describes how a handler ended.
pub(super) fn told(ending: Option<&Ending>) -> String {
    match ending {
        None => "nothing more".to_owned(),
        Some(Ending::Returned) => "the handler returned".to_owned(),
        Some(Ending::Failed {
            error_type,
            message,
            stopped,
        }) => {
            let how = if *stopped { "stopped" } else { "failed" };
            format!("the handler {how}: {error_type}: {message}")
        }
    }
}
