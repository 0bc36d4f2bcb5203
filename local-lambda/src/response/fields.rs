//! The fields of a response document or a prelude, read as strictly as the service reads them.

use serde_json::{Map, Value};

use super::rules::Reading;

/// The fields of an object. A field that is `null` is absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    reading: Reading,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>, reading: Reading) -> Self {
        Self { object, reading }
    }

    fn get(self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    /// Returns a small integer.
    ///
    /// # Errors
    ///
    /// The field has another type.
    pub(super) fn number(self, key: &str) -> Result<Option<u16>, String> {
        self.read(key, "a number", |value| match (value, self.reading) {
            (Value::String(text), Reading::Lenient) => text.trim().parse().ok(),
            (Value::Number(number), Reading::Lenient) if number.is_f64() => {
                // Some languages have only floating-point numbers.
                number
                    .to_string()
                    .strip_suffix(".0")
                    .and_then(|it| it.parse().ok())
            }
            (value, _) => value.as_u64().and_then(|number| number.try_into().ok()),
        })
    }

    /// Returns a string, without conversion from other types.
    ///
    /// # Errors
    ///
    /// The field has another type.
    pub(super) fn text(self, key: &str) -> Result<Option<&'a str>, String> {
        self.read(key, "a string", Value::as_str)
    }

    /// Returns a boolean.
    ///
    /// # Errors
    ///
    /// The field has another type.
    pub(super) fn flag(self, key: &str) -> Result<Option<bool>, String> {
        self.read(key, "true or false", |value| {
            match (value.as_str(), self.reading) {
                (Some("true"), Reading::Lenient) => Some(true),
                (Some("false"), Reading::Lenient) => Some(false),
                _ => value.as_bool(),
            }
        })
    }

    /// Returns a list of strings.
    ///
    /// # Errors
    ///
    /// The field has another type.
    pub(super) fn texts(self, key: &str) -> Result<Vec<String>, String> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(value) => self.list(value, &format!("`{key}`")),
        }
    }

    /// Returns a map of strings.
    ///
    /// # Errors
    ///
    /// The field has another type.
    pub(super) fn text_of_each(self, key: &str) -> Result<Vec<(String, String)>, String> {
        let mut pairs = Vec::new();
        for (name, value) in self.entries(key)? {
            let place = format!("`{}` in `{key}`", name.escape_debug());
            if let Some(text) = self.as_text(value, &place)? {
                pairs.push((name.clone(), text));
            }
        }
        Ok(pairs)
    }

    /// Returns a map of lists of strings.
    ///
    /// # Errors
    ///
    /// The field has another type.
    pub(super) fn texts_of_each(self, key: &str) -> Result<Vec<(String, Vec<String>)>, String> {
        let mut pairs = Vec::new();
        for (name, value) in self.entries(key)? {
            if value.is_null() && self.reading == Reading::Lenient {
                continue;
            }
            let place = format!("`{}` in `{key}`", name.escape_debug());
            pairs.push((name.clone(), self.list(value, &place)?));
        }
        Ok(pairs)
    }

    fn entries(self, key: &str) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, String> {
        let object = self.read(key, "an object", Value::as_object)?;
        Ok(object.into_iter().flatten())
    }

    /// Returns a field as `read` converts it. `None` from `read` means that it is not `expected`.
    fn read<T>(
        self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let wrong = |value| format!("`{key}`: expected {expected}, found {}", shown(value));
        let value = self.get(key);
        let read = value.map(|value| read(value).ok_or_else(|| wrong(value)));
        read.transpose()
    }

    fn list(self, value: &Value, place: &str) -> Result<Vec<String>, String> {
        let wrong = || format!("{place}: expected a list, found {}", shown(value));
        let mut texts = Vec::new();
        for value in value.as_array().ok_or_else(wrong)? {
            texts.extend(self.as_text(value, place)?);
        }
        Ok(texts)
    }

    /// Converts a value to text. `None` stands for `null`.
    fn as_text(self, value: &Value, place: &str) -> Result<Option<String>, String> {
        match (value, self.reading) {
            (Value::String(text), _) => Ok(Some(text.clone())),
            (Value::Null, Reading::Lenient) => Ok(None),
            (Value::Number(_) | Value::Bool(_), Reading::Lenient) => Ok(Some(value.to_string())),
            _ => Err(format!(
                "{place}: expected a string, found {}",
                shown(value)
            )),
        }
    }
}

/// Formats a value for a message.
fn shown(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T>(
        document: &Value,
        reading: Reading,
        read: impl Fn(Fields<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        read(Fields::new(document.as_object().unwrap(), reading))
    }

    #[test]
    fn a_number_may_be_text_where_that_is_read() {
        let status = |value: Value, reading| {
            read(&json!({ "s": value }), reading, |fields| fields.number("s"))
        };
        for reading in [Reading::Lenient, Reading::Strict] {
            assert_eq!(status(json!(201), reading), Ok(Some(201)));
            assert_eq!(status(Value::Null, reading), Ok(None));
            for wrong in [
                json!("two"),
                json!(true),
                json!(-1),
                json!(70_000),
                json!(200.5),
                json!([]),
            ] {
                assert!(status(wrong.clone(), reading).is_err(), "{wrong}");
            }
        }
        for value in [json!("201"), json!(" 201"), json!(201.0)] {
            assert_eq!(
                status(value.clone(), Reading::Lenient),
                Ok(Some(201)),
                "{value}"
            );
            assert!(status(value.clone(), Reading::Strict).is_err(), "{value}");
        }
    }

    #[test]
    fn numbers_and_booleans_are_text_where_that_is_read() {
        let document = json!({
            "one": {"n": 0, "f": 1.5, "b": true, "z": null, "t": "x"},
            "many": {"m": [1, "x", null, false], "z": null},
        });
        let one = |reading| read(&document, reading, |fields| fields.text_of_each("one"));
        let many = |reading| read(&document, reading, |fields| fields.texts_of_each("many"));
        let pair = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());

        let expected = [("b", "true"), ("f", "1.5"), ("n", "0"), ("t", "x")].map(pair);
        assert_eq!(one(Reading::Lenient).unwrap(), expected);
        let texts = ["1", "x", "false"].map(str::to_owned).to_vec();
        assert_eq!(many(Reading::Lenient), Ok(vec![("m".to_owned(), texts)]));

        assert_eq!(
            one(Reading::Strict),
            Err("`b` in `one`: expected a string, found `true`".to_owned())
        );
        assert!(many(Reading::Strict).is_err());
    }

    #[test]
    fn what_has_another_shape_is_refused_by_everybody() {
        let document = json!({
            "map": {"a": ["b"]}, "lists": {"a": "b"}, "list": {}, "text": {"a": 1}, "flag": "yes",
        });
        for reading in [Reading::Lenient, Reading::Strict] {
            let fields = Fields::new(document.as_object().unwrap(), reading);
            for (read, expected) in [
                (
                    fields.text_of_each("map").map(drop),
                    "`a` in `map`: expected a string, found a list",
                ),
                (
                    fields.texts_of_each("lists").map(drop),
                    "`a` in `lists`: expected a list, found a string",
                ),
                (
                    fields.texts("list").map(drop),
                    "`list`: expected a list, found an object",
                ),
                (
                    fields.text_of_each("flag").map(drop),
                    "`flag`: expected an object, found a string",
                ),
                (
                    fields.text("text").map(drop),
                    "`text`: expected a string, found an object",
                ),
                (
                    fields.flag("flag").map(drop),
                    "`flag`: expected true or false, found a string",
                ),
            ] {
                assert_eq!(read, Err(expected.to_owned()));
            }
        }
        let flag = json!({"flag": "true"});
        let lenient = read(&flag, Reading::Lenient, |fields| fields.flag("flag"));
        assert_eq!(lenient, Ok(Some(true)));
        assert!(read(&flag, Reading::Strict, |fields| fields.flag("flag")).is_err());
    }
}
