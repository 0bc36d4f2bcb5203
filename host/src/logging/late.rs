//! The log's subscriber of `tracing`, made when there is something to log: it takes memory for a few
//! thousand spans, and a start that says nothing does not pay for it.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::fmt;

use super::output::Lines;
use super::settings::LogFormat;

type Made = Box<dyn Subscriber + Send + Sync>;

/// Knows what is logged, and logs it with a subscriber that is made for the first line.
pub(super) struct Late {
    format: LogFormat,
    level: LevelFilter,
    made: OnceLock<Made>,
}

impl Late {
    pub(super) fn new(format: LogFormat, level: Level) -> Self {
        Self {
            format,
            level: LevelFilter::from_level(level),
            made: OnceLock::new(),
        }
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            let builder = fmt()
                .with_max_level(self.level)
                .with_ansi(false)
                // The lines are escaped as a whole, and more of them.
                .with_ansi_sanitization(false)
                .with_writer(Lines(self.format));
            match self.format {
                LogFormat::Text => Box::new(builder.finish()),
                LogFormat::Json => Box::new(
                    builder
                        .json()
                        .flatten_event(true)
                        .with_current_span(false)
                        .with_span_list(false)
                        .finish(),
                ),
            }
        })
    }
}

impl Subscriber for Late {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.made().new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.made().record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.made().record_follows_from(span, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.made().event(event);
    }

    fn enter(&self, span: &Id) {
        self.made().enter(span);
    }

    fn exit(&self, span: &Id) {
        self.made().exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.made().clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.made().try_close(span)
    }
}
