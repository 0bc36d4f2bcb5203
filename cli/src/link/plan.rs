//! Which modules of a component are linked, and what their imports are.

use std::collections::HashMap;

use anyhow::{Result, bail};
use wasmparser::{ComponentAlias, ExternalKind, Instance, InstantiationArg, TypeRef};

use super::items::{Id, Item, Numbers, Space, UNDEFINED, core_space_of};
use super::module::{Counts, Module};

/// A component of which modules can be linked.
#[derive(Debug, Default)]
pub(super) struct Plan<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// The place of each definition among the entries.
    defined_by: HashMap<Id, usize>,
    numbers: Numbers,
    /// The modules that are instantiated once, by their index.
    modules: HashMap<u32, &'a [u8]>,
    /// The linked modules, in the order in which they are instantiated.
    pub(super) members: Vec<Member<'a>>,
    /// How much the members define.
    total: Counts,
    /// The functions of the component that the linked module imports, in its order.
    pub(super) imports: Vec<Imported>,
}

/// An item of the component.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) item: Item<'a>,
    /// What it uses, types apart.
    pub(super) uses: Vec<Id>,
    pub(super) defines: Vec<Id>,
    /// The place among the members, if it is one.
    pub(super) member: Option<usize>,
    /// Whether it can only come after the linked module, because it uses the module or is in it.
    pub(super) is_after: bool,
}

/// A function that the linked module imports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Imported {
    /// Its index among the core functions of the component.
    pub(super) function: u32,
    /// Its type in the linked module.
    pub(super) kind: u32,
}

/// A module that is linked.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) module: Module<'a>,
    /// How much the members before it define.
    pub(super) before: Counts,
    /// What its indices of functions stand for.
    pub(super) functions: Vec<Function>,
    /// What its indices stand for in the linked module.
    pub(super) tables: Vec<u32>,
    pub(super) memories: Vec<u32>,
    pub(super) globals: Vec<u32>,
}

impl Member<'_> {
    /// Gives what the module defines the indices from those of the members before it up to `total`.
    fn define_up_to(&mut self, total: Counts) {
        let before = self.before;
        let functions = before.functions..total.functions;
        self.functions.extend(functions.map(Function::Defined));
        self.tables.extend(before.tables..total.tables);
        self.memories.extend(before.memories..total.memories);
        self.globals.extend(before.globals..total.globals);
    }
}

/// A function in the linked module.
#[derive(Clone, Copy, Debug)]
pub(super) enum Function {
    /// By its place among the imports.
    Imported(u32),
    /// By its place among the functions that members define.
    Defined(u32),
}

/// Something that a member has imported or exports, in the linked module.
#[derive(Clone, Copy, Debug)]
pub(super) enum Thing {
    Function(Function),
    Table(u32),
    Memory(u32),
    Global(u32),
    /// A core function of the component.
    Outside(u32),
}

impl<'a> Plan<'a> {
    /// Finds what can be linked. Returns nothing if that is not at least two libraries.
    pub(super) fn new(component: &'a [u8]) -> Result<Option<Self>> {
        let Some(items) = Item::read_all(component)? else {
            return Ok(None);
        };
        let uses: Vec<_> = items.iter().map(Item::uses).collect::<Result<_>>()?;
        let mut times: HashMap<Id, u32> = HashMap::new();
        for id in uses.iter().flatten() {
            *times.entry(*id).or_default() += 1;
        }
        let mut plan = Self::default();
        for (item, uses) in items.into_iter().zip(uses) {
            plan.add(item, uses, &times)?;
        }
        let libraries = plan.members.iter().filter(|it| it.module.is_library);
        Ok((libraries.count() >= 2 && plan.can_be_ordered()).then_some(plan))
    }

    /// Returns the entry that defines `id`.
    pub(super) fn definition(&self, id: Id) -> Option<&Entry<'a>> {
        self.entries.get(self.place(id)?)
    }

    /// Returns the place of the entry that defines `id`.
    pub(super) fn place(&self, id: Id) -> Option<usize> {
        self.defined_by.get(&id).copied()
    }

    /// Returns the member that a core instance is.
    pub(super) fn member(&self, instance: u32) -> Option<&Member<'a>> {
        let entry = self.definition((Space::CoreInstance, instance))?;
        self.members.get(entry.member?)
    }

    fn add(&mut self, item: Item<'a>, uses: Vec<Id>, times: &HashMap<Id, u32>) -> Result<()> {
        let defines: Vec<Id> = item
            .defines()
            .into_iter()
            .map(|space| (space, self.numbers.next(space)))
            .collect();
        if let (Item::Module(bytes), [id]) = (&item, &defines[..])
            && times.get(id) == Some(&1)
        {
            self.modules.insert(id.1, bytes);
        }
        let joins = match &item {
            Item::CoreInstance(Instance::Instantiate { module_index, args }) => {
                self.join(*module_index, args)?
            }
            _ => false,
        };
        let is_after = joins || uses.iter().any(|used| self.needs_linked(*used));
        let place = self.entries.len();
        self.defined_by
            .extend(defines.iter().map(|id| (*id, place)));
        self.entries.push(Entry {
            item,
            uses,
            defines,
            member: joins.then(|| self.members.len() - 1),
            is_after,
        });
        Ok(())
    }

    /// Returns the index of a function in the linked module, where imports come first.
    pub(super) fn function_index(&self, function: Function) -> u32 {
        match function {
            Function::Imported(place) => place,
            Function::Defined(place) => {
                let imports = u32::try_from(self.imports.len()).unwrap_or(UNDEFINED);
                imports.saturating_add(place)
            }
        }
    }

    /// Returns whether what uses `used` can only come after the linked module. A damaged component may use what
    /// is not defined yet.
    fn needs_linked(&self, used: Id) -> bool {
        self.definition(used).is_none_or(|it| it.is_after)
    }

    /// Makes a member of a module, if the linked module can have its imports. Returns whether it can.
    fn join(&mut self, module: u32, args: &[InstantiationArg<'_>]) -> Result<bool> {
        let Some(bytes) = self.modules.get(&module).copied() else {
            return Ok(false);
        };
        let Some(module) = Module::read(bytes)? else {
            return Ok(false);
        };
        let found = module.imports.iter().map(|import| {
            let found = self.argument(args, import.module, import.name)?;
            Some((import.ty, found))
        });
        let Some(found) = found.collect::<Option<Vec<_>>>() else {
            return Ok(false);
        };
        let counts = module.counts()?;
        let mut member = Member {
            bytes,
            module,
            before: self.total,
            functions: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
        };
        for (kind, thing) in found {
            match thing {
                Thing::Function(function) => member.functions.push(function),
                Thing::Table(index) => member.tables.push(index),
                Thing::Memory(index) => member.memories.push(index),
                Thing::Global(index) => member.globals.push(index),
                Thing::Outside(function) => {
                    let place = self.import(function, kind)?;
                    member.functions.push(Function::Imported(place));
                }
            }
        }
        self.total += counts;
        member.define_up_to(self.total);
        self.members.push(member);
        Ok(true)
    }

    /// Returns the place of a function of the component among the imports of the linked module.
    fn import(&mut self, function: u32, kind: TypeRef) -> Result<u32> {
        let TypeRef::Func(kind) = kind else {
            bail!("a function is imported as something else");
        };
        let first_type = self.total.types;
        let place = self.imports.iter().position(|it| it.function == function);
        let place = place.unwrap_or_else(|| {
            let kind = first_type.saturating_add(kind);
            self.imports.push(Imported { function, kind });
            self.imports.len() - 1
        });
        Ok(u32::try_from(place)?)
    }

    /// Finds what an import of a module is. Returns nothing for what the linked module cannot have.
    fn argument(&self, args: &[InstantiationArg<'_>], module: &str, name: &str) -> Option<Thing> {
        let instance = args.iter().find(|arg| arg.name == module)?.index;
        let entry = self.definition((Space::CoreInstance, instance))?;
        if entry.member.is_some() {
            return self.export_of_member(instance, name);
        }
        let Item::CoreInstance(Instance::FromExports(exports)) = &entry.item else {
            return None;
        };
        let export = exports.iter().find(|export| export.name == name)?;
        self.core_item(export.kind, export.index)
    }

    fn core_item(&self, kind: ExternalKind, index: u32) -> Option<Thing> {
        let space = core_space_of(kind);
        let entry = self.definition((space, index))?;
        if let Item::Alias(ComponentAlias::CoreInstanceExport {
            instance_index,
            name,
            ..
        }) = &entry.item
            && self.member(*instance_index).is_some()
        {
            return self.export_of_member(*instance_index, name);
        }
        let can_be_imported = !entry.is_after && space == Space::CoreFunc;
        can_be_imported.then_some(Thing::Outside(index))
    }

    /// Finds what a member exports by that name.
    pub(super) fn export_of_member(&self, instance: u32, name: &str) -> Option<Thing> {
        let member = self.member(instance)?;
        let export = member.module.export(name)?;
        let index = export.index as usize;
        match export.kind {
            ExternalKind::Func => member.functions.get(index).copied().map(Thing::Function),
            ExternalKind::Table => member.tables.get(index).copied().map(Thing::Table),
            ExternalKind::Memory => member.memories.get(index).copied().map(Thing::Memory),
            ExternalKind::Global => member.globals.get(index).copied().map(Thing::Global),
            ExternalKind::FuncExact | ExternalKind::Tag => None,
        }
    }

    /// Returns whether only functions and instances come after the linked module, and no types: types are not
    /// numbered anew.
    fn can_be_ordered(&self) -> bool {
        let after = self.entries.iter().filter(|entry| entry.is_after);
        let mut defined = after.flat_map(|entry| &entry.defines);
        defined.all(|(space, _)| {
            !matches!(
                space,
                Space::Type | Space::CoreType | Space::CoreModule | Space::Component | Space::Value
            )
        })
    }
}
