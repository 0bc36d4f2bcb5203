//! A store with the component in it: made, given to an invocation, called.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

use wasmtime::{Store, UpdateDeadline};

use super::reuse::Life;
use super::state::{Current, GuestState};
use crate::bindings::{Context, Exports};
use crate::handler::Handler;

/// One instance of the handler, instantiated or still to be.
pub(super) struct Instance {
    store: Store<GuestState>,
    exports: Option<Exports>,
    pub(super) life: Life,
}

impl Instance {
    /// A store without the component in it yet.
    pub(super) fn new(handler: &Handler) -> Self {
        let state = GuestState::new(&handler.environment);
        let mut store = Store::new(&handler.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(handler.environment.limits.hostcall_bytes);
        Self {
            store,
            exports: None,
            life: Life::new(),
        }
    }

    /// The instance has ended its invocation, and may get another.
    pub(super) fn rest(&mut self) {
        self.store.data_mut().rest();
    }

    /// Instantiates the component ahead of its invocation.
    ///
    /// # Errors
    ///
    /// When that is not possible, or the instance could tell: a component that traps, waits, or
    /// asks its host for anything in the process has to be instantiated with its invocation.
    pub(super) fn prepare(handler: &Handler) -> Result<Self, NotAhead> {
        let mut instance = Self::new(handler);
        // Whoever is being stopped in this process, it may be the invocation that waits for this.
        instance.store.set_epoch_deadline(1);
        instance.store.epoch_deadline_trap();
        instance.instantiate_at_once(handler)?;
        if instance.store.data().has_used_wasi() {
            return Err(NotAhead);
        }
        Ok(instance)
    }

    fn instantiate_at_once(&mut self, handler: &Handler) -> Result<(), NotAhead> {
        let instantiating = pin!(handler.pre.instantiate_async(&mut self.store));
        let mut cx = TaskContext::from_waker(Waker::noop());
        match instantiating.poll(&mut cx) {
            Poll::Ready(Ok(exports)) => {
                self.exports = Some(exports);
                Ok(())
            }
            Poll::Ready(Err(_)) | Poll::Pending => Err(NotAhead),
        }
    }

    /// Gives the instance to an invocation, whose interrupt stops it while it computes.
    pub(super) fn begin(&mut self, current: Arc<Current>) {
        let interrupt = Arc::clone(&current.interrupt);
        self.store.data_mut().begin(current);
        // The epoch belongs to the engine: every guest of the process notices an increment, and
        // each looks whether it was meant.
        self.store.set_epoch_deadline(1);
        self.store.epoch_deadline_callback(move |_| {
            Ok(match interrupt.reason() {
                Some(_) => UpdateDeadline::Interrupt,
                None => UpdateDeadline::Continue(1),
            })
        });
    }

    /// Calls the handler, instantiating it first if that is still to be done.
    pub(super) async fn call(
        &mut self,
        handler: &Handler,
        event: &[u8],
        context: &Context,
    ) -> wasmtime::Result<Result<(), String>> {
        if self.exports.is_none() {
            self.exports = Some(handler.pre.instantiate_async(&mut self.store).await?);
        }
        let exports = self.exports.as_ref().expect("instantiated above");
        exports.call_handle(&mut self.store, event, context).await
    }

    pub(super) fn state(&self) -> &GuestState {
        self.store.data()
    }
}

/// An instance cannot be made ahead of its invocation.
#[derive(Debug)]
pub(super) struct NotAhead;
