//! Who reads a response, and whether it gets a response document instead of a stream.

use std::sync::Arc;

use lambda_protocol::front_end::FrontEnd;

use crate::capsule::Tape;
use crate::invocation::Invocation;
use crate::observe::Watch;

/// Which front ends get a response document instead of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Buffered {
    /// Those that cannot read a stream.
    #[default]
    Auto,
    /// All of them.
    Always,
    /// None.
    Never,
}

impl Buffered {
    /// Whether `front_end` gets a response document rather than a stream.
    #[must_use]
    pub fn wants_document(self, front_end: FrontEnd) -> bool {
        match self {
            Self::Auto => !front_end.reads_streams(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The reader of a response: an invocation, and the setting for its response.
#[derive(Clone, Debug)]
pub struct Invoker {
    invocation: Arc<Invocation>,
    buffered: Buffered,
}

impl Invoker {
    /// The reader of the response to `invocation`.
    #[must_use]
    pub fn new(invocation: Arc<Invocation>, buffered: Buffered) -> Self {
        Self {
            invocation,
            buffered,
        }
    }

    /// What watches the invocation.
    pub(crate) fn watch(&self) -> Option<Arc<Watch>> {
        self.invocation.watch.clone()
    }

    /// What records or replays the invocation.
    pub(crate) fn tape(&self) -> Option<&Tape> {
        self.invocation.tape.as_deref()
    }

    /// The front end that gets a response document instead of a stream. Reads the whole event.
    #[must_use]
    pub fn front_end(&self) -> Option<FrontEnd> {
        if self.buffered == Buffered::Never {
            return None;
        }
        FrontEnd::of(&self.invocation.event).filter(|it| self.buffered.wants_document(*it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_ends_that_cannot_read_a_stream_get_a_document_by_default() {
        let load_balancer = FrontEnd::LoadBalancer { multi_value: false };
        for (front_end, auto) in [
            (FrontEnd::FunctionUrl, false),
            (FrontEnd::RestApi, false),
            (FrontEnd::HttpApiV1, true),
            (FrontEnd::HttpApiV2, true),
            (load_balancer, true),
            (FrontEnd::Lattice, true),
        ] {
            assert_eq!(Buffered::Auto.wants_document(front_end), auto);
            assert!(Buffered::Always.wants_document(front_end));
            assert!(!Buffered::Never.wants_document(front_end));
        }
    }
}
