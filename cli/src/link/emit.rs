//! Writes the component with the linked module in the place of those that were linked.
//!
//! What the linked module needs comes before it, what needs it after it, each in the order of the original.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Result;
use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ExportKind, InstanceSection, ModuleArg, ModuleSection,
};
use wasmparser::{ComponentAlias, Instance};

use super::items::{Id, Item, Numbers, Space, UNDEFINED, Visit};
use super::merge::{IMPORTS, LinkedExport, merge};
use super::plan::{Entry, Plan, Thing};

/// Writes the component. Returns nothing if something uses a linked module as a whole.
///
/// # Errors
///
/// A module is damaged.
pub(super) fn emit(plan: &Plan<'_>) -> Result<Option<Vec<u8>>> {
    let needed = needed(plan);
    let Some(exports) = exports(plan, &needed) else {
        return Ok(None);
    };
    let mut output = Output::default();
    let entries = plan.entries.iter().enumerate();
    let entries = entries.filter(|(place, _)| needed.contains(place));
    let (after, before): (Vec<_>, Vec<_>) = entries.partition(|(_, entry)| entry.is_after);
    for (_, entry) in before {
        output.add(entry)?;
    }
    output.add_linked(plan, exports.values())?;
    for (place, entry) in after {
        match exports.get(&place) {
            Some(export) => output.add_alias(entry, export),
            None => output.add(entry)?,
        }
    }
    Ok(Some(output.component.finish()))
}

/// Returns the places of the entries that the component still needs.
fn needed(plan: &Plan<'_>) -> HashSet<usize> {
    let imports = plan.imports.iter();
    let imports = imports.filter_map(|it| plan.place((Space::CoreFunc, it.function)));
    let mut needed: HashSet<usize> = imports.collect();
    // They use only what is before them.
    for (place, entry) in plan.entries.iter().enumerate().rev() {
        if entry.member.is_some() || !(is_root(&entry.item) || needed.contains(&place)) {
            needed.remove(&place);
            continue;
        }
        needed.insert(place);
        needed.extend(entry.uses.iter().filter_map(|used| plan.place(*used)));
    }
    needed
}

/// Returns whether an item is needed though nothing uses it.
fn is_root(item: &Item<'_>) -> bool {
    match item {
        Item::Export(_) | Item::Section { .. } | Item::Instance(_) => true,
        Item::CoreInstance(instance) => matches!(instance, Instance::Instantiate { .. }),
        // Types keep their indices.
        Item::Alias(_) => item.defines().contains(&Space::Type),
        Item::Module(_) | Item::Canon(_) => false,
    }
}

/// Returns the export of the linked module for each needed alias of an export of a member. Returns nothing if
/// something else uses a member.
fn exports(plan: &Plan<'_>, needed: &HashSet<usize>) -> Option<BTreeMap<usize, LinkedExport>> {
    let mut exports = BTreeMap::new();
    let mut names = HashSet::new();
    for (place, entry) in plan.entries.iter().enumerate() {
        let mut instances = entry.uses.iter().filter(|it| it.0 == Space::CoreInstance);
        let uses_member = instances.any(|(_, instance)| plan.member(*instance).is_some());
        if !uses_member || !needed.contains(&place) {
            continue;
        }
        let Item::Alias(ComponentAlias::CoreInstanceExport {
            instance_index,
            name,
            ..
        }) = entry.item
        else {
            return None;
        };
        let (kind, index) = match plan.export_of_member(instance_index, name)? {
            Thing::Function(function) => (ExportKind::Func, plan.function_index(function)),
            Thing::Table(index) => (ExportKind::Table, index),
            Thing::Memory(index) => (ExportKind::Memory, index),
            Thing::Global(index) => (ExportKind::Global, index),
            Thing::Outside(_) => return None,
        };
        // Two libraries may export the same name.
        let mut unique = name.to_owned();
        while !names.insert(unique.clone()) {
            unique.push('\'');
        }
        let name = unique;
        exports.insert(place, LinkedExport { name, kind, index });
    }
    Some(exports)
}

/// Returns the index that a definition of the original has now.
fn place(places: &HashMap<Id, u32>, id: Id) -> u32 {
    places.get(&id).copied().unwrap_or(UNDEFINED)
}

#[derive(Default)]
struct Output {
    component: Component,
    numbers: Numbers,
    /// The index of each definition of the original.
    places: HashMap<Id, u32>,
    linked: u32,
}

impl Output {
    fn add(&mut self, entry: &Entry<'_>) -> Result<()> {
        let indices = |id: Id| place(&self.places, id);
        entry
            .item
            .encode(&mut Visit(indices), &mut self.component)?;
        self.number(entry);
        Ok(())
    }

    /// Gives what the entry defines the next indices.
    fn number(&mut self, entry: &Entry<'_>) {
        for id in &entry.defines {
            let index = self.numbers.next(id.0);
            self.places.insert(*id, index);
        }
    }

    fn add_linked<'e>(
        &mut self,
        plan: &Plan<'_>,
        exports: impl Iterator<Item = &'e LinkedExport>,
    ) -> Result<()> {
        let module = merge(plan, exports)?;
        self.component.section(&ModuleSection(&module));
        let module = self.numbers.next(Space::CoreModule);

        let imports = plan.imports.iter().enumerate().map(|(number, import)| {
            let function = place(&self.places, (Space::CoreFunc, import.function));
            (number.to_string(), ExportKind::Func, function)
        });
        let imports: Vec<_> = imports.collect();
        let mut instances = InstanceSection::new();
        instances.export_items(imports.iter().map(|it| (it.0.as_str(), it.1, it.2)));
        let imports = self.numbers.next(Space::CoreInstance);
        instances.instantiate(module, [(IMPORTS, ModuleArg::Instance(imports))]);
        self.linked = self.numbers.next(Space::CoreInstance);
        self.component.section(&instances);
        Ok(())
    }

    fn add_alias(&mut self, entry: &Entry<'_>, export: &LinkedExport) {
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::CoreInstanceExport {
            instance: self.linked,
            kind: export.kind,
            name: &export.name,
        });
        self.component.section(&aliases);
        self.number(entry);
    }
}
