//! `wasi:otel` for handlers: their spans become those of the trace that the host records, and their log records lines of
//! the log. Functions are served by their names and values are read by the names of their fields, because two drafts of
//! the interface have the same version.

use wasmtime::StoreContextMut;
use wasmtime::component::{Component, Linker, Val};

use super::imports::define_imports;
use super::otel_values::{Fields, log_record, span, span_id};
use super::record::log;
use super::state::GuestState;
use crate::logging::{self, Fields as LogFields};
use crate::observe::{SpanId, TraceId, XrayHeader};

/// Prefix of the interfaces' names.
pub(super) const INTERFACES: &str = "wasi:otel/";

/// What a guest hears that exports metrics.
const NO_METRICS: &str =
    "bootstream takes no metrics of `wasi:otel`: print them in CloudWatch's embedded metric format";

type Store<'a> = StoreContextMut<'a, GuestState>;

/// A function of the interfaces. None of them fails because of a value of the guest.
type Serve = fn(&GuestState, &[Val], &mut [Val]) -> wasmtime::Result<()>;

/// Defines what `component` imports of `wasi:otel`.
pub(super) fn add_to_linker(
    linker: &mut Linker<GuestState>,
    component: &Component,
) -> wasmtime::Result<()> {
    define_imports(linker, component, INTERFACES, |linker, name, _| {
        let serve = match name {
            "on-start" => on_start,
            "on-end" => on_end,
            "current-span-context" | "outer-span-context" => current_span_context,
            "export" => export,
            "on-emit" => {
                return linker
                    .func_new_async(name, |store, _, params, _| Box::new(on_emit(store, params)));
            }
            _ => return Ok(()),
        } as Serve;
        linker.func_new(name, move |store: Store<'_>, _, params, results| {
            serve(store.data(), params, results)
        })
    })
}

fn on_start(state: &GuestState, params: &[Val], _: &mut [Val]) -> wasmtime::Result<()> {
    let id = Fields::first(params).and_then(|context| span_id(&context));
    if let (Some(id), Some(watch)) = (id, &state.current()?.watch) {
        watch.span_begins(id);
    }
    Ok(())
}

fn on_end(state: &GuestState, params: &[Val], _: &mut [Val]) -> wasmtime::Result<()> {
    if let Some(watch) = &state.current()?.watch
        && let Some(span) = Fields::first(params).and_then(|data| span(&data))
    {
        watch.span_ends(span);
    }
    Ok(())
}

/// The span that the guest is in: its own, or that of the invocation. If none is recorded, it is that of the caller, which
/// is not sampled, so that a library makes no spans.
fn current_span_context(
    state: &GuestState,
    _: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let current = state.current()?;
    let recorded = current.watch.as_ref().and_then(|it| it.current_span());
    let context = match recorded {
        Some((trace, span)) => span_context(Some((trace, span)), true),
        None => {
            let header = current.trace_id().and_then(XrayHeader::parse);
            let caller = header.and_then(|it| Some((it.root, it.parent?)));
            span_context(caller, false)
        }
    };
    set(results, context);
    Ok(())
}

fn span_context(ids: Option<(TraceId, SpanId)>, is_sampled: bool) -> Val {
    let (trace, span) = match ids {
        Some((trace, span)) => (trace.to_string(), span.to_string()),
        // Those of no span.
        None => ("0".repeat(32), "0".repeat(16)),
    };
    let flags = is_sampled.then(|| "sampled".to_owned());
    let fields = [
        ("trace-id", Val::String(trace)),
        ("span-id", Val::String(span)),
        ("trace-flags", Val::Flags(flags.into_iter().collect())),
        ("is-remote", Val::Bool(false)),
        ("trace-state", Val::List(Vec::new())),
    ];
    Val::Record(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

fn export(_: &GuestState, _: &[Val], results: &mut [Val]) -> wasmtime::Result<()> {
    let reason = Val::String(NO_METRICS.to_owned());
    set(results, Val::Result(Err(Some(Box::new(reason)))));
    Ok(())
}

async fn on_emit(store: Store<'_>, params: &[Val]) -> wasmtime::Result<()> {
    logging::room().await;
    let of = &store.data().current()?.log_context;
    if let Some(record) = Fields::first(params).map(|record| log_record(&record)) {
        let fields = LogFields::new(record.fields);
        let target = record.target.as_deref();
        log(of, record.level, &record.message, target, &fields);
    }
    Ok(())
}

fn set(results: &mut [Val], value: Val) {
    if let Some(result) = results.first_mut() {
        *result = value;
    }
}
