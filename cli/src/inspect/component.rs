//! The facts about a component.

use anyhow::Result;
use artifact::Concurrency;
use artifact::world::World;
use serde_json::{Value, json};
use toml::Table;

use crate::commands::compile::size;
use crate::component::{self, Group, Names, Need, Producers, Tool};

/// The groups of imports, with their headings and their keys in JSON.
const GROUPS: [(Group, &str, &str); 4] = [
    (Group::HttpClient, "HTTP client", "httpClient"),
    (Group::Wasi, "WASI", "wasi"),
    (Group::Contract, "contract", "contract"),
    (Group::Other, "not offered", "other"),
];

/// The facts about a component.
#[derive(Debug)]
pub(super) struct ComponentFacts {
    bytes: usize,
    names: Names,
    /// The component's world, or why no host of this release runs it.
    verdict: Result<World, String>,
    needs: Vec<(Need, State)>,
    producers: Producers,
    /// Whether it needs the build of the host with WASI 0.3.
    concurrency: Concurrency,
}

/// Whether the component's `bootstream.toml` has a setting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Set,
    Unset,
    /// There is no such file, or it is not TOML.
    Unknown,
}

impl ComponentFacts {
    /// Reads a binary component, and the text of the settings beside it.
    ///
    /// # Errors
    ///
    /// The component is damaged.
    pub(super) fn read(bytes: &[u8], settings: Option<&str>) -> Result<Self> {
        let names = Names::read(bytes)?;
        let settings = settings.and_then(|text| text.parse::<Table>().ok());
        let needs = component::needs(names.imports.iter().map(String::as_str));
        let needs = needs
            .into_iter()
            .map(|need| (need, state(settings.as_ref(), need.setting)));
        Ok(Self {
            bytes: bytes.len(),
            verdict: component::check_names(&names).map_err(|error| format!("{error:#}")),
            needs: needs.collect(),
            producers: Producers::read(bytes),
            concurrency: component::concurrency(bytes),
            names,
        })
    }

    /// Returns whether a host of this release runs it.
    pub(super) fn runs(&self) -> bool {
        self.verdict.is_ok()
    }

    /// Returns the description, for people.
    pub(super) fn lines(&self, name: &str) -> Vec<String> {
        let size = size(self.bytes);
        let mut lines = vec![format!("{name} ({size})")];
        match &self.verdict {
            Ok(world) => lines.push(format!("world: {}", world.name())),
            Err(why) => lines.push(format!("world: none that the host runs: {why}")),
        }
        if self.concurrency == Concurrency::On {
            lines
                .push("host: the build with WASI 0.3, which `bootstream package` takes".to_owned());
        }
        section(&mut lines, "exports", &by_package(&self.names.exports));
        for (group, heading, _) in GROUPS {
            let heading = format!("imports, {heading}");
            section(&mut lines, &heading, &by_package(&self.imports(group)));
        }
        let needs = self.needs.iter().map(|(need, state)| {
            let state = match state {
                State::Set => " (set)",
                State::Unset => " (not set)",
                State::Unknown => "",
            };
            format!("{}  to {}{state}", need.example, need.purpose)
        });
        section(
            &mut lines,
            "may need in bootstream.toml",
            &needs.collect::<Vec<_>>(),
        );
        let Producers {
            languages,
            tools,
            sdks,
        } = &self.producers;
        let made = [("language", languages), ("tools", tools), ("SDK", sdks)];
        let made = made.iter().filter(|(_, tools)| !tools.is_empty());
        let made = made.map(|(what, tools)| format!("{what}: {}", joined(tools)));
        section(&mut lines, "made with", &made.collect::<Vec<_>>());
        lines
    }

    /// Returns the description, for programs.
    pub(super) fn to_json(&self, name: &str) -> Value {
        let imports = GROUPS.map(|(group, _, key)| (key.to_owned(), json!(self.imports(group))));
        let needs = self.needs.iter().map(|(need, state)| {
            let is_set = match state {
                State::Set => Some(true),
                State::Unset => Some(false),
                State::Unknown => None,
            };
            json!({ "setting": need.setting, "purpose": need.purpose, "isSet": is_set })
        });
        json!({
            "file": name,
            "bytes": self.bytes,
            "world": self.verdict.as_ref().ok().map(|world| world.name()),
            "needsWasi03": self.concurrency == Concurrency::On,
            "refused": self.verdict.as_ref().err(),
            "exports": self.names.exports,
            "imports": serde_json::Map::from_iter(imports),
            "settings": needs.collect::<Vec<_>>(),
            "producers": {
                "languages": to_json(&self.producers.languages),
                "tools": to_json(&self.producers.tools),
                "sdks": to_json(&self.producers.sdks),
            },
        })
    }

    fn imports(&self, wanted: Group) -> Vec<String> {
        let of_group = |import: &&String| component::group(import) == wanted;
        self.names
            .imports
            .iter()
            .filter(of_group)
            .cloned()
            .collect()
    }
}

/// Returns whether the settings have the key `TABLE.KEY`.
fn state(settings: Option<&Table>, key: &str) -> State {
    let Some(mut table) = settings else {
        return State::Unknown;
    };
    let mut parts = key.split('.').peekable();
    while let Some(part) = parts.next() {
        match table.get(part) {
            Some(_) if parts.peek().is_none() => return State::Set,
            Some(toml::Value::Table(inner)) => table = inner,
            Some(_) | None => return State::Unset,
        }
    }
    State::Unset
}

/// Adds a heading with indented lines, unless there are none.
fn section(lines: &mut Vec<String>, heading: &str, content: &[String]) {
    if !content.is_empty() {
        lines.push(format!("{heading}:"));
        lines.extend(content.iter().map(|line| format!("  {line}")));
    }
}

/// Groups interfaces by package and version: `wasi:io@0.2.6: poll, streams`. Names without a package stay as
/// they are.
fn by_package(names: &[String]) -> Vec<String> {
    let mut packages: Vec<(String, Vec<&str>)> = Vec::new();
    for name in names {
        let (package, interface) = match name.split_once('/') {
            Some((package, rest)) => match rest.split_once('@') {
                Some((interface, version)) => (format!("{package}@{version}"), interface),
                None => (package.to_owned(), rest),
            },
            None => (name.clone(), ""),
        };
        match packages.iter_mut().find(|(it, _)| *it == package) {
            Some((_, interfaces)) => interfaces.push(interface),
            None => packages.push((package, vec![interface])),
        }
    }
    let lines = packages
        .iter()
        .map(|(package, interfaces)| match interfaces[..] {
            [""] => package.clone(),
            _ => format!("{package}: {}", interfaces.join(", ")),
        });
    lines.collect()
}

fn joined(tools: &[Tool]) -> String {
    let tools = tools.iter().map(|Tool { name, version }| match &**version {
        "" => name.clone(),
        version => format!("{name} {version}"),
    });
    tools.collect::<Vec<_>>().join(", ")
}

fn to_json(tools: &[Tool]) -> Vec<Value> {
    let tools = tools.iter();
    tools
        .map(|Tool { name, version }| json!({ "name": name, "version": version }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_grouped_by_package_and_version() {
        let names = [
            "wasi:io/poll@0.2.6",
            "wasi:cli/exit@0.2.6",
            "wasi:io/streams@0.2.6",
            "wasi:io/error@0.2.0",
            "acme:store/kv",
            "handle",
        ];
        assert_eq!(
            by_package(&names.map(str::to_owned)),
            [
                "wasi:io@0.2.6: poll, streams",
                "wasi:cli@0.2.6: exit",
                "wasi:io@0.2.0: error",
                "acme:store: kv",
                "handle",
            ]
        );
    }

    #[test]
    fn a_setting_is_found_in_its_table() {
        let settings: Table = "pass-env = []\n[files]\ntmp = \"private\"\n"
            .parse()
            .unwrap();
        for (key, expected) in [
            ("pass-env", State::Set),
            ("files.tmp", State::Set),
            ("files.task-root", State::Unset),
            ("outbound.allow", State::Unset),
            ("pass-env.x", State::Unset),
        ] {
            assert_eq!(state(Some(&settings), key), expected, "{key}");
        }
        assert_eq!(state(None, "pass-env"), State::Unknown);
    }

    #[test]
    fn a_service_names_the_build_of_the_host_that_it_needs() {
        for (version, needs) in [("incoming-handler@0.2.6", false), ("handler@0.3.0", true)] {
            let text = format!(
                "(component (instance $it) (export \"wasi:http/{version}\" (instance $it)))"
            );

            let facts = ComponentFacts::read(&wat::parse_str(text).unwrap(), None).unwrap();

            assert!(facts.runs());
            assert_eq!(facts.to_json("x.wasm")["needsWasi03"], needs);
            let lines = facts.lines("x.wasm").join("\n");
            assert_eq!(lines.contains("the build with WASI 0.3"), needs, "{lines}");
        }
    }

    #[test]
    fn a_component_is_described_whether_it_runs_or_not() {
        let text = r#"(component
            (import "wasi:http/outgoing-handler@0.2.6" (instance))
            (import "wasi:keyvalue/store@0.2.0-draft" (instance))
            (core module (@producers (language "Rust" "")))
            (instance $it)
            (export "wasi:http/incoming-handler@0.2.6" (instance $it)))"#;
        let settings = Some("[outbound]\nallow = [\"a.example\"]\n");

        let facts = ComponentFacts::read(&wat::parse_str(text).unwrap(), settings).unwrap();

        assert!(!facts.runs());
        let lines = facts.lines("x.wasm").join("\n");
        for wanted in [
            "world: none that the host runs: imports `wasi:keyvalue/store@0.2.0-draft`",
            "exports:\n  wasi:http@0.2.6: incoming-handler\n",
            "imports, HTTP client:\n  wasi:http@0.2.6: outgoing-handler\n",
            "to send requests to these hosts (set)\n",
            "made with:\n  language: Rust",
        ] {
            assert!(lines.contains(wanted), "{wanted}: {lines}");
        }
        let json = facts.to_json("x.wasm");
        assert_eq!(json["world"], Value::Null);
        assert_eq!(json["settings"][0]["setting"], "outbound.allow");
        assert_eq!(json["settings"][0]["isSet"], true);
        assert_eq!(json["producers"]["languages"][0]["name"], "Rust");
    }
}
