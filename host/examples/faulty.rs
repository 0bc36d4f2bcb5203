//! The host with fault injection for the tests: a log line can make it panic, or cancel its tasks.
//!
//! It panics at a line with the text in `FAULT_PANIC`: on behalf of a guest if a handler prints the line, in a worker's
//! task if it is a warning of the host. A line with the text in `FAULT_CANCEL` drops all of
//! the host's pending work.

use bootstream_host::config::{ProcessVars, Vars as _};
use bootstream_host::logging::tap_records;
use bootstream_host::{end, run};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() {
    let (cancel, mut cancelled) = watch::channel(false);
    let faults = Faults {
        panic_at: ProcessVars.get("FAULT_PANIC"),
        cancel_at: ProcessVars.get("FAULT_CANCEL"),
        cancel,
    };
    let of_handlers = faults.clone();
    tap_records(move |message| of_handlers.inject(message));
    tracing_subscriber::registry()
        .with(faults)
        .with(LevelFilter::INFO)
        .with(tracing_subscriber::fmt::layer().with_ansi(false))
        .init();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    end(runtime.block_on(async {
        tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => anyhow::bail!("cancelled"),
            ended = run(&ProcessVars) => ended,
        }
    }))
}

#[derive(Clone)]
struct Faults {
    panic_at: Option<String>,
    cancel_at: Option<String>,
    cancel: watch::Sender<bool>,
}

impl Faults {
    fn inject(&self, text: &str) {
        let contains = |fault: &Option<String>| {
            let fault = fault.as_ref();
            fault.is_some_and(|fault| text.contains(fault))
        };
        assert!(!contains(&self.panic_at), "a fault was injected");
        if contains(&self.cancel_at) {
            self.cancel.send_replace(true);
        }
    }
}

impl<S: Subscriber> Layer<S> for Faults {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.inject(&text.0);
    }
}

/// All fields of an event in one text.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, _field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{value:?} "));
    }
}
