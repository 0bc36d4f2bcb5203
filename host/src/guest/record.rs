//! The interface of the log.

use artifact::contract::LOGGING;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::output::{LINE_LIMIT_BYTES, beginning};
use super::state::GuestState;
use super::world::{Field, Level};
use crate::logging::{self, Fields, LogContext, Record};

/// Longest target of a record, in bytes.
const TARGET_LIMIT_BYTES: usize = 256;

/// The arguments of `log-record`: level, message, target, fields.
type Arguments = (Level, String, Option<String>, Vec<(String, Field)>);

/// Defines the interface. A guest that logs waits while the log is behind.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(LOGGING)?;
    interface.func_wrap_async(
        "log",
        |store: StoreContextMut<'_, GuestState>, (level, message): (Level, String)| {
            Box::new(async move {
                logging::room().await;
                let of = &store.data().current()?.log_context;
                log(of, level, &message, None, &Fields::default());
                Ok(())
            })
        },
    )?;
    interface.func_wrap_async(
        "log-record",
        |store: StoreContextMut<'_, GuestState>, (level, message, target, fields): Arguments| {
            Box::new(async move {
                logging::room().await;
                let of = &store.data().current()?.log_context;
                let fields = fields.into_iter().map(|(name, field)| (name, field.into()));
                log(
                    of,
                    level,
                    &message,
                    target.as_deref(),
                    &Fields::new(fields.collect()),
                );
                Ok(())
            })
        },
    )
}

/// Logs a record of a guest, of which long texts are cut.
pub(super) fn log(
    of: &LogContext,
    level: Level,
    message: &str,
    target: Option<&str>,
    fields: &Fields,
) {
    let record = Record {
        of,
        level: level.into(),
        target: target.map(|target| beginning(target, TARGET_LIMIT_BYTES)),
        message: beginning(message, LINE_LIMIT_BYTES),
        fields,
    };
    record.write();
}

impl From<Level> for logging::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Trace => Self::TRACE,
            Level::Debug => Self::DEBUG,
            Level::Info => Self::INFO,
            Level::Warn => Self::WARN,
            Level::Error => Self::ERROR,
        }
    }
}

impl From<Field> for logging::Field {
    fn from(field: Field) -> Self {
        match field {
            Field::Text(text) => Self::Text(text),
            Field::Integer(integer) => Self::Integer(integer),
            Field::Number(number) => Self::Number(number),
            Field::Boolean(boolean) => Self::Boolean(boolean),
        }
    }
}
