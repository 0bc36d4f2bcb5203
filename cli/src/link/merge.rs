//! Makes one module of all that are linked.

use std::collections::BTreeSet;
use std::convert::Infallible;

use anyhow::Result;
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType,
    ExportKind, ExportSection, FunctionSection, GlobalSection, ImportSection, Instruction,
    MemorySection, NameMap, NameSection, RawCustomSection, TableSection, TypeSection,
};
use wasm_metadata::Producers;
use wasmparser::Operator;

use super::items::UNDEFINED;
use super::plan::{Function, Imported, Member, Plan};

/// The name from which the linked module imports. Its fields are numbers.
pub(super) const IMPORTS: &str = "";

/// An export of the linked module.
#[derive(Clone, Debug)]
pub(super) struct LinkedExport {
    pub(super) name: String,
    pub(super) kind: ExportKind,
    pub(super) index: u32,
}

/// Makes the linked module.
///
/// # Errors
///
/// A module is damaged.
pub(super) fn merge<'e>(
    plan: &Plan<'_>,
    exports: impl Iterator<Item = &'e LinkedExport>,
) -> Result<wasm_encoder::Module> {
    let mut linked = Linked::default();
    for member in &plan.members {
        linked.add(plan, member)?;
    }
    Ok(linked.finish(&plan.imports, exports))
}

/// The sections of the linked module.
#[derive(Default)]
struct Linked {
    types: TypeSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    names: NameMap,
    producers: Option<Producers>,
    /// The value of each global that is a constant.
    constants: Vec<Option<Instruction<'static>>>,
    /// Functions to which code refers, each of which has to be declared.
    referred: BTreeSet<u32>,
}

impl Linked {
    fn add(&mut self, plan: &Plan<'_>, member: &Member<'_>) -> Result<()> {
        let module = &member.module;
        let mut indices = Indices {
            plan,
            member,
            constants: &mut self.constants,
            referred: &mut self.referred,
            is_constant: false,
        };
        if let Some(section) = &module.types {
            utils::parse_type_section(&mut indices, &mut self.types, section.clone())?;
        }
        if let Some(section) = &module.functions {
            utils::parse_function_section(&mut indices, &mut self.functions, section.clone())?;
        }
        if let Some(section) = &module.tables {
            utils::parse_table_section(&mut indices, &mut self.tables, section.clone())?;
        }
        if let Some(section) = &module.memories {
            utils::parse_memory_section(&mut indices, &mut self.memories, section.clone())?;
        }
        for global in module.globals.iter().cloned().flatten() {
            let global = global?;
            let constant = indices.constant_of(&global)?;
            indices.constants.push(constant);
            utils::parse_global(&mut indices, &mut self.globals, global)?;
        }
        if let Some(section) = &module.elements {
            utils::parse_element_section(&mut indices, &mut self.elements, section.clone())?;
        }
        for body in &module.code {
            utils::parse_function_body(&mut indices, &mut self.code, body.clone())?;
        }
        if let Some(section) = &module.data {
            utils::parse_data_section(&mut indices, &mut self.data, section.clone())?;
        }
        for (index, name) in &module.names {
            if let Some(Function::Defined(_)) = member.functions.get(*index as usize) {
                self.names.append(indices.function_index(*index)?, name);
            }
        }
        self.add_producers(member)
    }

    fn add_producers(&mut self, member: &Member<'_>) -> Result<()> {
        if let Some(producers) = Producers::from_wasm(member.bytes)? {
            let all = self.producers.get_or_insert_with(Producers::empty);
            all.merge(&producers);
        }
        Ok(())
    }

    fn finish<'e>(
        mut self,
        imported: &[Imported],
        exports: impl Iterator<Item = &'e LinkedExport>,
    ) -> wasm_encoder::Module {
        let mut imports = ImportSection::new();
        for (place, it) in imported.iter().enumerate() {
            imports.import(IMPORTS, &place.to_string(), EntityType::Function(it.kind));
        }
        let mut exported = ExportSection::new();
        for export in exports {
            exported.export(&export.name, export.kind, export.index);
        }
        if !self.referred.is_empty() {
            let referred: Vec<u32> = self.referred.into_iter().collect();
            self.elements.declared(Elements::Functions(referred.into()));
        }
        let mut names = NameSection::new();
        names.functions(&self.names);

        let mut module = wasm_encoder::Module::new();
        module.section(&self.types);
        module.section(&imports);
        module.section(&self.functions);
        module.section(&self.tables);
        module.section(&self.memories);
        module.section(&self.globals);
        module.section(&exported);
        module.section(&self.elements);
        module.section(&DataCountSection {
            count: self.data.len(),
        });
        module.section(&self.code);
        module.section(&self.data);
        module.section(&names);
        if let Some(producers) = &self.producers {
            module.section(&RawCustomSection(&producers.raw_custom_section()));
        }
        module
    }
}

/// Gives the indices of a member those that they have in the linked module.
struct Indices<'p, 'a> {
    plan: &'p Plan<'a>,
    member: &'p Member<'a>,
    constants: &'p mut Vec<Option<Instruction<'static>>>,
    referred: &'p mut BTreeSet<u32>,
    /// Whether a constant expression is encoded.
    is_constant: bool,
}

type Outcome<T> = Result<T, reencode::Error<Infallible>>;

impl Indices<'_, '_> {
    /// Returns the value of a global that never changes, if that is a number or a function.
    ///
    /// Imports of such a global become its value, because engines prepare only tables whose places and functions
    /// are numbers, and because a global that is not imported may be used in no constant.
    fn constant_of(
        &mut self,
        global: &wasmparser::Global<'_>,
    ) -> Outcome<Option<Instruction<'static>>> {
        if global.ty.mutable {
            return Ok(None);
        }
        let mut operators = global.init_expr.get_operators_reader();
        let constant = match operators.read()? {
            Operator::I32Const { value } => Some(Instruction::I32Const(value)),
            Operator::I64Const { value } => Some(Instruction::I64Const(value)),
            Operator::RefFunc { function_index } => {
                Some(Instruction::RefFunc(self.function_index(function_index)?))
            }
            Operator::GlobalGet { global_index } => self.constant(global_index),
            _ => None,
        };
        // Others are sums, for example, of which this was the first term.
        Ok(constant.filter(|_| operators.is_end_then_eof()))
    }

    fn constant(&self, global: u32) -> Option<Instruction<'static>> {
        let linked = *self.member.globals.get(global as usize)?;
        self.constants.get(linked as usize)?.clone()
    }
}

/// Returns the index that `indices` has for `index`.
fn at(indices: &[u32], index: u32) -> u32 {
    indices.get(index as usize).copied().unwrap_or(UNDEFINED)
}

impl Reencode for Indices<'_, '_> {
    type Error = Infallible;

    fn type_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(self.member.before.types.saturating_add(index))
    }

    fn function_index(&mut self, index: u32) -> Outcome<u32> {
        let function = self.member.functions.get(index as usize);
        Ok(function.map_or(UNDEFINED, |it| self.plan.function_index(*it)))
    }

    fn table_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(at(&self.member.tables, index))
    }

    fn memory_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(at(&self.member.memories, index))
    }

    fn global_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(at(&self.member.globals, index))
    }

    fn element_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(self.member.before.elements.saturating_add(index))
    }

    fn data_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(self.member.before.data.saturating_add(index))
    }

    fn const_expr(&mut self, expression: wasmparser::ConstExpr<'_>) -> Outcome<ConstExpr> {
        self.is_constant = true;
        let encoded = utils::const_expr(self, expression);
        self.is_constant = false;
        encoded
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Outcome<Instruction<'a>> {
        match operator {
            Operator::GlobalGet { global_index } if self.is_constant => {
                if let Some(constant) = self.constant(global_index) {
                    return Ok(constant);
                }
            }
            Operator::RefFunc { function_index } => {
                let function = self.function_index(function_index)?;
                self.referred.insert(function);
            }
            _ => {}
        }
        utils::instruction(self, operator)
    }
}
