//! A headless Chromium for tests of web pages.

mod devtools;

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use self::devtools::DevTools;
use crate::{PATIENCE, pause};

/// Where distributions install it, unless the variable `CHROME_PATH` names one.
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// As root it cannot make its sandbox. No host but this machine is there, whatever a page or the browser itself
/// wants to load.
const ARGUMENTS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-extensions",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// Interval between two looks at a page.
const POLL: Duration = Duration::from_millis(20);

/// A page in a browser of its own, which ends when it is dropped.
pub struct Page {
    tools: DevTools,
    _profile: TempDir,
}

impl Page {
    /// Starts a browser and loads the page at `url`.
    #[track_caller]
    pub fn open(url: &str) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the browser");
        let folder = format!("--user-data-dir={}", profile.path().display());
        let arguments = [&ARGUMENTS[..], &[&folder]].concat();
        let mut tools = DevTools::start(&program(), &arguments);
        let target = tools.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = tools.call("Target.attachToTarget", &attach);
        tools.attach(attached["sessionId"].as_str().expect("a session"));
        for domain in ["Page", "Runtime", "Log"] {
            tools.call(&format!("{domain}.enable"), &json!({}));
        }
        let mut page = Self {
            tools,
            _profile: profile,
        };
        let loaded = page.tools.call("Page.navigate", &json!({ "url": url }));
        assert_eq!(loaded.get("errorText"), None, "{url}");
        page.wait_until("document.readyState === 'complete'");
        page
    }

    /// Evaluates an expression in the page, and waits for it if it is a promise. Returns its value as JSON.
    #[track_caller]
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
        });
        let mut evaluated = self.tools.call("Runtime.evaluate", &parameters);
        if let Some(exception) = evaluated.get("exceptionDetails") {
            panic!("{expression}: {exception}");
        }
        evaluated["result"]["value"].take()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn wait_until(&mut self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.evaluate(expression) != json!(true) {
            if Instant::now() > until {
                let shown = self.evaluate("document.body.innerText");
                let complaints = self.complaints();
                panic!("waited in vain for `{expression}` in {shown:#}, {complaints:#?}");
            }
            pause(POLL);
        }
    }

    /// The text of each element that a selector of CSS finds.
    #[track_caller]
    pub fn texts(&mut self, selector: &str) -> Vec<String> {
        let texts = self.evaluate(&format!(
            "[...document.querySelectorAll({})].map((element) => element.textContent)",
            json!(selector)
        ));
        serde_json::from_value(texts).expect("a list of texts")
    }

    /// Types into the element that has the focus.
    #[track_caller]
    pub fn type_text(&mut self, text: &str) {
        self.tools
            .call("Input.insertText", &json!({ "text": text }));
    }

    /// Clicks at the middle of the first element that a selector finds.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let place = self.evaluate(&format!(
            "(() => {{
                const element = document.querySelector({});
                element.scrollIntoView();
                const {{ x, y, width, height }} = element.getBoundingClientRect();
                return {{ x: x + width / 2, y: y + height / 2 }};
            }})()",
            json!(selector)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1,
            });
            self.tools.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// What the page has complained of so far: uncaught exceptions, and errors on its console.
    pub fn complaints(&self) -> Vec<String> {
        self.tools.complaints()
    }
}

#[track_caller]
fn program() -> OsString {
    if let Some(named) = env::var_os("CHROME_PATH") {
        return named;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let exists =
        |name: &&str| env::split_paths(&path).any(|folder| Path::new(&folder).join(name).exists());
    let found = PROGRAMS.into_iter().find(exists);
    found
        .expect("chromium: `scripts/setup.sh --tests` installs it")
        .into()
}
