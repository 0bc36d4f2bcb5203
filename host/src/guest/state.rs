//! The data of one store: everything an instance can reach of the host.

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::limits::Limits;
use super::output::{GuestOutput, Source};
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

/// The host's side of one invocation's instance.
pub(crate) struct GuestState {
    wasi: WasiCtx,
    table: ResourceTable,
    pub(crate) request_id: String,
    pub(crate) limits: Limits,
    pub(crate) response: ResponseWriter,
    stdout: GuestOutput,
    stderr: GuestOutput,
}

impl GuestState {
    pub(crate) fn new(
        environment: &Environment,
        invocation: &Invocation,
        response: ResponseWriter,
    ) -> Self {
        let stdout = GuestOutput::new(Source::Stdout, &invocation.request_id);
        let stderr = GuestOutput::new(Source::Stderr, &invocation.request_id);
        let mut wasi = WasiCtx::builder();
        wasi.stdout(stdout.clone())
            .stderr(stderr.clone())
            .envs(&environment.variables);
        // Of this invocation only: a variable of the process would be wrong for its neighbours.
        if let Some(trace_id) = &invocation.trace_id {
            wasi.env(TRACE_ID_VARIABLE, trace_id);
        }
        wasi.allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        // The guest has a thread to itself, so a blocking call blocks nobody else.
        wasi.allow_blocking_current_thread(true);
        Self {
            wasi: wasi.build(),
            table: ResourceTable::new(),
            request_id: invocation.request_id.clone(),
            limits: Limits::new(environment.memory_limit_bytes),
            response,
            stdout,
            stderr,
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

impl std::fmt::Debug for GuestState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuestState")
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}
