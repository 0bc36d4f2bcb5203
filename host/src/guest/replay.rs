//! One invocation in an instance of its own, for replays.

use std::sync::Arc;

use super::handler::Handler;
use super::interrupt::Interrupt;
use super::next::NextInstance;
use super::run::{Invoke, run};
use crate::invocation::Invocation;
use crate::response::ResponseWriter;

/// Runs the handler for `invocation`. The tape of the invocation gets how it ended.
pub(crate) async fn replay_in(
    handler: &Arc<Handler>,
    invocation: Arc<Invocation>,
    response: ResponseWriter,
    interrupt: Interrupt,
) {
    let mut next = NextInstance::new(handler);
    next.prepare(handler).await;
    let instance = next.take(handler, &invocation);
    let invoke = Invoke {
        invocation,
        response,
        interrupt,
    };
    let ended = run(handler, instance, invoke).await;
    next.keep(handler, ended.completed);
    next.finish().await;
}
