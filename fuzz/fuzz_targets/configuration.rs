//! The file of settings and the variables that override it. A mistake is told in one line.
#![no_main]

use std::collections::HashMap;

use bootstream_host::config::{Config, SETTINGS, Vars, check_file, endpoint};
use libfuzzer_sys::fuzz_target;

struct Table(HashMap<String, String>);

impl Vars for Table {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

fuzz_target!(|input: (&str, Vec<(u8, String)>, String)| {
    let (file, values, address) = input;
    if let Err(error) = check_file(file, "bootstream.toml") {
        assert!(error.to_string().starts_with("bootstream.toml:"), "{error}");
    }
    let mut vars = HashMap::from([
        ("_HANDLER".to_owned(), "handler.wasm".to_owned()),
        // There is no file there.
        ("LAMBDA_TASK_ROOT".to_owned(), "/nonexistent".to_owned()),
        ("AWS_LAMBDA_RUNTIME_API".to_owned(), address),
    ]);
    for (setting, value) in values {
        let setting = &SETTINGS[usize::from(setting) % SETTINGS.len()];
        vars.insert(setting.variable(), value);
    }
    let vars = Table(vars);
    let _ = endpoint(&vars);
    let _ = Config::read(&vars).map_err(|error| error.to_string());
});
