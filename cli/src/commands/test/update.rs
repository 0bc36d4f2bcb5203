//! Writes what a handler does now into the expectations of its cases. Comments and layout stay.

use anyhow::{Context as _, Result};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::case::Case;
use super::expectation::values;
use super::observed::{End, Observed};

/// The file with cases.
#[derive(Debug)]
pub(super) struct CaseFile(DocumentMut);

impl CaseFile {
    /// # Errors
    ///
    /// The text is not TOML.
    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(Self(text.parse()?))
    }

    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    /// Has the case expect what was observed: what it already expects of, or else status and body. Bounds of times
    /// stay.
    ///
    /// # Errors
    ///
    /// The body is not text.
    pub(super) fn update(&mut self, case: &Case, observed: &Observed) -> Result<()> {
        let name = &case.name;
        let body = String::from_utf8(observed.body());
        let body = body.ok().with_context(|| {
            format!("case `{name}`: its body is not UTF-8, so its expectation is yours to write")
        })?;
        let expect = self.expect(name)?;
        expect.remove("error");
        if let End::Failed { kind, message } = &observed.end {
            let mut error = InlineTable::new();
            error.insert("type", kind.as_str().into());
            error.insert("message", message.as_str().into());
            put(expect, "error", error.into());
        }
        let Some((status, headers)) = &observed.head else {
            for member in ["status", "headers", "cookies", "body", "chunks", "json"] {
                expect.remove(member);
            }
            return Ok(());
        };
        put(expect, "status", i64::from(*status).into());
        for name in case.expect.header_names() {
            set(
                expect,
                "headers",
                name,
                values(headers, name).join(", ").into(),
            );
        }
        if case.expect.has_cookies() {
            put(expect, "cookies", list(values(headers, "set-cookie")));
        }
        if case.expect.has_chunks() {
            let chunks = observed.chunks.iter();
            let chunks = chunks.map(|(_, chunk)| String::from_utf8_lossy(chunk).into_owned());
            put(expect, "chunks", list(chunks));
        }
        update_json(expect, case, &body);
        if expect.contains_key("body") || !case.expect.has_body() {
            put(expect, "body", body.into());
        }
        Ok(())
    }

    /// The table with the expectation of a case.
    fn expect(&mut self, name: &str) -> Result<&mut dyn TableLike> {
        let cases = self
            .0
            .get_mut("case")
            .and_then(Item::as_array_of_tables_mut);
        let cases = cases.context("`--update` needs each case to be a table `[[case]]`")?;
        let case = cases
            .iter_mut()
            .find(|case| case.get("name").and_then(Item::as_str) == Some(name));
        let case = case.with_context(|| format!("there is no case `{name}`"))?;
        let expect = case
            .entry("expect")
            .or_insert_with(|| Item::Table(Table::new()));
        let found = expect.as_table_like_mut();
        found.with_context(|| format!("the expectation of `{name}` is not a table"))
    }
}

/// Updates the values in JSON that are expected. Those that are gone are expected no more.
fn update_json(expect: &mut dyn TableLike, case: &Case, body: &str) {
    let document: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    for pointer in case.expect.json_pointers() {
        match document.pointer(pointer).and_then(toml_value) {
            Some(now) => set(expect, "json", pointer, now),
            None => {
                let members = expect.get_mut("json").and_then(Item::as_table_like_mut);
                members.and_then(|members| members.remove(pointer));
            }
        }
    }
}

fn set(expect: &mut dyn TableLike, table: &str, name: &str, now: Value) {
    let members = expect.get_mut(table).and_then(Item::as_table_like_mut);
    if let Some(members) = members {
        put(members, name, now);
    }
}

/// Sets a value. The comment behind it stays.
fn put(table: &mut dyn TableLike, name: &str, mut now: Value) {
    if let Some(Item::Value(before)) = table.get(name) {
        *now.decor_mut() = before.decor().clone();
    }
    table.insert(name, Item::Value(now));
}

fn list(texts: impl IntoIterator<Item = String>) -> Value {
    Array::from_iter(texts).into()
}

/// TOML has no null.
fn toml_value(json: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match json {
        Json::Null => return None,
        Json::Bool(boolean) => (*boolean).into(),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64()?.into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => {
            let items = items.iter().map(toml_value).collect::<Option<Array>>();
            items?.into()
        }
        Json::Object(members) => {
            let mut table = InlineTable::new();
            for (name, member) in members {
                table.insert(name, toml_value(member)?);
            }
            table.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue};

    use super::super::case;
    use super::*;

    const FILE: &str = r#"# The cases.
[[case]]
name = "a"
event = { json = "{}" } # an event

[case.expect]
status = 404 # not found
headers = { x-a = "1" }
json = { "/gone" = 2, "/n" = 1 }
time = { total-ms = 5 }

[[case]]
name = "b"
event = { json = "{}" }
"#;

    fn observed(end: End, body: &'static str) -> Observed {
        let mut headers = HeaderMap::new();
        headers.insert("x-a", HeaderValue::from_static("2"));
        Observed {
            head: Some((200, headers)),
            chunks: vec![(Duration::ZERO, body.into())],
            end,
            ..Observed::nothing()
        }
    }

    fn updated(name: &str, observed: &Observed) -> String {
        let cases = case::parse(FILE).unwrap();
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let mut file = CaseFile::parse(FILE).unwrap();
        file.update(case, observed).unwrap();
        let text = file.text();
        let parsed = case::parse(&text).unwrap();
        let case = parsed.iter().find(|case| case.name == name).unwrap();
        let mut rest = case.expect.differences(observed);
        rest.retain(|difference| !difference.starts_with("end:"));
        assert_eq!(rest, [""; 0], "{text}");
        text
    }

    #[test]
    fn what_is_expected_becomes_what_is_and_the_rest_stays() {
        let text = updated("a", &observed(End::Complete, r#"{"n": [1.5, "x"]}"#));
        assert_eq!(
            text,
            FILE.replace("404", "200")
                .replace("\"1\" }", "\"2\" }")
                .replace("{ \"/gone\" = 2, \"/n\" = 1 }", "{ \"/n\" = [1.5, \"x\"] }")
        );
    }

    #[test]
    fn a_case_without_an_expectation_gets_status_and_body() {
        let text = updated("b", &observed(End::Complete, "hello\n"));
        let added = text.strip_prefix(FILE).unwrap();
        assert_eq!(
            added,
            "\n[case.expect]\nstatus = 200\nbody = \"\"\"\nhello\n\"\"\"\n"
        );
    }

    #[test]
    fn a_failure_is_expected_and_no_longer_once_it_is_gone() {
        let failed = End::Failed {
            kind: "Function.Trap".to_owned(),
            message: "no luck".to_owned(),
        };
        let text = updated("b", &observed(failed, ""));
        assert!(
            text.contains("error = { type = \"Function.Trap\", message = \"no luck\" }"),
            "{text}"
        );
    }
}
