//! Bodies that arrive piece by piece.

use serde::Deserialize;
use serde_json::Value;

/// A piece of a body.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text or `{ text = \"...\", pause-ms = 100 }`")]
pub(super) enum PieceSpec {
    Text(String),
    Paused(Paused),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Paused {
    text: String,
    pause_ms: Option<u64>,
}

impl PieceSpec {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Paused(Paused { text, .. }) => text,
        }
    }

    pub(super) fn pause(&self) -> Option<u64> {
        match self {
            Self::Text(_) => None,
            Self::Paused(paused) => paused.pause_ms,
        }
    }
}

/// A server-sent event.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a text or `{ event = \"...\", data = \"...\", id = \"...\", pause-ms = 100 }`"
)]
pub(super) enum EventSpec {
    Data(String),
    Fields(Fields),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Fields {
    event: Option<String>,
    id: Option<String>,
    /// A text, or a value that is sent as JSON.
    data: Value,
    pause_ms: Option<u64>,
}

impl EventSpec {
    /// The event as it is sent.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        let data = match self {
            Self::Data(data) => data.clone(),
            Self::Fields(fields) => {
                lines.extend(fields.event.iter().map(|event| format!("event: {event}\n")));
                lines.extend(fields.id.iter().map(|id| format!("id: {id}\n")));
                match &fields.data {
                    Value::String(text) => text.clone(),
                    json => json.to_string(),
                }
            }
        };
        lines.extend(data.split('\n').map(|line| format!("data: {line}\n")));
        lines.push("\n".to_owned());
        lines.concat()
    }

    pub(super) fn pause(&self) -> Option<u64> {
        match self {
            Self::Data(_) => None,
            Self::Fields(fields) => fields.pause_ms,
        }
    }
}
