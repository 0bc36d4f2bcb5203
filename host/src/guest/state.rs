//! The data of one store: everything of the host that an instance can reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lambda_protocol::front_end::FrontEnd;
use lambda_protocol::prelude::Prelude;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
#[cfg(feature = "outbound-http")]
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::crash::CrashReport;
use super::files::{Files, Tmp};
use super::interrupt::Interrupt;
use super::limits::{LimitSettings, Limits, ResponseTooLarge, Written};
use super::output::{GuestOutput, Source};
use super::reuse::Reuse;
use super::taped;
#[cfg(feature = "wasi-p3")]
use super::world::Bodies;
#[cfg(feature = "outbound-http")]
use super::world::ProxyState;
use crate::capsule::Tape;
use crate::event::EventSettings;
use crate::invocation::Invocation;
use crate::logging::LogContext;
use crate::observe::Watch;
#[cfg(feature = "outbound-http")]
use crate::observe::WriteMoments;
use crate::outbound::Policy;
#[cfg(feature = "outbound-http")]
use crate::outbound::client::{Caller, Outbound};
use crate::response::{Refused, ResponseWriter};

/// Most WASI resources that an instance may have at once: files, streams, requests, headers. No other limit
/// counts the host memory that they take.
const RESOURCE_LIMIT: usize = 512;

/// The variable that carries the X-Ray trace header, where AWS libraries look for it.
const TRACE_ID_VARIABLE: &str = "_X_AMZN_TRACE_ID";

/// The configuration of every instance of this process.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "settings that are independent of each other"
)]
pub(crate) struct GuestConfig {
    /// Environment variables that the guest sees.
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) limits: Arc<LimitSettings>,
    pub(crate) files: Files,
    pub(crate) reuse: Reuse,
    /// Whether to pad an empty body.
    pub(crate) pad_empty: bool,
    /// Whether to log what an invocation has used, and what its requests have cost, at INFO instead of DEBUG.
    pub(crate) logs_usage: bool,
    /// Whether a receiver may want the record of an invocation.
    pub(crate) is_observed: bool,
    /// Whether invocations may have a tape.
    pub(crate) is_taped: bool,
    /// Which outbound requests the guest may make.
    pub(crate) outbound: Arc<Policy>,
    /// How an event becomes a request to a component of `wasi:http`.
    pub(crate) events: EventSettings,
    /// The function's name, or empty.
    pub(crate) function_name: String,
    /// The function's version, or empty.
    pub(crate) function_version: String,
    /// The function's memory in MiB, or 0.
    pub(crate) memory_limit_mib: u32,
    #[cfg(feature = "rehearsal")]
    pub(crate) rehearsal: Arc<crate::rehearsal::Rehearsal>,
}

/// The host's state of one instance, and of the invocation it serves.
pub(crate) struct GuestState {
    config: Arc<GuestConfig>,
    /// Created at the guest's first use of WASI: many never use it.
    wasi: Option<WasiCtx>,
    /// Created at the guest's first use of `wasi:http`. Declared before the table, because fields are
    /// dropped in this order and it must learn first that the bodies in the table will not be completed.
    #[cfg(feature = "outbound-http")]
    outbound: Option<Outbound>,
    /// Bodies of the messages in the table. Dropped before it.
    #[cfg(feature = "wasi-p3")]
    pub(super) bodies: Bodies,
    pub(super) table: ResourceTable,
    #[cfg(feature = "outbound-http")]
    pub(super) proxy: ProxyState,
    pub(super) tmp: Option<Tmp>,
    pub(crate) limits: Limits,
    /// Whether the guest was preempted since its last write.
    pub(super) has_computed: bool,
    outputs: Outputs,
    current: Option<Arc<ActiveInvocation>>,
}

/// The standard output and standard error of an instance, which may keep them across invocations.
#[derive(Clone)]
pub(super) struct Outputs {
    stdout: GuestOutput,
    stderr: GuestOutput,
}

/// The state of the invocation that an instance serves.
pub(crate) struct ActiveInvocation {
    pub(crate) log_context: LogContext,
    pub(crate) watch: Option<Arc<Watch>>,
    pub(crate) tape: Option<Arc<Tape>>,
    trace_id: Option<String>,
    pub(crate) response: ResponseWriter,
    pub(super) interrupt: Interrupt,
    limits: Arc<LimitSettings>,
    written: Written,
    outputs: Outputs,
    /// Whether the response has failed, and the receiver and the log know it already.
    failure_told: AtomicBool,
}

impl ActiveInvocation {
    pub(super) fn new(
        invocation: &Invocation,
        response: ResponseWriter,
        interrupt: Interrupt,
        limits: Arc<LimitSettings>,
        outputs: Outputs,
    ) -> Self {
        let log_context = log_context(invocation);
        outputs.stdout.begin(&log_context);
        outputs.stderr.begin(&log_context);
        Self {
            watch: invocation.watch.clone(),
            tape: invocation.tape.clone(),
            trace_id: invocation.trace_id.clone(),
            response,
            interrupt,
            limits,
            written: Written::default(),
            outputs,
            failure_told: AtomicBool::new(false),
            log_context,
        }
    }

    /// The invocation, as requests need it.
    #[cfg(feature = "outbound-http")]
    fn caller(&self) -> Caller {
        Caller {
            log_context: self.log_context.clone(),
            watch: self.watch.clone(),
            tape: self.tape.clone(),
            trace_id: self.trace_id.clone(),
        }
    }

    /// The header of X-Ray of the invocation.
    pub(super) fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// Notes that the response has failed, and that the receiver and the log know it.
    #[cfg(feature = "wasi-p3")]
    pub(super) fn note_told_failure(&self) {
        self.failure_told.store(true, Ordering::Relaxed);
    }

    /// Whether the response has failed, and the receiver and the log know it already.
    pub(super) fn has_told_failure(&self) -> bool {
        self.failure_told.load(Ordering::Relaxed)
    }

    /// Starts the response with a head.
    pub(super) fn start(&self, prelude: Prelude) -> Result<(), Refused> {
        let cookies = prelude.cookies();
        self.response.write_headers(prelude)?;
        let front_end = self.response.front_end();
        if cookies > 1 && front_end.is_some_and(FrontEnd::keeps_one_cookie) {
            tracing::warn!(
                requestId = %self.log_context.request_id,
                "the response sets {cookies} cookies, and its front end takes only the last of them \
                 (a load balancer takes all if its target group has multi-value headers switched on)"
            );
        }
        Ok(())
    }

    /// Bytes written to the response so far.
    pub(super) fn written_bytes(&self) -> u64 {
        self.written.bytes()
    }

    /// Number of writes to the response so far.
    pub(super) fn writes(&self) -> u64 {
        self.written.writes()
    }

    /// Counts a write to the response, which begins now.
    pub(super) fn count_write(&self, bytes: usize) -> Result<(), ResponseTooLarge> {
        if let Some(watch) = self.watch.as_ref().filter(|it| it.keeps_moments()) {
            watch.wrote(bytes);
        }
        self.count(bytes, 1)
    }

    /// Counts what was written before it became part of the response.
    #[cfg(feature = "outbound-http")]
    pub(super) fn count_earlier(
        &self,
        (bytes, writes): (usize, u64),
        moments: &WriteMoments,
    ) -> Result<(), ResponseTooLarge> {
        if let Some(watch) = &self.watch {
            watch.wrote_before(moments);
        }
        self.count(bytes, writes)
    }

    /// Whether it is kept when the guest wrote.
    #[cfg(feature = "outbound-http")]
    pub(super) fn keeps_moments(&self) -> bool {
        self.watch.as_ref().is_some_and(|it| it.keeps_moments())
    }

    fn count(&self, bytes: usize, writes: u64) -> Result<(), ResponseTooLarge> {
        self.written.count(bytes, writes, &self.limits)?;
        #[cfg(feature = "rehearsal")]
        crate::rehearsal::report::wrote(self.written.bytes());
        Ok(())
    }

    /// Logs output that the guest has not ended with a line break.
    pub(crate) fn flush_output(&self) {
        self.outputs.stdout.flush_line();
        self.outputs.stderr.flush_line();
    }

    /// The crash of Go's runtime that the guest wrote to standard error.
    pub(crate) fn crash_report(&self) -> Option<CrashReport> {
        self.outputs.stderr.crash_report()
    }

    /// The panic message the guest wrote to standard error.
    pub(crate) fn panic_message(&self) -> Option<String> {
        self.outputs.stderr.panic_message()
    }
}

fn log_context(invocation: &Invocation) -> LogContext {
    LogContext {
        request_id: invocation.request_id.clone(),
        tenant_id: invocation.tenant_id.clone(),
    }
}

impl GuestState {
    /// Creates the state of an instance that serves no invocation yet.
    pub(crate) fn new(config: &Arc<GuestConfig>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCE_LIMIT);
        Self {
            config: Arc::clone(config),
            wasi: None,
            #[cfg(feature = "outbound-http")]
            outbound: None,
            #[cfg(feature = "wasi-p3")]
            bodies: Bodies::default(),
            table,
            #[cfg(feature = "outbound-http")]
            proxy: ProxyState::default(),
            tmp: None,
            limits: Limits::new(Arc::clone(&config.limits)),
            has_computed: false,
            outputs: Outputs {
                stdout: GuestOutput::new(Source::Stdout),
                stderr: GuestOutput::new(Source::Stderr),
            },
            current: None,
        }
    }

    /// Attaches the instance to this invocation.
    pub(crate) fn begin(&mut self, current: Arc<ActiveInvocation>) {
        #[cfg(feature = "outbound-http")]
        if let Some(outbound) = &mut self.outbound {
            outbound.begin(current.caller());
        }
        self.limits.begin();
        self.has_computed = false;
        self.current = Some(current);
    }

    /// Detaches the instance from its invocation, and lets go of the event and the response, which would otherwise
    /// stay in memory until the next one.
    pub(super) fn rest(&mut self) {
        self.current = None;
        #[cfg(feature = "outbound-http")]
        self.proxy.rest();
        #[cfg(feature = "wasi-p3")]
        self.bodies.rest();
    }

    pub(super) fn outputs(&self) -> Outputs {
        self.outputs.clone()
    }

    /// The invocation the instance serves.
    ///
    /// # Errors
    ///
    /// When there is none yet, because the guest is being instantiated ahead of its event. The trap ends
    /// that attempt; the guest is instantiated again with its event.
    pub(crate) fn current(&self) -> wasmtime::Result<&Arc<ActiveInvocation>> {
        self.current
            .as_ref()
            .ok_or_else(|| wasmtime::Error::msg("the handler has no invocation yet"))
    }

    /// Marks bodies of requests that are not complete as broken.
    #[cfg(feature = "outbound-http")]
    pub(super) fn abandon_requests(&mut self) {
        self.outbound = None;
    }

    /// Whether the guest has used WASI: the time, a variable, randomness.
    pub(crate) fn has_used_wasi(&self) -> bool {
        #[cfg(feature = "outbound-http")]
        if self.outbound.is_some() {
            return true;
        }
        self.wasi.is_some()
    }
}

fn wasi(
    config: &GuestConfig,
    outputs: &Outputs,
    current: Option<&ActiveInvocation>,
) -> (WasiCtx, Option<Tmp>) {
    let mut wasi = WasiCtx::builder();
    wasi.envs(&config.variables)
        .stdout(outputs.stdout.clone())
        .stderr(outputs.stderr.clone());
    // Set for this invocation only: a variable of the process would be wrong for concurrent
    // invocations, and one of a reused instance for later ones.
    if let Some(trace_id) = current.and_then(|current| current.trace_id.as_ref())
        && !config.reuse.is_on()
    {
        wasi.env(TRACE_ID_VARIABLE, trace_id);
    }
    #[cfg(feature = "rehearsal")]
    config.rehearsal.dress(&mut wasi);
    if let Some(tape) = current.and_then(|current| current.tape.as_ref()) {
        taped::dress(&mut wasi, tape);
    }
    let tmp = config.files.open(&mut wasi);
    (wasi.build(), tmp)
}

impl std::fmt::Debug for GuestState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuestState")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.get_or_insert_with(|| {
            let current = self.current.as_deref();
            let (wasi, tmp) = wasi(&self.config, &self.outputs, current);
            self.tmp = tmp;
            wasi
        });
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
}

#[cfg(feature = "outbound-http")]
impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let (policy, logs_usage) = (&self.config.outbound, self.config.logs_usage);
        let current = self.current.as_ref();
        let caller = || current.map(|it| it.caller()).unwrap_or_default();
        let outbound = &mut self.outbound;
        outbound
            .get_or_insert_with(|| Outbound::new(policy, caller(), logs_usage))
            .view(&mut self.table)
    }
}
