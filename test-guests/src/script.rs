//! The script language, and how a script is found in an event.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::Value;

/// A list of steps, done in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
}

/// One thing to do. The README has an example of each.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    WriteHeaders(Head),
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
pub(crate) struct Head {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    #[serde(default)]
    pub(crate) cookies: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) level: Level,
    pub(crate) message: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fill {
    pub(crate) len: usize,
    pub(crate) fill: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repetition {
    pub(crate) count: u64,
    pub(crate) chunk: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pattern {
    pub(crate) total: u64,
    pub(crate) chunk: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    pub(crate) step: Box<Step>,
    pub(crate) result: String,
}

/// What an event asks for.
#[derive(Debug)]
pub(crate) enum Instructions {
    Script(Script),
    /// The event is something else altogether.
    None,
}

/// Reads the script that an event is, or that it has as its HTTP body.
///
/// Fails only for what is meant as a script, so that mistakes in tests do not pass for other
/// events.
pub(crate) fn read(event: &[u8]) -> Result<Instructions, String> {
    let Ok(document) = serde_json::from_slice::<Value>(event) else {
        return Ok(Instructions::None);
    };
    if let Some(script) = parse(&document)? {
        return Ok(Instructions::Script(script));
    }
    let inner = http_body(&document).and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let script = inner
        .map(|document| parse(&document))
        .transpose()?
        .flatten();
    Ok(script.map_or(Instructions::None, Instructions::Script))
}

fn parse(document: &Value) -> Result<Option<Script>, String> {
    if document.get("steps").is_none() {
        return Ok(None);
    }
    Script::deserialize(document)
        .map(Some)
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

    use super::{Instructions, Step, read};

    fn steps(event: &str) -> Vec<Step> {
        match read(event.as_bytes()).unwrap() {
            Instructions::Script(script) => script.steps,
            Instructions::None => panic!("`{event}` is no script"),
        }
    }

    #[test]
    fn every_script_in_the_readme_is_valid() {
        let readme = include_str!("../README.md");
        let scripts: Vec<_> = readme.split("```json\n").skip(1).collect();
        assert_eq!(scripts.len(), 3);

        for script in scripts {
            let (script, _) = script.split_once("```").unwrap();
            assert!(!steps(script).is_empty());
        }
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
    fn other_events_are_no_script() {
        for event in [
            "",
            "text",
            "3",
            "{}",
            r#"{"body":"text"}"#,
            r#"{"body":"{}"}"#,
        ] {
            assert!(
                matches!(read(event.as_bytes()), Ok(Instructions::None)),
                "{event}"
            );
        }
    }

    #[test]
    fn a_mistake_in_a_script_is_told() {
        let error = read(br#"{"steps":["finnish"]}"#).unwrap_err();

        assert!(
            error.starts_with("invalid script: unknown variant `finnish`"),
            "{error}"
        );
    }
}
