//! A core module that can be linked, as far as linking looks into it.

use anyhow::{Result, bail};
use wasmparser::{
    DataSectionReader, ElementSectionReader, Export, FunctionBody, FunctionSectionReader,
    GlobalSectionReader, Import, KnownCustom, MemorySectionReader, Name, NameSectionReader, Parser,
    Payload, SectionLimited, TableSectionReader, TypeSectionReader,
};

/// The sections of a module. Those that are missing are empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Module<'a> {
    pub(super) types: Option<TypeSectionReader<'a>>,
    pub(super) imports: Vec<Import<'a>>,
    pub(super) functions: Option<FunctionSectionReader<'a>>,
    pub(super) tables: Option<TableSectionReader<'a>>,
    pub(super) memories: Option<MemorySectionReader<'a>>,
    pub(super) globals: Option<GlobalSectionReader<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) elements: Option<ElementSectionReader<'a>>,
    pub(super) code: Vec<FunctionBody<'a>>,
    pub(super) data: Option<DataSectionReader<'a>>,
    /// The names of functions, by ascending index.
    pub(super) names: Vec<(u32, &'a str)>,
    /// Whether it has the section of a library that is linked dynamically.
    pub(super) is_library: bool,
}

/// How many a module defines of each kind, or all modules up to one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) types: u32,
    pub(super) functions: u32,
    pub(super) tables: u32,
    pub(super) memories: u32,
    pub(super) globals: u32,
    pub(super) elements: u32,
    pub(super) data: u32,
}

impl<'a> Module<'a> {
    /// Reads a module. Returns nothing if it cannot be linked: it runs code when it is instantiated, which
    /// other modules may have to come before, has debugging information, whose addresses would change, or
    /// has what this version does not know.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<Self>> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(section) => module.types = Some(section),
                Payload::ImportSection(section) => {
                    module.imports = section.into_imports().collect::<Result<_, _>>()?;
                }
                Payload::FunctionSection(section) => module.functions = Some(section),
                Payload::TableSection(section) => module.tables = Some(section),
                Payload::MemorySection(section) => module.memories = Some(section),
                Payload::GlobalSection(section) => module.globals = Some(section),
                Payload::ExportSection(section) => {
                    module.exports = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::ElementSection(section) => module.elements = Some(section),
                Payload::CodeSectionEntry(body) => module.code.push(body),
                Payload::DataSection(section) => module.data = Some(section),
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Name(names) => module.names = function_names(names),
                    KnownCustom::Dylink0(_) => module.is_library = true,
                    _ if section.name().starts_with(".debug") => return Ok(None),
                    _ => {}
                },
                Payload::Version { .. }
                | Payload::DataCountSection { .. }
                | Payload::CodeSectionStart { .. }
                | Payload::End(_) => {}
                _ => return Ok(None),
            }
        }
        Ok(Some(module))
    }

    /// Counts what the module defines.
    pub(super) fn counts(&self) -> Result<Counts> {
        let mut types = 0;
        for group in self.types.iter().cloned().flatten() {
            types += u32::try_from(group?.types().len())?;
        }
        Ok(Counts {
            types,
            functions: count(self.functions.as_ref())?,
            tables: count(self.tables.as_ref())?,
            memories: count(self.memories.as_ref())?,
            globals: count(self.globals.as_ref())?,
            elements: count(self.elements.as_ref())?,
            data: count(self.data.as_ref())?,
        })
    }

    pub(super) fn export(&self, name: &str) -> Option<&Export<'a>> {
        self.exports.iter().find(|export| export.name == name)
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.types += more.types;
        self.functions += more.functions;
        self.tables += more.tables;
        self.memories += more.memories;
        self.globals += more.globals;
        self.elements += more.elements;
        self.data += more.data;
    }
}

fn count<T>(section: Option<&SectionLimited<'_, T>>) -> Result<u32> {
    let Some(section) = section else { return Ok(0) };
    let count = section.count();
    // Each takes a byte at least.
    if count as usize > section.range().len() {
        bail!("it says that it has {count} items, and its end is missing");
    }
    Ok(count)
}

/// Returns the names of functions, as far as they can be read: they are for people.
fn function_names(section: NameSectionReader<'_>) -> Vec<(u32, &str)> {
    let maps = section.into_iter().map_while(Result::ok);
    let functions = maps.filter_map(|map| match map {
        Name::Function(names) => Some(names.into_iter().map_while(Result::ok)),
        _ => None,
    });
    functions.flatten().map(|it| (it.index, it.name)).collect()
}
