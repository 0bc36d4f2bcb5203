//! Writes records of handlers, whose fields are known at run time only. `tracing` has those of the host.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::OnceLock;

use serde::Serializer as _;
use serde::ser::SerializeMap as _;
use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::context::LogContext;
use super::fields::Fields;
use super::output::{format, timestamp, write_event};
use super::settings::LogFormat;

/// Log target of a handler's lines.
const TARGET: &str = "handler";

/// A record of a handler.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) of: &'a LogContext,
    pub(crate) level: Level,
    /// The part of the handler that logs.
    pub(crate) target: Option<&'a str>,
    pub(crate) message: &'a str,
    pub(crate) fields: &'a Fields,
}

/// What tests do with the message of each record.
type Tap = Box<dyn Fn(&str) + Send + Sync>;

static TAP: OnceLock<Tap> = OnceLock::new();

/// Calls `tap` with the message of each record of a handler, in its task. For the injection of faults.
#[doc(hidden)]
pub fn tap_records(tap: impl Fn(&str) + Send + Sync + 'static) {
    // Fails if there is one.
    let _ = TAP.set(Box::new(tap));
}

impl Record<'_> {
    /// Writes the record, unless the level of the log drops it. Never waits.
    pub(crate) fn write(&self) {
        if let Some(tap) = TAP.get() {
            tap(self.message);
        }
        if self.level <= LevelFilter::current() {
            let format = format();
            write_event(&self.line(format), format);
        }
    }

    /// The line of the log, in the layout of the host's own lines.
    fn line(&self, format: LogFormat) -> String {
        match format {
            LogFormat::Text => self.text(),
            LogFormat::Json => self.json(),
        }
    }

    fn text(&self) -> String {
        let mut line = timestamp();
        // Writing to a string does not fail.
        let _ = self.write_text(&mut line);
        line
    }

    fn write_text(&self, line: &mut String) -> fmt::Result {
        write!(
            line,
            " {:>5} {}: {}{}",
            self.level.as_str(),
            self.full_target(),
            self.message,
            self.fields
        )?;
        write!(line, " requestId={}", self.of.request_id)?;
        match &self.of.tenant_id {
            Some(tenant) => write!(line, " tenantId={tenant:?}"),
            None => Ok(()),
        }
    }

    fn json(&self) -> String {
        let mut line = Vec::with_capacity(self.message.len() + 192);
        // Strings and numbers in memory serialize.
        let _ = self.write_json(&mut serde_json::Serializer::new(&mut line));
        String::from_utf8_lossy(&line).into_owned()
    }

    fn write_json(
        &self,
        json: &mut serde_json::Serializer<&mut Vec<u8>>,
    ) -> serde_json::Result<()> {
        let mut object = json.serialize_map(None)?;
        object.serialize_entry("timestamp", &timestamp())?;
        object.serialize_entry("level", self.level.as_str())?;
        object.serialize_entry("message", self.message)?;
        object.serialize_entry("requestId", &self.of.request_id)?;
        if let Some(tenant) = &self.of.tenant_id {
            object.serialize_entry("tenantId", tenant)?;
        }
        self.fields.serialize_into(&mut object)?;
        object.serialize_entry("target", &self.full_target())?;
        object.end()
    }

    /// Never that of a line of the host, which others read.
    fn full_target(&self) -> Cow<'static, str> {
        match self.target {
            Some(target) => Cow::Owned(format!("{TARGET}::{target}")),
            None => Cow::Borrowed(TARGET),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::logging::Field;

    fn line(format: LogFormat, target: Option<&str>, fields: Vec<(String, Field)>) -> String {
        let of = LogContext {
            request_id: "r-1".to_owned(),
            tenant_id: Some("t 1".to_owned()),
        };
        let record = Record {
            of: &of,
            level: Level::WARN,
            target,
            message: "sold out",
            fields: &Fields::new(fields),
        };
        record.line(format)
    }

    fn sold() -> Vec<(String, Field)> {
        vec![
            ("order".to_owned(), Field::Integer(7)),
            ("country".to_owned(), Field::Text("New Zealand".to_owned())),
        ]
    }

    #[test]
    fn json_has_the_fields_as_members() {
        let record = line(LogFormat::Json, Some("shop"), sold());
        let mut record: Value = serde_json::from_str(&record).unwrap();
        let timestamp = record.as_object_mut().unwrap().remove("timestamp");
        assert!(timestamp.unwrap().as_str().unwrap().ends_with('Z'));
        let expected = json!({
            "level": "WARN", "message": "sold out", "requestId": "r-1", "tenantId": "t 1", "order": 7,
            "country": "New Zealand", "target": "handler::shop",
        });
        assert_eq!(record, expected);
    }

    #[test]
    fn text_has_the_fields_after_the_message() {
        let record = line(LogFormat::Text, None, sold());
        let (time, rest) = record.split_once(' ').unwrap();
        assert!(time.ends_with('Z'), "{record}");
        assert_eq!(
            rest,
            " WARN handler: sold out order=7 country=\"New Zealand\" requestId=r-1 tenantId=\"t 1\""
        );
    }
}
