//! The items of a component, in its order, and what each uses of those before it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;

use anyhow::{Context as _, Result};
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportSection,
    ComponentInstanceSection, ComponentSectionId, InstanceSection, RawSection,
};
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExport, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, Encoding, ExternalKind, Instance, Parser, Payload, SectionLimited,
};

/// A space of indices of a component.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Space {
    CoreModule,
    CoreInstance,
    CoreFunc,
    CoreTable,
    CoreMemory,
    CoreGlobal,
    CoreTag,
    CoreType,
    Component,
    Instance,
    Func,
    Type,
    Value,
}

/// A definition: its space, and its index there.
pub(super) type Id = (Space, u32);

/// The index in place of one that nothing defines, which only a damaged component uses. Its compiler reports it.
pub(super) const UNDEFINED: u32 = u32::MAX;

/// Numbers definitions, each space by itself.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<Space, u32>);

impl Numbers {
    /// Returns the next index of a space.
    pub(super) fn next(&mut self, space: Space) -> u32 {
        let count = self.0.entry(space).or_default();
        *count += 1;
        *count - 1
    }
}

/// A part of a component that defines something, or uses what is numbered anew.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Module(&'a [u8]),
    CoreInstance(Instance<'a>),
    Instance(ComponentInstance<'a>),
    Alias(ComponentAlias<'a>),
    Canon(CanonicalFunction),
    Export(ComponentExport<'a>),
    /// A section that uses nothing but types, as it is: types, imports, an inner component.
    Section {
        id: u8,
        body: &'a [u8],
        defines: Vec<Space>,
    },
}

impl<'a> Item<'a> {
    /// Reads a component. Returns nothing for a core module, and for a component that linking does not support:
    /// one with a start function, or with an inner component that uses a module of an outer one.
    pub(super) fn read_all(component: &'a [u8]) -> Result<Option<Vec<Self>>> {
        let mut items = Vec::new();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload?;
            match &payload {
                Payload::Version { encoding, .. } => {
                    if depth == 0 && *encoding == Encoding::Module {
                        return Ok(None);
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentStartSection { .. } => return Ok(None),
                Payload::ComponentAliasSection(aliases) if depth > 1 => {
                    for alias in aliases.clone() {
                        if reaches_for_module(&alias?) {
                            return Ok(None);
                        }
                    }
                }
                _ if depth == 1 => Self::read(component, payload, &mut items)?,
                _ => {}
            }
        }
        Ok(Some(items))
    }

    fn read(component: &'a [u8], payload: Payload<'a>, items: &mut Vec<Self>) -> Result<()> {
        let section = payload.as_section();
        let defines = match payload {
            Payload::ModuleSection {
                unchecked_range, ..
            } => {
                items.push(Self::Module(part(component, unchecked_range)?));
                return Ok(());
            }
            Payload::InstanceSection(section) => return add(items, section, Self::CoreInstance),
            Payload::ComponentInstanceSection(section) => {
                return add(items, section, Self::Instance);
            }
            Payload::ComponentAliasSection(section) => return add(items, section, Self::Alias),
            Payload::ComponentCanonicalSection(section) => return add(items, section, Self::Canon),
            Payload::ComponentExportSection(section) => return add(items, section, Self::Export),
            Payload::ComponentSection { .. } => vec![Space::Component],
            Payload::CoreTypeSection(section) => spaces(section, |_| Space::CoreType)?,
            Payload::ComponentTypeSection(section) => spaces(section, |_| Space::Type)?,
            Payload::ComponentImportSection(section) => {
                spaces(section, |import| space_of(import.ty.kind()))?
            }
            // Its indices would be wrong.
            Payload::CustomSection(section) if section.name() == "component-name" => return Ok(()),
            _ => Vec::new(),
        };
        if let Some((id, range)) = section {
            let body = part(component, range)?;
            items.push(Self::Section { id, body, defines });
        }
        Ok(())
    }

    /// Returns the spaces in which the item defines one after the other.
    pub(super) fn defines(&self) -> Vec<Space> {
        match self {
            Self::Module(_) => vec![Space::CoreModule],
            Self::CoreInstance(_) => vec![Space::CoreInstance],
            Self::Instance(_) => vec![Space::Instance],
            Self::Alias(alias) => vec![space_of_alias(alias)],
            Self::Canon(CanonicalFunction::Lift { .. }) => vec![Space::Func],
            Self::Canon(_) => vec![Space::CoreFunc],
            Self::Export(export) => vec![space_of(export.kind)],
            Self::Section { defines, .. } => defines.clone(),
        }
    }

    /// Returns what the item uses, types apart.
    pub(super) fn uses(&self) -> Result<Vec<Id>> {
        let mut uses = Vec::new();
        let note = |id: Id| {
            uses.push(id);
            id.1
        };
        self.encode(&mut Visit(note), &mut Component::new())?;
        Ok(uses)
    }

    /// Appends the item, with the indices that `indices` has for what it uses.
    pub(super) fn encode(
        &self,
        indices: &mut impl ReencodeComponent<Error = Infallible>,
        to: &mut Component,
    ) -> Result<()> {
        match self {
            Self::Module(bytes) => {
                to.section(&RawSection {
                    id: ComponentSectionId::CoreModule.into(),
                    data: bytes,
                });
            }
            Self::CoreInstance(instance) => {
                let mut section = InstanceSection::new();
                component_utils::parse_instance(indices, &mut section, instance.clone())?;
                to.section(&section);
            }
            Self::Instance(instance) => {
                let mut section = ComponentInstanceSection::new();
                component_utils::parse_component_instance(indices, &mut section, instance.clone())?;
                to.section(&section);
            }
            Self::Alias(alias) => {
                let mut section = ComponentAliasSection::new();
                section.alias(component_utils::component_alias(indices, alias.clone())?);
                to.section(&section);
            }
            Self::Canon(function) => {
                let mut section = CanonicalFunctionSection::new();
                component_utils::parse_component_canonical(
                    indices,
                    &mut section,
                    function.clone(),
                )?;
                to.section(&section);
            }
            Self::Export(export) => {
                let mut section = ComponentExportSection::new();
                component_utils::parse_component_export(indices, &mut section, export.clone())?;
                to.section(&section);
            }
            Self::Section { id, body, .. } => {
                to.section(&RawSection {
                    id: *id,
                    data: body,
                });
            }
        }
        Ok(())
    }
}

fn add<'a, T: wasmparser::FromReader<'a>>(
    items: &mut Vec<Item<'a>>,
    section: SectionLimited<'a, T>,
    item: impl Fn(T) -> Item<'a>,
) -> Result<()> {
    for it in section {
        items.push(item(it?));
    }
    Ok(())
}

fn part(component: &[u8], range: Range<usize>) -> Result<&[u8]> {
    component.get(range).context("its end is missing")
}

/// Returns the space of each item of a section.
fn spaces<'a, T: wasmparser::FromReader<'a>>(
    section: SectionLimited<'a, T>,
    space: impl Fn(T) -> Space,
) -> Result<Vec<Space>> {
    section.into_iter().map(|it| Ok(space(it?))).collect()
}

/// Returns whether an inner component uses a module of an outer one.
fn reaches_for_module(alias: &ComponentAlias<'_>) -> bool {
    matches!(
        alias,
        ComponentAlias::Outer {
            kind: ComponentOuterAliasKind::CoreModule,
            ..
        }
    )
}

fn space_of(kind: ComponentExternalKind) -> Space {
    match kind {
        ComponentExternalKind::Module => Space::CoreModule,
        ComponentExternalKind::Func => Space::Func,
        ComponentExternalKind::Value => Space::Value,
        ComponentExternalKind::Type => Space::Type,
        ComponentExternalKind::Instance => Space::Instance,
        ComponentExternalKind::Component => Space::Component,
    }
}

pub(super) fn core_space_of(kind: ExternalKind) -> Space {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => Space::CoreFunc,
        ExternalKind::Table => Space::CoreTable,
        ExternalKind::Memory => Space::CoreMemory,
        ExternalKind::Global => Space::CoreGlobal,
        ExternalKind::Tag => Space::CoreTag,
    }
}

fn space_of_alias(alias: &ComponentAlias<'_>) -> Space {
    match alias {
        ComponentAlias::InstanceExport { kind, .. } => space_of(*kind),
        ComponentAlias::CoreInstanceExport { kind, .. } => core_space_of(*kind),
        ComponentAlias::Outer { kind, .. } => match kind {
            ComponentOuterAliasKind::CoreModule => Space::CoreModule,
            ComponentOuterAliasKind::CoreType => Space::CoreType,
            ComponentOuterAliasKind::Type => Space::Type,
            ComponentOuterAliasKind::Component => Space::Component,
        },
    }
}

/// Maps each index that an item uses.
///
/// The encoder visits every index, so that we need no list of canonical built-ins and their options.
pub(super) struct Visit<F>(pub(super) F);

type Outcome = Result<u32, reencode::Error<Infallible>>;

impl<F: FnMut(Id) -> u32> Reencode for Visit<F> {
    type Error = Infallible;

    fn function_index(&mut self, index: u32) -> Outcome {
        Ok((self.0)((Space::CoreFunc, index)))
    }

    fn table_index(&mut self, index: u32) -> Outcome {
        Ok((self.0)((Space::CoreTable, index)))
    }

    fn memory_index(&mut self, index: u32) -> Outcome {
        Ok((self.0)((Space::CoreMemory, index)))
    }

    fn global_index(&mut self, index: u32) -> Outcome {
        Ok((self.0)((Space::CoreGlobal, index)))
    }

    fn tag_index(&mut self, index: u32) -> Outcome {
        Ok((self.0)((Space::CoreTag, index)))
    }
}

impl<F: FnMut(Id) -> u32> ReencodeComponent for Visit<F> {
    fn module_index(&mut self, index: u32) -> u32 {
        (self.0)((Space::CoreModule, index))
    }

    fn instance_index(&mut self, index: u32) -> u32 {
        (self.0)((Space::CoreInstance, index))
    }

    fn component_index(&mut self, index: u32) -> u32 {
        (self.0)((Space::Component, index))
    }

    fn component_instance_index(&mut self, index: u32) -> u32 {
        (self.0)((Space::Instance, index))
    }

    fn component_func_index(&mut self, index: u32) -> u32 {
        (self.0)((Space::Func, index))
    }

    fn component_value_index(&mut self, index: u32) -> u32 {
        (self.0)((Space::Value, index))
    }
}
