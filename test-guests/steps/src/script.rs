//! The script language, and finding a script in an event.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A list of steps, executed in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script<S> {
    steps: Vec<S>,
}

/// One step. The README has an example of each.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    WriteHeaders(Head),
    WriteManyHeaders(Many),
    StartDocument,
    StartRaw(String),
    Write(String),
    WriteBytes(Fill),
    WriteMany(Repetition),
    WritePattern(Pattern),
    Finish,
    SleepMs(u64),
    SpinMs(u64),
    Trap,
    Panic(String),
    Error(String),
    Exit(i32),
    LoopForever,
    LoopWriting,
    RecurseForever,
    GrowMemory(usize),
    Print(String),
    Eprint(String),
    Log(Record),
    WriteContext,
    WriteEventDigest,
    WriteEnv,
    WriteArgs,
    RepeatForever(Box<Self>),
    Try(Box<Self>),
    Expect(Expectation),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub status: u16,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    #[serde(default)]
    pub cookies: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Many {
    pub count: usize,
    pub bytes: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub level: Level,
    pub message: String,
    pub target: Option<String>,
    /// With fields, or with a target, the guest calls `log-record`.
    pub fields: Option<Vec<(String, Value)>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    pub len: usize,
    pub fill: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repetition {
    pub count: u64,
    pub chunk: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    pub total: u64,
    pub chunk: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    pub step: Box<Step>,
    pub result: String,
}

/// Parses the script in an event or in its HTTP body. Returns `None` if the event holds no script.
///
/// # Errors
///
/// Only for a malformed script, so that a mistake in a test does not pass as another event.
pub fn read<S: DeserializeOwned>(event: &[u8]) -> Result<Option<Vec<S>>, String> {
    let Ok(document) = serde_json::from_slice::<Value>(event) else {
        return Ok(None);
    };
    if let Some(steps) = parse(&document)? {
        return Ok(Some(steps));
    }
    let inner = http_body(&document).and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let steps = inner.map(|document| parse(&document)).transpose()?;
    Ok(steps.flatten())
}

fn parse<S: DeserializeOwned>(document: &Value) -> Result<Option<Vec<S>>, String> {
    if document.get("steps").is_none() {
        return Ok(None);
    }
    Script::deserialize(document)
        .map(|script| Some(script.steps))
        .map_err(|error| format!("invalid script: {error}"))
}

fn http_body(document: &Value) -> Option<Vec<u8>> {
    let body = document.get("body")?.as_str()?;
    if document.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        return BASE64_STANDARD.decode(body).ok();
    }
    Some(body.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Step, read};

    fn steps(event: &str) -> Vec<Step> {
        read(event.as_bytes()).unwrap().expect("a script")
    }

    #[test]
    fn a_script_may_be_the_body_of_an_http_event() {
        let script = r#"{"steps":["finish"]}"#;
        let plain = json!({ "body": script, "isBase64Encoded": false });
        let encoded = json!({ "body": "eyJzdGVwcyI6WyJmaW5pc2giXX0=", "isBase64Encoded": true });

        for event in [plain, encoded] {
            assert!(
                matches!(steps(&event.to_string())[..], [Step::Finish]),
                "{event}"
            );
        }
    }

    #[test]
    fn other_events_are_not_scripts() {
        for event in [
            "",
            "text",
            "3",
            "{}",
            r#"{"body":"text"}"#,
            r#"{"body":"{}"}"#,
        ] {
            let steps = read::<Step>(event.as_bytes()).unwrap();
            assert!(steps.is_none(), "{event}");
        }
    }

    #[test]
    fn a_mistake_in_a_script_is_reported() {
        let error = read::<Step>(br#"{"steps":["finnish"]}"#).unwrap_err();

        assert!(
            error.starts_with("invalid script: unknown variant `finnish`"),
            "{error}"
        );
    }
}
