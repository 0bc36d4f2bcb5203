//! A span, whichever way it came.

/// Something that took time in an invocation, told by the runtime or the handler.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSpan {
    /// The span's id, as hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is a request to another host.
    pub is_remote: bool,
    /// The method and the URL of such a request, if they are known.
    pub request: Option<(String, String)>,
    /// The status of its response.
    pub status: Option<u16>,
    /// Whether it failed.
    pub is_failure: bool,
    /// How long it took, in milliseconds.
    pub milliseconds: f64,
    /// The phases of a start.
    pub phases: Vec<InitPhase>,
}

/// One phase of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct InitPhase {
    /// Its name, such as `load`.
    pub name: String,
    /// How long it took, in milliseconds.
    pub milliseconds: f64,
}
