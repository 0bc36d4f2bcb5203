//! The names on the outside of a component.

use anyhow::{Context as _, Result};
use wasmparser::{
    ComponentType, ComponentTypeRef, Encoding, InstanceTypeDeclaration, Parser, Payload,
};

/// The names on the outside of a component, in its order.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Interfaces and functions, without the types that they use.
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    /// The functions in the component's interface types.
    of_interfaces: Vec<String>,
}

impl Names {
    /// Reads a binary component.
    ///
    /// # Errors
    ///
    /// The component is damaged or truncated.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let mut names = Self::default();
        names
            .add_all(bytes)
            .context("is damaged, or its end is missing")?;
        Ok(names)
    }

    /// Returns whether the component imports a function of that name, in any interface.
    pub(crate) fn imports_function(&self, name: &str) -> bool {
        self.of_interfaces.iter().any(|it| it == name)
    }

    fn add_all(&mut self, bytes: &[u8]) -> Result<()> {
        // Inner modules and components have imports and exports of their own.
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match payload {
                Payload::Version {
                    encoding: Encoding::Module | Encoding::Component,
                    ..
                } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ if depth == 1 => self.add(payload)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add(&mut self, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    // The world's own types are imports too, which the host need not provide.
                    if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                        self.imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentTypeSection(section) => {
                for kind in section {
                    self.of_interfaces.extend(functions_of(&kind?));
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the functions of an interface.
fn functions_of(kind: &ComponentType<'_>) -> Vec<String> {
    let ComponentType::Instance(declarations) = kind else {
        return Vec::new();
    };
    let functions = declarations
        .iter()
        .filter_map(|declaration| match declaration {
            InstanceTypeDeclaration::Export {
                name,
                ty: ComponentTypeRef::Func(_),
            } => Some(name.name.to_owned()),
            _ => None,
        });
    functions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_are_imported_are_told_from_those_inside() {
        let text = r#"(component
            (import "a:b/c@0.1.0" (instance (export "one" (func))))
            (component (import "a:b/c@0.1.0" (instance (export "two" (func))))))"#;
        let names = Names::read(&wat::parse_str(text).unwrap()).unwrap();
        assert!(names.imports_function("one"));
        assert!(!names.imports_function("two"));
        assert_eq!(names.imports, ["a:b/c@0.1.0"]);
        assert!(Names::read(b"garbage").is_err());
    }
}
