//! The settings of requests for events.

use http::uri::PathAndQuery;

/// How an event becomes a request.
#[derive(Clone, Debug, Default)]
pub struct EventSettings {
    /// The path to which events that are not HTTP are posted. `None` refuses them.
    pub events_path: Option<PathAndQuery>,
    /// The segments at the start of a path that are not passed on, as `/a/b`.
    pub strip_base_path: Option<String>,
    /// What the context headers tell about the function. `None` sends no such headers.
    pub context_headers: Option<Function>,
}

/// Facts about the function, from the variables that Lambda sets. Unknown ones are empty or 0.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its memory in MiB.
    pub memory_mib: u32,
    /// Its log group.
    pub log_group: String,
    /// The log stream of this execution environment.
    pub log_stream: String,
}

/// The form of [`EventSettings::events_path`] and [`EventSettings::strip_base_path`].
pub(crate) const EXPECTED_PATH: &str = "a path such as `/events`, without `?` and `#`";

/// Parses a path that begins with `/`. `None` for anything else. Characters that a path cannot have are encoded.
pub(crate) fn parse_path(text: &str) -> Option<PathAndQuery> {
    let is_path = text.starts_with('/') && !text.contains(['?', '#']);
    let path = is_path.then(|| lambda_event::escaped_path(text))?;
    path.try_into().ok()
}

/// Parses a base path. `None` for anything else. Slashes at its end have no meaning, so that `/` is `Some(None)`.
pub(crate) fn parse_base_path(text: &str) -> Option<Option<String>> {
    let path = parse_path(text)?;
    let base = path.path().trim_end_matches('/');
    Some((!base.is_empty()).then(|| base.to_owned()))
}
