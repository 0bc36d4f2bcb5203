//! The settings file, and the variables that override it.

use std::collections::HashMap;

use bootstream_host::config::{Config, SETTINGS, check_file, endpoint};

/// A mistake is reported in one line, which names the file if the mistake is in it. The input is the file,
/// the address of the Runtime API, and values of variables, each after the number of its setting.
///
/// # Panics
///
/// When the report has more lines, or does not name the file.
pub fn check(bytes: &[u8]) {
    let Some(mut texts) = super::texts(bytes) else {
        return;
    };
    let file = texts.next().unwrap_or_default();
    let address = texts.next().unwrap_or_default();
    if let Err(error) = check_file(file, "bootstream.toml") {
        let error = error.to_string();
        assert!(error.starts_with("bootstream.toml:"), "{error}");
    }
    let mut vars = HashMap::from([
        ("_HANDLER".to_owned(), "handler.wasm".to_owned()),
        // No file has this name.
        ("LAMBDA_TASK_ROOT".to_owned(), "/nonexistent".to_owned()),
        ("AWS_LAMBDA_RUNTIME_API".to_owned(), address.to_owned()),
    ]);
    for value in texts {
        let number = value.bytes().next().unwrap_or_default();
        let setting = SETTINGS.get(usize::from(number) % SETTINGS.len());
        let setting = setting.expect("it is less than their number");
        vars.insert(setting.variable(), value.chars().skip(1).collect());
    }
    let _ = endpoint(&vars);
    if let Err(error) = Config::read(&vars) {
        let error = error.to_string();
        assert!(!error.is_empty() && error.len() < 64 * 1024, "{error}");
    }
}
