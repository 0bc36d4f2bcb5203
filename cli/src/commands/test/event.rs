//! The event of a case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use bootstream_host::rehearsal::{Capsule, InvalidCapsule};
use clap::ValueEnum as _;
use serde::Deserialize;
use serde_json::Value;

use crate::args::{EventArgs, EventKind};
use crate::commands::event;

/// One of: an event as `bootstream event` prints it, a file, or JSON.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Event {
    from: Option<String>,
    path: Option<String>,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    data: Option<String>,
    file: Option<PathBuf>,
    json: Option<String>,
    /// Values by JSON pointer, to set in the document.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    /// JSON pointers of values to remove from the document.
    #[serde(default)]
    remove: Vec<String>,
}

impl Event {
    /// Returns the event. Files are relative to `folder`.
    ///
    /// # Errors
    ///
    /// It is not described in exactly one way, cannot be made or read, or has no place for a change.
    pub(super) fn document(&self, folder: &Path) -> Result<Value> {
        let mut document = self.origin(folder)?;
        for pointer in &self.remove {
            remove(&mut document, pointer)?;
        }
        for (pointer, value) in &self.set {
            set(&mut document, pointer, value.clone())?;
        }
        Ok(document)
    }

    fn origin(&self, folder: &Path) -> Result<Value> {
        ensure!(
            self.from.is_some() || !self.has_request(),
            "`path`, `method`, `headers` and `data` belong to `from`"
        );
        match (&self.from, &self.file, &self.json) {
            (Some(from), None, None) => {
                let kind = EventKind::from_str(from, false);
                let kind = kind.map_err(|_| unknown(from))?;
                event::of(&EventArgs {
                    kind,
                    path: self.path.clone(),
                    method: self.method.clone(),
                    headers: self.header_lines(),
                    data: self.data.clone(),
                })
            }
            (None, Some(file), None) => {
                let file = folder.join(file);
                let text = std::fs::read(&file)
                    .with_context(|| format!("cannot read `{}`", file.display()))?;
                parse(&text).with_context(|| format!("`{}`", file.display()))
            }
            (None, None, Some(json)) => serde_json::from_str(json).context("`json` is not JSON"),
            _ => bail!(
                "write one of `from = \"url\"` (or another event of `bootstream event`), `file = \"event.json\"` \
                 and `json = '{{\"name\":\"world\"}}'`"
            ),
        }
    }

    fn has_request(&self) -> bool {
        self.path.is_some()
            || self.method.is_some()
            || !self.headers.is_empty()
            || self.data.is_some()
    }

    fn header_lines(&self) -> Vec<String> {
        let lines = self.headers.iter();
        lines
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }
}

/// Returns the event in a file: a document, or the recording of an invocation.
fn parse(text: &[u8]) -> Result<Value> {
    match Capsule::parse(text) {
        Ok(capsule) => {
            let event = capsule.event().context("the recording has no event")?;
            serde_json::from_slice(event).context("the recorded event is not JSON")
        }
        Err(InvalidCapsule::Other) => serde_json::from_slice(text).context("it is not JSON"),
        Err(error) => Err(error.into()),
    }
}

fn unknown(kind: &str) -> anyhow::Error {
    let kinds = EventKind::value_variants().iter();
    let names: Vec<_> = kinds
        .filter_map(|kind| Some(kind.to_possible_value()?.get_name().to_owned()))
        .collect();
    anyhow::Error::msg(format!(
        "`{kind}` is not an event: use one of {}",
        names.join(", ")
    ))
}

/// Sets the value at a JSON pointer. Objects on the way are made.
fn set(document: &mut Value, pointer: &str, value: Value) -> Result<()> {
    let mut at = document;
    for name in names(pointer)? {
        at = match at {
            Value::Array(list) => {
                let length = list.len();
                let item = name
                    .parse()
                    .ok()
                    .and_then(|index: usize| list.get_mut(index));
                item.with_context(|| {
                    format!("`set`: `{pointer}` has `{name}` in a list of {length}")
                })?
            }
            Value::Object(members) => members.entry(name).or_insert(Value::Null),
            Value::Null => {
                *at = Value::Object(serde_json::Map::new());
                let members = at.as_object_mut().context("an object")?;
                members.entry(name).or_insert(Value::Null)
            }
            _ => bail!("`set`: `{pointer}` goes through a value that has no members"),
        };
    }
    *at = value;
    Ok(())
}

fn remove(document: &mut Value, pointer: &str) -> Result<()> {
    let missing = || format!("`remove`: the event has no `{pointer}`");
    let mut names = names(pointer)?;
    let last = names.pop().with_context(missing)?;
    let parent = pointer.get(..pointer.rfind('/').unwrap_or_default());
    let parent = document.pointer_mut(parent.unwrap_or_default());
    let removed = match parent {
        Some(Value::Object(members)) => members.remove(&last),
        Some(Value::Array(list)) => {
            let index = last.parse().ok().filter(|index| *index < list.len());
            index.map(|index| list.remove(index))
        }
        _ => None,
    };
    removed.map(drop).with_context(missing)
}

/// The names in a JSON pointer (RFC 6901).
fn names(pointer: &str) -> Result<Vec<String>> {
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let names = pointer.strip_prefix('/');
    let names =
        names.with_context(|| format!("`{pointer}` is not a JSON pointer: begin it with `/`"))?;
    let unescaped = |name: &str| name.replace("~1", "/").replace("~0", "~");
    Ok(names.split('/').map(unescaped).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::case;
    use super::*;

    fn document(event: &str) -> Result<Value> {
        let text = format!("[[case]]\nname = \"a\"\nevent = {event}");
        let case = case::parse(&text)?.remove(0);
        let event = case.event(Path::new("/nowhere"))?;
        Ok(serde_json::from_slice(&event)?)
    }

    #[test]
    fn an_event_is_made_as_the_command_event_does_and_then_changed() {
        let event = document(
            r#"{ from = "url", path = "/a?b=c", data = "hello", set = { "/headers/x-a~1b" = "1", "/new/deep" = 2 },
                 remove = ["/body"] }"#,
        );
        let event = event.unwrap();
        assert_eq!(event["rawPath"], "/a");
        assert_eq!(event["rawQueryString"], "b=c");
        assert_eq!(event.get("body"), None);
        assert_eq!(event["headers"]["x-a/b"], "1");
        assert_eq!(event["new"]["deep"], 2);
    }

    #[test]
    fn a_request_has_its_method_and_headers() {
        let event = document(
            r#"{ from = "url", method = "GET", headers = { "X-A" = "1", host = "a.example" } }"#,
        );
        let event = event.unwrap();
        assert_eq!(event["requestContext"]["http"]["method"], "GET");
        assert_eq!(event["headers"]["x-a"], "1");
        assert_eq!(event["headers"]["host"], "a.example");
        assert_eq!(event["headers"].get("content-type"), None);
        assert_eq!(event.get("body"), None);
    }

    #[test]
    fn json_is_taken_as_it_is() {
        let event = document(r#"{ json = '[{"a": null}]', set = { "/0/a" = [1, true] } }"#);
        assert_eq!(event.unwrap(), json!([{"a": [1, true]}]));
    }

    #[test]
    fn a_recording_has_its_event() {
        let lines =
            "[\"bootstream-capsule\",1,\"0.1.0\",\"x86_64\"]\n[\"event\",\"{\\\"a\\\":1}\"]\n";
        let event = parse(lines.as_bytes()).unwrap();
        assert_eq!(event, json!({"a": 1}));
        assert_eq!(parse(b" {\"a\": 2}").unwrap(), json!({"a": 2}));
        let later = parse(b"[\"bootstream-capsule\",99,\"9.0.0\",\"x86_64\"]\n").unwrap_err();
        assert!(later.to_string().contains("version 99"), "{later}");
    }

    #[test]
    fn what_is_wrong_with_an_event_is_named() {
        for (event, expected) in [
            ("{}", "`from = \"url\"`"),
            (r#"{ from = "url", json = "{}" }"#, "write one of"),
            (r#"{ json = "{}", path = "/" }"#, "belong to `from`"),
            (r#"{ json = "{}", method = "GET" }"#, "belong to `from`"),
            (
                r#"{ from = "url", method = "G T" }"#,
                "`G T` is not the method",
            ),
            (
                r#"{ from = "sqs", method = "GET" }"#,
                "`--method` has no place",
            ),
            (r#"{ json = "{" }"#, "`json` is not JSON"),
            (r#"{ file = "x.json" }"#, "/nowhere/x.json"),
            (r#"{ from = "carrier-pigeon" }"#, "use one of url, rest"),
            (r#"{ from = "sqs", path = "/" }"#, "`--path` has no place"),
            (
                r#"{ json = "[]", set = { "/0" = 1 } }"#,
                "`0` in a list of 0",
            ),
            (r#"{ json = "1", set = { "/a" = 1 } }"#, "no members"),
            (r#"{ json = "{}", set = { "a" = 1 } }"#, "begin it with `/`"),
            (
                r#"{ json = "{}", remove = ["/a"] }"#,
                "the event has no `/a`",
            ),
        ] {
            let refused = format!("{:#}", document(event).unwrap_err());
            assert!(refused.contains(expected), "{event}: {refused}");
            assert!(refused.contains("case `a`"), "{event}: {refused}");
        }
    }
}
