//! Records of the crate `tracing` in the function's log, with their fields and those of the spans around them.
//!
//! ```
//! use bootstream::{Error, Event, Response};
//!
//! #[bootstream::handler]
//! fn handle(_event: Event, response: Response) -> Result<(), Error> {
//!     bootstream::tracing::install();
//!     let _order = tracing::info_span!("order", id = 7).entered();
//!     tracing::info!(country = "NZ", "sold");
//!     response.into_body().write_and_finish("sold")?;
//!     Ok(())
//! }
//! # let (response, recording) = bootstream::testing::response();
//! # handle(bootstream::testing::get("/"), response).unwrap();
//! # assert_eq!(recording.text(), "sold");
//! ```
//!
//! In a log of JSON, that record has the members `"message":"sold"`, `"id":7` and `"country":"NZ"`. The function's log
//! level decides which records are made. With a subscriber of your own, add [`Layer`] to it.

use std::fmt;

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::bindings::bootstream::handler::logging as host;
use crate::logging::function_level;

/// Makes [`Layer`] the subscriber of this instance, unless it has one.
pub fn install() {
    // A second call, in an instance that is used again, changes nothing.
    let _ = Registry::default().with(Layer::default()).try_init();
}

/// Sends records to the function's log.
#[derive(Clone, Debug)]
pub struct Layer {
    level: LevelFilter,
}

impl Default for Layer {
    /// Records at the function's log level and above.
    fn default() -> Self {
        let level = match function_level() {
            log::LevelFilter::Off => LevelFilter::OFF,
            log::LevelFilter::Error => LevelFilter::ERROR,
            log::LevelFilter::Warn => LevelFilter::WARN,
            log::LevelFilter::Info => LevelFilter::INFO,
            log::LevelFilter::Debug => LevelFilter::DEBUG,
            log::LevelFilter::Trace => LevelFilter::TRACE,
        };
        Self { level }
    }
}

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                // The scope begins with the innermost span, whose fields come last.
                let outer = of_span.fields.iter().cloned();
                fields.fields.splice(..0, outer);
            }
        }
        event.record(&mut fields);
        let metadata = event.metadata();
        let message = fields.message.unwrap_or_default();
        log(metadata, &message, &fields.fields);
    }
}

#[cfg(target_arch = "wasm32")]
fn log(metadata: &Metadata<'_>, message: &str, fields: &[(String, host::Field)]) {
    use tracing_core::Level;

    let level = match *metadata.level() {
        Level::ERROR => host::Level::Error,
        Level::WARN => host::Level::Warn,
        Level::INFO => host::Level::Info,
        Level::DEBUG => host::Level::Debug,
        Level::TRACE => host::Level::Trace,
    };
    host::log_record(level, message, Some(metadata.target()), fields);
}

/// Natively, where handlers are tested, there is no host to log to.
#[cfg(not(target_arch = "wasm32"))]
fn log(_: &Metadata<'_>, message: &str, fields: &[(String, host::Field)]) {
    #[cfg(test)]
    tests::LOGGED.with_borrow_mut(|logged| logged.push(format!("{message} {fields:?}")));
    #[cfg(not(test))]
    let _ = (message, fields);
}

/// The fields of a span or an event.
#[derive(Debug, Default)]
struct Fields {
    message: Option<String>,
    fields: Vec<(String, host::Field)>,
}

impl Fields {
    fn push(&mut self, field: &Field, value: host::Field) {
        self.fields.push((field.name().to_owned(), value));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = Some(text);
        } else {
            self.push(field, host::Field::Text(text));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = Some(value.to_owned());
        } else {
            self.push(field, host::Field::Text(value.to_owned()));
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, host::Field::Number(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, host::Field::Integer(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        // An integer that fits no field is text, which keeps its digits.
        let integer = i64::try_from(value).map(host::Field::Integer);
        self.push(
            field,
            integer.unwrap_or_else(|_| host::Field::Text(value.to_string())),
        );
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, host::Field::Boolean(value));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tracing::{info, info_span};

    use super::*;

    thread_local! {
        pub(super) static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    #[test]
    fn a_record_has_the_fields_of_its_spans_and_then_its_own() {
        let subscriber = Registry::default().with(Layer::default());
        tracing::subscriber::with_default(subscriber, || {
            let outer = info_span!("order", id = 7, paid = tracing::field::Empty);
            outer.record("paid", true);
            let _outer = outer.entered();
            let _inner = info_span!("item", price = 0.5).entered();
            info!(country = "NZ", large = u64::MAX, shown = ?[1], "sold {}", 2);
            tracing::debug!("not at this level");
        });
        let fields = "[(\"id\", Field::Integer(7)), (\"paid\", Field::Boolean(true)), \
                      (\"price\", Field::Number(0.5)), (\"country\", Field::Text(\"NZ\")), \
                      (\"large\", Field::Text(\"18446744073709551615\")), (\"shown\", Field::Text(\"[1]\"))]";
        assert_eq!(LOGGED.take(), [format!("sold 2 {fields}")]);
    }
}
