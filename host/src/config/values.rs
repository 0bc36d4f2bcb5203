//! The values of settings from the file and the variables, before they are interpreted.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use super::error::ConfigError;
use super::setting::{SETTINGS, Setting, VARIABLE_PREFIX, is_no_setting};
use super::vars::Vars;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This variable.
    Variable(String),
    /// The file: its path, and the line counted from 1.
    File { path: String, line: usize },
}

impl Origin {
    pub(super) fn at(path: &str, line: usize) -> Self {
        Self::File {
            path: path.to_owned(),
            line,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "variable `{name}`"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
        }
    }
}

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(u64),
    List(Vec<Item>),
}

/// One string of a list, with its line in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) text: String,
    pub(super) line: usize,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::List(items) => {
                let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
                f.write_str(&texts.join(","))
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// The values, by key.
#[derive(Debug, Default)]
pub(super) struct Values(pub(super) BTreeMap<&'static str, Given>);

impl Values {
    /// Overrides the values of the file with those of the variables.
    pub(super) fn override_from(&mut self, vars: &dyn Vars) -> Result<(), ConfigError> {
        for name in vars.names() {
            if !name.starts_with(VARIABLE_PREFIX) || is_no_setting(&name) {
                continue;
            }
            let setting = SETTINGS.iter().find(|setting| setting.variable() == name);
            let setting = setting.ok_or_else(|| ConfigError::UnknownVariable(name.clone()))?;
            let given = Given {
                value: Value::Text(vars.get(&name).unwrap_or_default()),
                origin: Origin::Variable(name),
            };
            // An empty variable resets the value of the file.
            self.0.insert(setting.key, given);
        }
        Ok(())
    }

    /// Returns a number, or `default` if it is not set.
    pub(super) fn number(
        &self,
        setting: &Setting,
        range: RangeInclusive<u64>,
        default: u64,
    ) -> Result<u64, ConfigError> {
        let number = self.optional_number(setting, range)?;
        Ok(number.unwrap_or(default))
    }

    pub(super) fn optional_number(
        &self,
        setting: &Setting,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, ConfigError> {
        let Some(given) = self.given(setting) else {
            return Ok(None);
        };
        let number = match &given.value {
            Value::Number(number) => Some(*number),
            Value::Text(text) if matches!(given.origin, Origin::Variable(_)) => {
                text.trim().parse().ok()
            }
            Value::Text(_) | Value::List(_) => None,
        };
        let expected = || match range.end() {
            &u64::MAX => format!("a whole number from {}", range.start()),
            end => format!("a whole number from {} to {end}", range.start()),
        };
        number
            .filter(|number| range.contains(number))
            .map(Some)
            .ok_or_else(|| given.invalid(setting, expected()))
    }

    /// Returns a list; in a variable, commas separate its items. Each item comes with an origin of its own.
    pub(super) fn list(&self, setting: &Setting) -> Result<Vec<(String, Given)>, ConfigError> {
        let Some(given) = self.given(setting) else {
            return Ok(Vec::new());
        };
        let items: Vec<(&str, Origin)> = match (&given.value, &given.origin) {
            (Value::List(items), Origin::File { path, .. }) => items
                .iter()
                .map(|item| (item.text.as_str(), Origin::at(path, item.line)))
                .collect(),
            (Value::Text(text), Origin::Variable(_)) => text
                .split(',')
                .map(|item| (item, given.origin.clone()))
                .collect(),
            _ => return Err(given.invalid(setting, "a list of strings")),
        };
        let items = items
            .into_iter()
            .map(|(text, origin)| (text.trim(), origin));
        Ok(items
            .filter(|(text, _)| !text.is_empty())
            .map(|(text, origin)| {
                let value = Value::Text(text.to_owned());
                (text.to_owned(), Given { value, origin })
            })
            .collect())
    }

    pub(super) fn text(&self, setting: &Setting) -> Result<Option<(&str, &Given)>, ConfigError> {
        match self.given(setting) {
            None => Ok(None),
            Some(given) => match &given.value {
                Value::Text(text) => Ok(Some((text.trim(), given))),
                Value::Number(_) | Value::List(_) => Err(given.invalid(setting, "a string")),
            },
        }
    }

    /// Whether a setting that is `none` or `on` is `on`.
    pub(super) fn is_on(&self, setting: &Setting, on: &'static str) -> Result<bool, ConfigError> {
        self.is_one_of(setting, "none", on)
    }

    /// Whether a setting of two values has the second one. The first is the default.
    pub(super) fn is_one_of(
        &self,
        setting: &Setting,
        first: &'static str,
        second: &'static str,
    ) -> Result<bool, ConfigError> {
        match self.text(setting)? {
            None => Ok(false),
            Some((text, _)) if text == first => Ok(false),
            Some((text, _)) if text == second => Ok(true),
            Some((_, given)) => Err(given.invalid(setting, format!("`{first}` or `{second}`"))),
        }
    }

    /// Returns the values of the settings that `is_wanted` picks by their key, as a variable has them.
    pub(super) fn texts(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let wanted = self.0.iter().filter(|(key, _)| is_wanted(key));
        wanted
            .map(|(key, given)| ((*key).to_owned(), given.value.to_string()))
            .collect()
    }

    /// Returns the error of a setting whose value is valid by itself. Call it only if the setting is set.
    pub(super) fn refused(&self, setting: &Setting, expected: &str) -> ConfigError {
        match self.given(setting) {
            Some(given) => given.invalid(setting, expected),
            None => ConfigError::Setting {
                key: setting.key,
                value: setting.default.to_owned(),
                origin: "its default".to_owned(),
                expected: expected.to_owned(),
            },
        }
    }

    fn given(&self, setting: &Setting) -> Option<&Given> {
        let given = self.0.get(setting.key)?;
        let is_empty = matches!(&given.value, Value::Text(text) if text.trim().is_empty())
            && matches!(given.origin, Origin::Variable(_));
        (!is_empty).then_some(given)
    }
}

impl Given {
    pub(super) fn invalid(&self, setting: &Setting, expected: impl Into<String>) -> ConfigError {
        self.invalid_item(setting, &self.value.to_string(), expected)
    }

    /// An item that is invalid for a reason that names it.
    #[cfg(feature = "outbound-http")]
    pub(super) fn explained(&self, setting: &Setting, reason: &dyn fmt::Display) -> ConfigError {
        ConfigError::Entry {
            key: setting.key,
            origin: self.origin.to_string(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn invalid_item(
        &self,
        setting: &Setting,
        item: &str,
        expected: impl Into<String>,
    ) -> ConfigError {
        ConfigError::Setting {
            key: setting.key,
            value: item.to_owned(),
            origin: self.origin.to_string(),
            expected: expected.into(),
        }
    }
}
