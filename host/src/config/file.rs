//! `bootstream.toml`, read into values with the lines they stand on.

use std::io;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::setting::{COMMAND_KEYS, FILE_NAME, SECRETS, SETTINGS, Setting};
use super::values::{Given, Origin, Value, Values};

/// Larger than anybody writes by hand, in bytes.
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

/// Reads the text of a file that is called `name` in errors.
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

struct Document<'a> {
    text: &'a str,
    name: &'a str,
}

impl Document<'_> {
    /// Takes the values of `table`, whose own key with a dot is `prefix`.
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
        let line = self.line(value.span().start);
        let invalid = |expected: &str| ConfigError::Setting {
            key: setting.key,
            value: value.get_ref().type_str().to_owned(),
            origin: self.origin(line).to_string(),
            expected: expected.to_owned(),
        };
        match value.get_ref() {
            DeValue::String(text) => Ok(Value::Text(text.clone().into_owned())),
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
                .map(Value::Number)
                .map_err(|_| invalid("a whole number that is not negative")),
            DeValue::Array(items) => {
                let items = items.iter().map(|item| item.get_ref().as_str());
                let items: Option<Vec<_>> = items.map(|item| item.map(ToOwned::to_owned)).collect();
                items
                    .map(Value::List)
                    .ok_or_else(|| invalid("a list of texts"))
            }
            DeValue::Table(table) if *setting == SECRETS => secrets(table)
                .map(Value::List)
                .ok_or_else(|| invalid("a table of lists: `NAME = [\"host\"]`")),
            DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => {
                Err(invalid("a number, a text or a list of texts"))
            }
        }
    }

    fn syntax(&self, offset: usize, reason: String) -> ConfigError {
        ConfigError::Syntax {
            origin: self.origin(self.line(offset)).to_string(),
            reason,
        }
    }

    fn origin(&self, line: usize) -> Origin {
        Origin::File {
            path: self.name.to_owned(),
            line,
        }
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }
}

/// `NAME = ["host"]` as the variable has it: `NAME@host`.
fn secrets(table: &DeTable<'_>) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for (name, hosts) in table {
        for host in hosts.get_ref().as_array()? {
            all.push(format!("{}@{}", name.get_ref(), host.get_ref().as_str()?));
        }
    }
    Some(all)
}

fn is_table(name: &str) -> bool {
    SETTINGS.iter().any(|setting| {
        setting
            .key
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// What may stand where `prefix` leads to.
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
            Value::List(vec!["KEY@h".to_owned()])
        );
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
            ("limits = 3", 1, ["`limits`", "known"]),
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
}
