//! Reads `bootstream.toml` into values with their line numbers.

use std::io;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::setting::{
    AWS_ENDPOINTS, COMMAND_KEYS, FILE_NAME, OBSERVE_XRAY, SECRETS, SETTINGS, Setting,
};
use super::values::{Given, Item, Origin, Value, Values};

/// Largest file we read, in bytes. Far larger than any written by hand.
const SIZE_LIMIT_BYTES: u64 = 1024 * 1024;

/// Reads the file in `folder`, if there is one.
pub(super) fn read(folder: &Path) -> Result<Values, ConfigError> {
    let path = folder.join(FILE_NAME);
    let unreadable = |source: io::Error| ConfigError::UnreadableFile {
        path: path.clone(),
        source,
    };
    let size = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Values::default()),
        metadata => metadata.map_err(unreadable)?.len(),
    };
    if size > SIZE_LIMIT_BYTES {
        let reason = format!("{size} bytes are more than the limit of {SIZE_LIMIT_BYTES}");
        return Err(unreadable(io::Error::other(reason)));
    }
    let text = std::fs::read_to_string(&path).map_err(unreadable)?;
    parse(&text, FILE_NAME)
}

/// Parses the text of a file that errors call `name`.
pub(super) fn parse(text: &str, name: &str) -> Result<Values, ConfigError> {
    let document = Document { text, name };
    let root = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        document.syntax(at, error.message().replace('\n', " "))
    })?;
    let mut values = Values::default();
    document.gather(root.get_ref(), "", &mut values)?;
    Ok(values)
}

/// A file, for errors.
pub(super) struct Document<'a> {
    text: &'a str,
    name: &'a str,
}

impl Document<'_> {
    /// Collects the values of `table`, whose own key, followed by a dot, is `prefix`.
    fn gather(
        &self,
        table: &DeTable<'_>,
        prefix: &str,
        values: &mut Values,
    ) -> Result<(), ConfigError> {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let line = self.line(key.span().start);
            if prefix.is_empty() && COMMAND_KEYS.contains(&name.as_str()) {
                continue;
            }
            if let (DeValue::Table(inner), true) = (value.get_ref(), is_table(&name)) {
                self.gather(inner, &format!("{name}."), values)?;
                continue;
            }
            let setting = SETTINGS.iter().find(|setting| setting.key == name);
            let setting = setting.ok_or_else(|| ConfigError::UnknownKey {
                origin: self.origin(line).to_string(),
                key: name.clone(),
                known: known_keys(prefix),
            })?;
            let given = Given {
                value: self.value(setting, value)?,
                origin: self.origin(line),
            };
            values.0.insert(setting.key, given);
        }
        Ok(())
    }

    fn value(&self, setting: &Setting, value: &Spanned<DeValue<'_>>) -> Result<Value, ConfigError> {
        match value.get_ref() {
            DeValue::String(text) => Ok(Value::Text(text.clone().into_owned())),
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
                .map(Value::Number)
                .map_err(|_| ConfigError::Setting {
                    key: setting.key,
                    value: number.as_str().to_owned(),
                    origin: self.origin(self.line(value.span().start)).to_string(),
                    expected: "a whole number that is not negative".to_owned(),
                }),
            DeValue::Array(items) => {
                let items = items.iter().map(|item| self.item(setting.key, item));
                items.collect::<Result<_, _>>().map(Value::List)
            }
            DeValue::Table(table) if *setting == SECRETS => self.secrets(table).map(Value::List),
            DeValue::Table(table) if *setting == AWS_ENDPOINTS => {
                self.endpoints(table).map(Value::List)
            }
            DeValue::Boolean(is_on) if *setting == OBSERVE_XRAY => {
                Ok(Value::Text(is_on.to_string()))
            }
            DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
                Err(self.kind(
                    setting.key,
                    value,
                    "a number, a string or a list of strings",
                ))
            }
        }
    }

    /// One string of a list.
    pub(super) fn item(&self, key: &str, item: &Spanned<DeValue<'_>>) -> Result<Item, ConfigError> {
        let text = item.get_ref().as_str();
        let text = text.ok_or_else(|| self.kind(key, item, "strings only"))?;
        Ok(Item {
            text: text.to_owned(),
            line: self.line(item.span().start),
        })
    }

    pub(super) fn kind(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &'static str,
    ) -> ConfigError {
        ConfigError::Kind {
            key: key.to_owned(),
            kind: match value.get_ref() {
                DeValue::String(_) => "a string",
                DeValue::Integer(_) => "a whole number",
                DeValue::Float(_) => "a number with a fraction",
                DeValue::Boolean(_) => "`true` or `false`",
                DeValue::Datetime(_) => "a date or a time",
                DeValue::Array(_) => "a list",
                DeValue::Table(_) => "a table",
            },
            origin: self.origin(self.line(value.span().start)).to_string(),
            expected,
        }
    }

    fn syntax(&self, offset: usize, reason: String) -> ConfigError {
        ConfigError::Syntax {
            origin: self.origin(self.line(offset)).to_string(),
            reason,
        }
    }

    pub(super) fn origin(&self, line: usize) -> Origin {
        Origin::at(self.name, line)
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }
}

fn is_table(name: &str) -> bool {
    SETTINGS.iter().any(|setting| {
        setting
            .key
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// The keys that are allowed under `prefix`.
fn known_keys(prefix: &str) -> String {
    let mut known: Vec<&str> = Vec::new();
    for setting in SETTINGS {
        let Some(rest) = setting.key.strip_prefix(prefix) else {
            continue;
        };
        let key = rest.split('.').next().unwrap_or(rest);
        if !known.contains(&key) {
            known.push(key);
        }
    }
    if prefix.is_empty() {
        known.extend(COMMAND_KEYS);
    }
    format!("`{}`", known.join("`, `"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text, FILE_NAME).unwrap_err().to_string()
    }

    #[test]
    fn values_keep_their_lines() {
        let text = "pass-env = ['A', 'B']\n\n[limits]\nmemory-mib = 64\n\n[secrets]\nKEY = ['h']\n";
        let values = parse(text, FILE_NAME).unwrap().0;
        let at = |key: &str| values[key].origin.to_string();
        assert_eq!(at("pass-env"), "bootstream.toml:1");
        assert_eq!(at("limits.memory-mib"), "bootstream.toml:4");
        assert_eq!(values["limits.memory-mib"].value, Value::Number(64));
        assert_eq!(
            values["secrets"].value,
            Value::List(vec![Item {
                text: "KEY@h".to_owned(),
                line: 7
            }])
        );
    }

    #[test]
    fn an_endpoint_is_a_url_or_a_list_of_them() {
        let text = "[aws.endpoints]\na = 'http://h'\nb = [\n  'http://i',\n  'http://j',\n]\n";
        let values = parse(text, FILE_NAME).unwrap().0;
        let item = |text: &str, line| Item {
            text: text.to_owned(),
            line,
        };
        let items = [
            item("a=http://h", 2),
            item("b=http://i", 4),
            item("b=http://j", 5),
        ];
        assert_eq!(values["aws.endpoints"].value, Value::List(items.to_vec()));
    }

    #[test]
    fn the_tables_of_the_command_are_left_alone() {
        let text = "default = 'a'\n[functions.a]\nhandler = 'x'\nanything = 1\n";
        assert!(parse(text, FILE_NAME).unwrap().0.is_empty());
    }

    #[test]
    fn what_is_unknown_is_refused_with_its_line_and_what_is_known() {
        for (text, line, words) in [
            ("pas-env = []", 1, ["`pas-env`", "`pass-env`, `secrets`"]),
            (
                "\n[limits]\nmemory = 1",
                3,
                ["`limits.memory`", "`memory-mib`"],
            ),
            ("[limit]\nmemory-mib = 1", 1, ["`limit`", "`limits`"]),
            ("limits = 3", 1, ["`limits`", "unknown"]),
        ] {
            let error = error(text);
            assert!(
                error.starts_with(&format!("bootstream.toml:{line}: ")),
                "{error}"
            );
            for word in words {
                assert!(error.contains(word), "no {word} in {error}");
            }
        }
    }

    #[test]
    fn what_is_no_toml_is_refused_with_its_line_on_one_line() {
        let error = error("pass-env = []\nx = [\n");
        assert!(error.starts_with("bootstream.toml:"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_value_of_another_kind_is_refused() {
        for text in [
            "pass-env = [1]",
            "pass-env = true",
            "limits.memory-mib = -1",
            "limits.memory-mib = 1.5",
            "secrets.A = 'x'",
        ] {
            assert!(error(text).contains("expected"), "{text}");
        }
    }

    #[test]
    fn a_value_of_another_kind_is_named_with_its_own_key_and_line() {
        for (text, message) in [
            (
                "[secrets]\nA = ['h']\nB = 'h'\n",
                "bootstream.toml:3: `secrets.B` is a string; expected a list of hosts, or a table with `hosts`",
            ),
            (
                "[secrets]\n[secrets.A]\nin = ['body']\n",
                "bootstream.toml:2: `secrets.A` is a table; expected `hosts`, a list of hosts",
            ),
            (
                "[secrets]\nA = [\n  'h',\n  7,\n]\n",
                "bootstream.toml:4: `secrets.A` is a whole number; expected strings only",
            ),
            (
                "[aws.endpoints]\ndynamodb = 8000\n",
                "bootstream.toml:2: `aws.endpoints.dynamodb` is a whole number; expected a URL or a list of URLs",
            ),
            (
                "pass-env = true",
                "bootstream.toml:1: `pass-env` is `true` or `false`; expected a number, a string or a list of strings",
            ),
        ] {
            assert_eq!(error(text), message);
        }
    }
}
