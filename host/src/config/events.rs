//! The settings of requests for events, which only components of `wasi:http` get.

use super::error::ConfigError;
use super::setting::{CONTEXT_HEADERS, EVENTS_PATH, STRIP_BASE_PATH};
use super::values::Values;
use super::vars::{FUNCTION_NAME, FUNCTION_VERSION, LOG_GROUP, LOG_STREAM, Vars};
use crate::event::{self, EXPECTED_PATH, EventSettings, Function};

const DEFAULT_PATH: &str = "/events";

pub(super) fn settings(
    vars: &dyn Vars,
    values: &Values,
    memory_mib: Option<u32>,
) -> Result<EventSettings, ConfigError> {
    let variable = |name| vars.get(name).unwrap_or_default();
    let has_context = values.is_on(&CONTEXT_HEADERS, "on")?;
    Ok(EventSettings {
        events_path: match values.text(&EVENTS_PATH)? {
            None => event::parse_path(DEFAULT_PATH),
            Some(("" | "none", _)) => None,
            Some((text, given)) => {
                let path = event::parse_path(text);
                Some(path.ok_or_else(|| given.invalid(&EVENTS_PATH, EXPECTED_PATH))?)
            }
        },
        strip_base_path: match values.text(&STRIP_BASE_PATH)? {
            None | Some(("" | "none", _)) => None,
            Some((text, given)) => event::parse_base_path(text)
                .ok_or_else(|| given.invalid(&STRIP_BASE_PATH, EXPECTED_PATH))?,
        },
        context_headers: has_context.then(|| Function {
            name: variable(FUNCTION_NAME),
            version: variable(FUNCTION_VERSION),
            memory_mib: memory_mib.unwrap_or(0),
            log_group: variable(LOG_GROUP),
            log_stream: variable(LOG_STREAM),
        }),
    })
}
