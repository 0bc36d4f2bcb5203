//! A store and the component's instance in it, from instantiation to the call.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Instant;

use tempfile::TempDir;
use wasmtime::{Store, UpdateDeadline};

use super::handler::Handler;
use super::reuse::Life;
use super::state::{ActiveInvocation, GuestState};
use super::world::{Called, Exports};
use crate::executor::note_preemption;
use crate::invocation::Invocation;
use crate::observe::Instantiated;
use crate::platform::epoch_timer::preemptible;
use crate::platform::yield_to_driver;

/// Most entries of tasks, streams and futures that an instance may have at once. A stream or a future has three.
/// No other limit counts the host memory that they take.
#[cfg(feature = "wasi-p3")]
const CONCURRENT_LIMIT: usize = 4096;

/// One instance of the handler, instantiated or not yet.
pub(super) struct Instance {
    store: Store<GuestState>,
    exports: Option<Exports>,
    pub(super) life: Life,
    /// How long it took to instantiate the component, for the first invocation of the instance, if that is measured.
    pub(super) instantiated: Option<Instantiated>,
    /// Set whenever the guest yields while it computes.
    yields: Arc<AtomicBool>,
}

impl Instance {
    /// Creates a store. The component is not instantiated yet.
    pub(super) fn new(handler: &Handler) -> Self {
        let state = GuestState::new(&handler.config);
        let mut store = Store::new(&handler.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_hostcall_fuel(handler.config.limits.hostcall_bytes);
        #[cfg(feature = "wasi-p3")]
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(CONCURRENT_LIMIT);
        }
        Self {
            store,
            exports: None,
            life: Life::new(),
            instantiated: None,
            yields: Arc::default(),
        }
    }

    /// Detaches the instance from its invocation. It may serve another.
    pub(super) fn rest(&mut self) {
        self.instantiated = None;
        self.store.data_mut().rest();
    }

    /// Drops the instance, and returns its `/tmp`, if it has one.
    pub(super) fn end(mut self) -> Option<TempDir> {
        // Before the store drops the streams of unfinished bodies.
        #[cfg(feature = "outbound-http")]
        self.store.data_mut().abandon_requests();
        let tmp = self.store.data_mut().tmp.take();
        tmp.map(|tmp| tmp.folder)
    }

    /// Instantiates the component ahead of its invocation.
    ///
    /// # Errors
    ///
    /// When that is not possible, or the instance could observe it: a component whose instantiation
    /// traps, waits, or calls the host has to be instantiated with its invocation.
    pub(super) async fn prepare(handler: &Handler) -> Result<Self, NotAhead> {
        let mut instance = Self::new(handler);
        let yields = Arc::clone(&instance.yields);
        instance.store.set_epoch_deadline(1);
        instance
            .store
            .epoch_deadline_callback(move |_| Ok(yield_to_sockets(Arc::clone(&yields))));
        let began = handler.config.is_observed.then(Instant::now);
        instance.exports = Some(instance.instantiate_unless_it_waits(handler).await?);
        instance.instantiated = began.map(|began| measured(began, false));
        if instance.store.data().has_used_wasi() {
            return Err(NotAhead);
        }
        Ok(instance)
    }

    async fn instantiate_unless_it_waits(
        &mut self,
        handler: &Handler,
    ) -> Result<Exports, NotAhead> {
        let yields = Arc::clone(&self.yields);
        let mut instantiating = pin!(handler.pre.instantiate(&mut self.store));
        preemptible(poll_fn(|cx| match instantiating.as_mut().poll(cx) {
            Poll::Ready(instantiated) => Poll::Ready(instantiated.map_err(|_| NotAhead)),
            Poll::Pending if yields.swap(false, Ordering::Relaxed) => Poll::Pending,
            Poll::Pending => Poll::Ready(Err(NotAhead)),
        }))
        .await
    }

    /// Attaches the instance to an invocation, whose interrupt stops it while it computes.
    pub(super) fn begin(&mut self, current: Arc<ActiveInvocation>) {
        let interrupt = current.interrupt.clone();
        let yields = Arc::clone(&self.yields);
        self.store.data_mut().begin(current);
        // The epoch is the engine's: every guest of the process notices an increment.
        self.store.set_epoch_deadline(1);
        self.store.epoch_deadline_callback(move |mut store| {
            store.data_mut().has_computed = true;
            Ok(match interrupt.reason() {
                Some(_) => UpdateDeadline::Interrupt,
                None => yield_to_sockets(Arc::clone(&yields)),
            })
        });
    }

    /// Calls the guest, instantiating it first if necessary.
    pub(super) async fn call(&mut self, handler: &Handler, invocation: &Invocation) -> Called {
        preemptible(async {
            if self.exports.is_none() {
                let began = handler.config.is_observed.then(Instant::now);
                self.exports = Some(handler.pre.instantiate(&mut self.store).await?);
                self.instantiated = began.map(|began| measured(began, true));
            }
            let exports = self.exports.as_ref().expect("instantiated above");
            exports
                .call(&mut self.store, &handler.config, invocation)
                .await
        })
        .await
    }

    /// A flag that is set whenever the guest yields while it computes.
    pub(super) fn yields(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.yields)
    }

    pub(super) fn state(&self) -> &GuestState {
        self.store.data()
    }
}

fn measured(began: Instant, on_path: bool) -> Instantiated {
    Instantiated {
        began,
        time: began.elapsed(),
        on_path,
    }
}

/// The component cannot be instantiated ahead of its invocation.
#[derive(Debug)]
pub(super) struct NotAhead;

/// Lets the runtime poll its I/O driver before the guest continues. `UpdateDeadline::Yield` only wakes the
/// task, which then runs before the driver. Sets `yields` whenever the guest is polled meanwhile.
fn yield_to_sockets(yields: Arc<AtomicBool>) -> UpdateDeadline {
    note_preemption();
    let yielding = async move {
        let mut yielding = pin!(yield_to_driver());
        poll_fn(|cx| {
            let polled = yielding.as_mut().poll(cx);
            yields.store(polled.is_pending(), Ordering::Relaxed);
            polled
        })
        .await;
    };
    UpdateDeadline::YieldCustom(1, Box::pin(yielding))
}
