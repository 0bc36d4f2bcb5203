//! The functions of a component's modules, with their names.

use std::collections::HashMap;

use rustc_demangle::demangle;
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload, TypeRef};

/// A function with a body.
#[derive(Debug)]
pub(super) struct Function {
    /// Its name, or its number if the module has no names.
    pub(super) name: String,
    /// Size of its body.
    pub(super) bytes: usize,
}

/// One module, while it is read. The names follow the code.
#[derive(Default)]
struct Module {
    imported: u32,
    bodies: Vec<usize>,
    names: HashMap<u32, String>,
}

/// Reads the functions of a binary component, module after module.
pub(super) fn read(bytes: &[u8]) -> wasmparser::Result<Vec<Function>> {
    let mut functions = Vec::new();
    let mut open = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match (payload, open.last_mut()) {
            (Payload::Version { .. }, _) => open.push(Module::default()),
            (Payload::End(_), _) => {
                functions.extend(open.pop().into_iter().flat_map(Module::functions));
            }
            (payload, Some(module)) => module.add(payload)?,
            _ => {}
        }
    }
    Ok(functions)
}

impl Module {
    fn add(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let kind = import?.ty;
                    self.imported += u32::from(matches!(kind, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body.range().len()),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.add_names(names);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Names are for people: those that cannot be read are left out.
    fn add_names(&mut self, names: NameSectionReader<'_>) {
        for part in names.into_iter().map_while(Result::ok) {
            if let Name::Function(functions) = part {
                let functions = functions.into_iter().map_while(Result::ok);
                // Linkers demangle some names and leave others as they are. Demangled ones do not change.
                let functions = functions.map(|it| (it.index, format!("{:#}", demangle(it.name))));
                self.names.extend(functions);
            }
        }
    }

    fn functions(mut self) -> Vec<Function> {
        let bodies = std::mem::take(&mut self.bodies);
        (self.imported..)
            .zip(bodies)
            .map(|(index, bytes)| Function {
                name: self
                    .names
                    .remove(&index)
                    .unwrap_or_else(|| format!("(function {index})")),
                bytes,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_of_all_modules_have_their_names() {
        let text = r#"(component
            (core module (import "a" "b" (func $imported)) (func $one) (func))
            (component (core module
                (func $two (nop))
                (func $_ZN4core3fmt5write17h0123456789abcdefE))))"#;
        let functions = read(&wat::parse_str(text).unwrap()).unwrap();
        let named: Vec<_> = functions
            .iter()
            .map(|it| (it.name.as_str(), it.bytes))
            .collect();
        assert_eq!(
            named,
            [
                ("one", 2),
                ("(function 2)", 2),
                ("two", 3),
                ("core::fmt::write", 2)
            ]
        );
    }
}
