//! SAM's saved settings of the last guided deployment: `samconfig.toml` beside the template.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use crate::files;

/// The file's name.
const NAME: &str = "samconfig.toml";

/// Returns the path of SAM's saved settings for a template.
pub(crate) fn path(template: &Path) -> PathBuf {
    template.with_file_name(NAME)
}

/// Returns the parameters that SAM would deploy a template with. Empty if the file does not exist.
///
/// # Errors
///
/// The file cannot be read. The error names it.
pub(crate) fn parameters(template: &Path) -> Result<Vec<(String, String)>> {
    let path = path(template);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = files::read_text(&path)?;
    parse(&text).with_context(|| format!("cannot read `{}`", path.display()))
}

/// Reads the section that `sam deploy` reads: that of the command, else the global one.
fn parse(text: &str) -> Result<Vec<(String, String)>> {
    let file: Table = text.parse()?;
    let section = |command: &str| {
        file.get("default")?
            .get(command)?
            .get("parameters")?
            .get("parameter_overrides")
    };
    let overrides = section("deploy").or_else(|| section("global"));
    Ok(match overrides {
        Some(Value::String(text)) => pairs(text),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .flat_map(pairs)
            .collect(),
        Some(Value::Table(table)) => table
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), scalar(value)?)))
            .collect(),
        _ => Vec::new(),
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

/// Splits `Name="a value" Other=value`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        pairs.push((name.trim().to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn overrides_are_read_in_each_of_their_forms() {
        for overrides in [
            r#""Architecture=\"x86_64\" AllowedOrigin=\"\" PassEnv=\"A, B\" MemorySize=512""#,
            r#"['Architecture="x86_64"', 'AllowedOrigin=', 'PassEnv="A, B"', 'MemorySize=512']"#,
        ] {
            let text = format!(
                "version = 0.1\n[default.deploy.parameters]\nparameter_overrides = {overrides}"
            );
            assert_eq!(
                parse(&text).unwrap(),
                owned(&[
                    ("Architecture", "x86_64"),
                    ("AllowedOrigin", ""),
                    ("PassEnv", "A, B"),
                    ("MemorySize", "512")
                ])
            );
        }
        let table = "[default.global.parameters.parameter_overrides]\nArchitecture = 'x86_64'";
        assert_eq!(parse(table).unwrap(), owned(&[("Architecture", "x86_64")]));
    }

    #[test]
    fn what_sam_does_not_remember_is_not_an_error() {
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(
            parse("[default.build.parameters]\ncached = true").unwrap(),
            []
        );
        assert!(parse("[").is_err());
    }
}
