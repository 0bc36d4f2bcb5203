//! Builds the source map for `bootstrap` from a component's DWARF.

mod instructions;

use addr2line::gimli::{self, Dwarf, EndianSlice, LittleEndian};
use artifact::source_map::{SourceFrame, SourceMapBuilder};
use wasmparser::{Encoding, FunctionBody, Parser, Payload};

use instructions::shows_in_stack_traces;

type Reader<'a> = EndianSlice<'a, LittleEndian>;

/// Returns the source map of a component; empty if it has no DWARF.
///
/// Skips invalid DWARF: it serves people only, and does not affect execution.
pub(crate) fn source_map(component: &[u8]) -> Vec<u8> {
    let mut map = SourceMapBuilder::default();
    let mut module = None;
    for payload in Parser::new(0).parse_all(component) {
        match payload {
            Ok(Payload::Version { encoding, .. }) => {
                module = (encoding == Encoding::Module).then(Module::default);
            }
            Ok(Payload::End(_)) => {
                if let Some(module) = module.take() {
                    module.describe(&mut map);
                }
            }
            Ok(payload) => {
                if let Some(module) = &mut module {
                    module.take(payload);
                }
            }
            // The compiler reports the error.
            Err(_) => break,
        }
    }
    map.finish()
}

/// The relevant parts of a core module.
#[derive(Default)]
struct Module<'a> {
    /// The offset of its code, from which DWARF counts.
    code_at: usize,
    functions: Vec<FunctionBody<'a>>,
    /// The sections of DWARF.
    sections: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Module<'a> {
    fn take(&mut self, payload: Payload<'a>) {
        match payload {
            Payload::CodeSectionStart { range, .. } => self.code_at = range.start,
            Payload::CodeSectionEntry(body) => self.functions.push(body),
            Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
                self.sections.push((section.name(), section.data()));
            }
            _ => {}
        }
    }

    fn describe(&self, map: &mut SourceMapBuilder) {
        if let Some(dwarf) = self.dwarf() {
            for function in &self.functions {
                // Skips the rest of an invalid function, which the compiler rejects.
                let _ = self.describe_function(function, &dwarf, map);
            }
        }
        // Closes the last function, so that it does not extend into the next module.
        if let Some(last) = self.functions.last() {
            push(map, last.range().end, &[]);
        }
    }

    fn dwarf(&self) -> Option<addr2line::Context<Reader<'a>>> {
        let dwarf = Dwarf::load(|id| {
            let mut sections = self.sections.iter();
            let section = sections.find(|(name, _)| *name == id.name());
            let bytes = section.map_or(&[][..], |(_, bytes)| *bytes);
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        });
        let has_any = !self.sections.is_empty();
        has_any.then(|| addr2line::Context::from_dwarf(dwarf.ok()?).ok())?
    }

    fn describe_function(
        &self,
        function: &FunctionBody<'_>,
        dwarf: &addr2line::Context<Reader<'_>>,
        map: &mut SourceMapBuilder,
    ) -> wasmparser::Result<()> {
        // Code before the first instruction belongs to the function's start.
        self.describe_offset(function.range().start, dwarf, map);
        let mut operators = function.get_operators_reader()?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            if shows_in_stack_traces(&operator) {
                self.describe_offset(offset, dwarf, map);
            }
        }
        Ok(())
    }

    fn describe_offset(
        &self,
        offset: usize,
        dwarf: &addr2line::Context<Reader<'_>>,
        map: &mut SourceMapBuilder,
    ) {
        let mut found = Vec::new();
        let address = offset.saturating_sub(self.code_at) as u64;
        if let Ok(mut frames) = dwarf.find_frames(address).skip_all_loads() {
            while let Ok(Some(frame)) = frames.next() {
                found.push(frame);
            }
        }
        let frames: Vec<_> = found.iter().map(source_frame).collect();
        push(map, offset, &frames);
    }
}

fn source_frame<'a>(frame: &'a addr2line::Frame<'_, Reader<'_>>) -> SourceFrame<'a> {
    let name = frame
        .function
        .as_ref()
        .map(|function| function.name.slice());
    let location = frame.location.as_ref();
    SourceFrame {
        function: name.and_then(|name| str::from_utf8(name).ok()),
        file: location.and_then(|location| location.file),
        line: location.and_then(|location| location.line),
        column: location.and_then(|location| location.column),
    }
}

/// Adds an entry. Larger offsets do not occur: Wasmtime rejects components over 4 GiB.
fn push(map: &mut SourceMapBuilder, offset: usize, frames: &[SourceFrame<'_>]) {
    if let Ok(offset) = u32::try_from(offset) {
        map.push(offset, frames);
    }
}
