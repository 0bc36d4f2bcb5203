//! Who gets the records of invocations.

use std::net::SocketAddr;
use std::sync::Arc;

use super::exporter::CollectorSettings;
use crate::logging::LogFormat;
use crate::observe::metrics::Labels;

/// The receivers of records.
#[derive(Clone, Debug, Default)]
pub(crate) struct TelemetrySettings {
    /// X-Ray's daemon.
    pub(crate) xray: Option<SocketAddr>,
    /// The log.
    pub(crate) metrics: Option<MetricsSettings>,
    /// A collector of OpenTelemetry.
    pub(crate) collector: Option<Arc<CollectorSettings>>,
    /// Whether the spans for the collector say when the guest wrote.
    pub(crate) writes: bool,
}

/// How records are logged.
#[derive(Clone, Debug)]
pub(crate) struct MetricsSettings {
    pub(crate) kind: MetricsKind,
    pub(crate) format: LogFormat,
    pub(crate) labels: Labels,
}

/// The form of a logged record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricsKind {
    /// A document from which `CloudWatch` extracts metrics.
    Emf,
    /// A record like others.
    Log,
}

impl TelemetrySettings {
    /// Whether there is a receiver.
    pub(crate) fn is_on(&self) -> bool {
        self.xray.is_some() || self.metrics.is_some() || self.collector.is_some()
    }
}
