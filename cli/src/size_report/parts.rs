//! The parts of a component by their purpose.

use wasmparser::{Encoding, Parser, Payload};

/// A part, summed over all modules of the component.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    /// Its size, without the headers of its sections.
    pub(super) bytes: usize,
}

/// The number of a module's code section, and of its data section.
const CODE: u8 = 10;
const DATA: u8 = 11;

/// Reads the parts of a binary component. Together they have all its bytes.
pub(super) fn read(bytes: &[u8]) -> wasmparser::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut encodings = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => encodings.push(*encoding),
            Payload::End(_) => drop(encodings.pop()),
            Payload::CustomSection(section) => {
                add(&mut parts, custom(section.name()), section.range().len());
            }
            // Their content follows as payloads of its own.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {}
            _ => {
                if let Some((number, range)) = payload.as_section() {
                    let name = match (encodings.last(), number) {
                        (Some(Encoding::Module), CODE) => "code",
                        (Some(Encoding::Module), DATA) => "data",
                        (Some(Encoding::Module), _) => "types, imports, exports and tables",
                        _ => "component types and adapters",
                    };
                    add(&mut parts, name.to_owned(), range.len());
                }
            }
        }
    }
    let known: usize = parts.iter().map(|part| part.bytes).sum();
    add(
        &mut parts,
        "headers".to_owned(),
        bytes.len().saturating_sub(known),
    );
    Ok(parts)
}

fn custom(name: &str) -> String {
    match name {
        "name" => "function names".to_owned(),
        _ if name.starts_with(".debug_") => "debug information".to_owned(),
        _ if name.starts_with("component-type") => "component types and adapters".to_owned(),
        _ => format!("section `{name}`"),
    }
}

fn add(parts: &mut Vec<Part>, name: String, bytes: usize) {
    match parts.iter_mut().find(|part| part.name == name) {
        Some(part) => part.bytes += bytes,
        None => parts.push(Part { name, bytes }),
    }
}
