//! Tells others what invocations did: X-Ray's daemon, the log, a collector of OpenTelemetry. Failures of theirs are never
//! those of an invocation.

mod daemon;
mod exporter;
mod settings;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::invocation::Invocation;
use crate::logging;
use crate::observe::metrics::{self, Line};
use crate::observe::{
    Context, HttpEvent, Ids, Init, Place, Record, Traces, Watch, XrayHeader, xray,
};
use crate::outbound::Policy;
use daemon::Daemon;
pub(crate) use daemon::parse_address;
pub(crate) use exporter::CollectorSettings;
use exporter::Exporter;
pub(crate) use settings::{MetricsKind, MetricsSettings, TelemetrySettings};

/// The receivers of records, shared by the workers of a process.
#[derive(Debug)]
pub(crate) struct Receivers {
    settings: TelemetrySettings,
    daemon: Option<Daemon>,
    init: OnceLock<Init>,
    has_served: AtomicBool,
}

impl Receivers {
    /// Returns `None` if nobody wants a record.
    pub(crate) fn new(settings: TelemetrySettings) -> Option<Arc<Self>> {
        settings.is_on().then(|| {
            Arc::new(Self {
                daemon: settings.xray.map(Daemon::new),
                settings,
                init: OnceLock::new(),
                has_served: AtomicBool::new(false),
            })
        })
    }

    /// The process is about to poll for the first time.
    pub(crate) fn started(&self, init: Init) {
        // Called once.
        let _ = self.init.set(init);
    }
}

/// The receivers of one worker's records.
#[derive(Debug)]
pub(crate) struct Telemetry {
    receivers: Arc<Receivers>,
    exporter: Option<Exporter>,
}

impl Telemetry {
    /// `outbound`: what outbound requests trust.
    pub(crate) fn new(receivers: Arc<Receivers>, outbound: &Arc<Policy>) -> Self {
        let collector = receivers.settings.collector.clone();
        Self {
            exporter: collector.map(|settings| Exporter::new(settings, outbound)),
            receivers,
        }
    }

    /// Returns the watch of an invocation that has just arrived, if a receiver wants its record.
    pub(crate) fn watch(&self, invocation: &Invocation) -> Option<Arc<Watch>> {
        let settings = &self.receivers.settings;
        let is_first = !self.receivers.has_served.swap(true, Ordering::Relaxed);
        let ids = Ids::new(random());
        let traces = Traces {
            xray: self
                .receivers
                .daemon
                .as_ref()
                .and_then(|_| place(invocation)),
            otlp: settings
                .collector
                .as_ref()
                .and_then(|it| context(it, invocation, ids)),
        };
        let is_wanted =
            traces.xray.is_some() || traces.otlp.is_some() || settings.metrics.is_some();
        is_wanted.then(|| {
            // Only spans of OpenTelemetry have them.
            let keeps_moments = settings.writes && traces.otlp.is_some();
            let watch = Watch::new(ids, traces, is_first);
            Arc::new(watch.with_moments(keeps_moments))
        })
    }

    /// Tells what an invocation did, once its response has ended.
    pub(crate) async fn tell(&mut self, invocation: &Invocation) {
        let Some(watch) = &invocation.watch else {
            return;
        };
        let init = self.receivers.init.get().copied();
        let tenant = invocation.tenant_id.as_deref();
        let record = watch.record(&invocation.request_id, tenant, init);
        if let Some((daemon, place)) = self.receivers.daemon.as_ref().zip(watch.traces().xray) {
            daemon.send(&xray::datagram(&record, watch.ids(), place));
        }
        if let Some(metrics) = &self.receivers.settings.metrics {
            log(&record, metrics, invocation.trace_id.as_deref());
        }
        if let Some((exporter, context)) = self.exporter.as_mut().zip(watch.traces().otlp.as_ref())
        {
            let request = exporter.request(&record, invocation, (watch.ids(), context));
            exporter.export(request, invocation.deadline).await;
        }
    }
}

/// Returns where the invocation belongs in X-Ray, if its trace is recorded.
fn place(invocation: &Invocation) -> Option<Place> {
    let header = XrayHeader::parse(invocation.trace_id.as_deref()?)?;
    let parent = header.parent.filter(|_| header.sampled == Some(true))?;
    Some(Place {
        trace: header.root,
        parent,
    })
}

/// Returns where the invocation belongs in a trace of OpenTelemetry, if that is recorded.
fn context(collector: &CollectorSettings, invocation: &Invocation, ids: Ids) -> Option<Context> {
    let event = HttpEvent::parse(&invocation.event);
    let xray = invocation.trace_id.as_deref();
    collector.propagation.place(event, xray, ids)
}

fn log(record: &Record, metrics: &MetricsSettings, trace: Option<&str>) {
    let timestamp = logging::timestamp();
    let line = Line {
        labels: &metrics.labels,
        timestamp: &timestamp,
        level: logging::event_level(),
        trace,
    };
    match (metrics.kind, metrics.format) {
        (MetricsKind::Emf, _) => {
            logging::write_event(&metrics::emf(record, line), logging::LogFormat::Json);
        }
        (MetricsKind::Log, logging::LogFormat::Json) => {
            logging::write_event(&metrics::json_line(record, line), logging::LogFormat::Json);
        }
        (MetricsKind::Log, logging::LogFormat::Text) => {
            logging::write_event(&metrics::text_line(record, line), logging::LogFormat::Text);
        }
    }
}

/// A random number, or the time where the system has none.
fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |now| {
            now.as_secs() ^ u64::from(now.subsec_nanos()).rotate_left(32)
        })
    })
}
