//! How a component was made, according to its `producers` sections.

use wasmparser::{KnownCustom, Parser, Payload};

/// A language or a tool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// Empty if it is not recorded.
    pub(crate) version: String,
}

/// How a component and the modules in it were made.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Producers {
    pub(crate) languages: Vec<Tool>,
    /// Compilers, linkers and other tools.
    pub(crate) tools: Vec<Tool>,
    pub(crate) sdks: Vec<Tool>,
}

impl Producers {
    /// Reads all sections. Unreadable ones are skipped: they are for people, and no engine reads them.
    pub(crate) fn read(component: &[u8]) -> Self {
        let mut all = Self::default();
        for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
            let Payload::CustomSection(section) = payload else {
                continue;
            };
            let KnownCustom::Producers(fields) = section.as_known() else {
                continue;
            };
            for field in fields.into_iter().map_while(Result::ok) {
                let list = match field.name {
                    "language" => &mut all.languages,
                    "processed-by" => &mut all.tools,
                    "sdk" => &mut all.sdks,
                    _ => continue,
                };
                for value in field.values.into_iter().map_while(Result::ok) {
                    let tool = Tool {
                        name: value.name.to_owned(),
                        version: value.version.to_owned(),
                    };
                    if !list.contains(&tool) {
                        list.push(tool);
                    }
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, version: &str) -> Tool {
        Tool {
            name: name.to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn the_sections_of_a_component_and_its_modules_are_put_together() {
        let text = r#"(component
            (core module (@producers (language "Rust" "") (processed-by "rustc" "1.95.0")))
            (core module (@producers (language "C11" "") (processed-by "rustc" "1.95.0")))
            (@producers (processed-by "wit-component" "0.240.0") (sdk "acme" "1")))"#;

        let producers = Producers::read(&wat::parse_str(text).unwrap());

        assert_eq!(producers.languages, [tool("Rust", ""), tool("C11", "")]);
        assert_eq!(
            producers.tools,
            [tool("rustc", "1.95.0"), tool("wit-component", "0.240.0")]
        );
        assert_eq!(producers.sdks, [tool("acme", "1")]);
    }

    #[test]
    fn sections_that_are_missing_or_damaged_are_empty() {
        let damaged = br#"(component (@custom "producers" "\ff\ff\ff"))"#;
        for bytes in [&b"garbage"[..], b"", &wat::parse_bytes(damaged).unwrap()] {
            assert_eq!(Producers::read(bytes), Producers::default());
        }
    }
}
