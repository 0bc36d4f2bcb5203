//! The data of one store: everything an instance can reach of the host.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::limits::Limits;
use super::output::{GuestOutput, LineOf, Source};
use crate::invocation::Invocation;
use crate::response::ResponseWriter;

/// The variable that carries the X-Ray trace header, where AWS libraries look for it.
const TRACE_ID_VARIABLE: &str = "_X_AMZN_TRACE_ID";

/// What every instance of this process gets: the same for each invocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Environment variables the guest sees.
    pub(crate) variables: Vec<(String, String)>,
    /// Linear memory an instance may use, in bytes.
    pub(crate) memory_limit_bytes: usize,
    /// The function's name, or empty.
    pub(crate) function_name: String,
    /// The function's version, or empty.
    pub(crate) function_version: String,
    /// The function's memory in MiB, or 0.
    pub(crate) memory_limit_mib: u32,
}

/// The host's side of one instance, and of the invocation it serves.
pub(crate) struct GuestState {
    environment: Arc<Environment>,
    /// Made when the guest first asks for anything of WASI: many never do.
    wasi: Option<WasiCtx>,
    table: ResourceTable,
    pub(crate) limits: Limits,
    current: Option<Arc<Current>>,
}

/// What belongs to one invocation only.
pub(crate) struct Current {
    pub(crate) line_of: LineOf,
    trace_id: Option<String>,
    pub(crate) response: ResponseWriter,
    stdout: GuestOutput,
    stderr: GuestOutput,
}

impl Current {
    pub(crate) fn new(invocation: &Invocation, response: ResponseWriter) -> Self {
        let line_of = LineOf::new(invocation);
        Self {
            trace_id: invocation.trace_id.clone(),
            response,
            stdout: GuestOutput::new(Source::Stdout, &line_of),
            stderr: GuestOutput::new(Source::Stderr, &line_of),
            line_of,
        }
    }

    /// Logs what the guest has printed and not ended with a line break.
    pub(crate) fn flush_output(&self) {
        self.stdout.flush_line();
        self.stderr.flush_line();
    }

    /// The panic message the guest wrote to standard error.
    pub(crate) fn panic_message(&self) -> Option<String> {
        self.stderr.panic_message()
    }
}

impl GuestState {
    /// The state of an instance that serves no invocation yet.
    pub(crate) fn new(environment: &Arc<Environment>) -> Self {
        Self {
            environment: Arc::clone(environment),
            wasi: None,
            table: ResourceTable::new(),
            limits: Limits::new(environment.memory_limit_bytes),
            current: None,
        }
    }

    /// From now on the instance serves this invocation.
    pub(crate) fn begin(&mut self, current: Arc<Current>) {
        self.current = Some(current);
    }

    /// The invocation the instance serves.
    ///
    /// # Errors
    ///
    /// When there is none yet: what the guest does while it is instantiated ahead of its event has
    /// nobody to do it for. The trap ends that attempt; the guest is instantiated again with its
    /// event.
    pub(crate) fn current(&self) -> wasmtime::Result<&Current> {
        self.current
            .as_deref()
            .ok_or_else(|| wasmtime::Error::msg("the handler has no invocation yet"))
    }

    /// Whether the guest has asked for anything of WASI: for the time, a variable, randomness.
    pub(crate) fn has_used_wasi(&self) -> bool {
        self.wasi.is_some()
    }
}

fn wasi(environment: &Environment, current: Option<&Current>) -> WasiCtx {
    let mut wasi = WasiCtx::builder();
    wasi.envs(&environment.variables);
    if let Some(current) = current {
        wasi.stdout(current.stdout.clone())
            .stderr(current.stderr.clone());
        // Of this invocation only: a variable of the process would be wrong for its neighbours.
        if let Some(trace_id) = &current.trace_id {
            wasi.env(TRACE_ID_VARIABLE, trace_id);
        }
    }
    wasi.allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    // The guest has a thread to itself, so a blocking call blocks nobody else.
    wasi.allow_blocking_current_thread(true);
    wasi.build()
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
        WasiCtxView {
            ctx: self
                .wasi
                .get_or_insert_with(|| wasi(&self.environment, self.current.as_deref())),
            table: &mut self.table,
        }
    }
}
