//! Memory for the adapter from WASI preview 1 in modules of Go.
//!
//! The adapter allocates its state with the module's allocator at its first call. Go's runtime makes this call while
//! it starts, when no function in Go can run yet; and it assumes that it alone grows the memory. So the Go package has
//! an array for the adapter, and this step adds a function that allocates from it. `wit-component` prefers that
//! function to the module's own allocator.

use anyhow::{Context as _, Result, anyhow, bail};
use wasm_encoder::{
    BlockType, Encode as _, ExportKind, Function, MemArg, Module, RawSection, SectionId, ValType,
};
use wasmparser::{BinaryReader, DataKind, Operator, Parser, Payload, TypeRef};

/// How the array begins. Its size in bytes follows, and then the number of bytes that are in use, which include these;
/// both are a `u32` in little endian.
const MARK: &[u8] = b"bootstream:arena";

/// Offset of the number of bytes in use, in the array.
const USED_AT: u32 = 20;

/// The type of the function, encoded: four parameters and a result, all `i32`.
const FUNCTION_TYPE: [u8; 8] = [0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f];

/// The name under which `wit-component` finds the function.
const EXPORT: &str = "cabi_realloc_adapter";

/// Adds the function if the module has the array.
///
/// # Errors
///
/// The module is damaged, or has two such arrays.
pub(super) fn with_allocator(module: &[u8]) -> Result<Vec<u8>> {
    let Some(arena) = Arena::find(module)? else {
        return Ok(module.to_owned());
    };
    let indices = Indices::count(module)?;
    let mut made = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        let data = module.get(range).context("the module is damaged")?;
        let entry = indices.entry(id, arena);
        let longer = entry.map(|entry| appended(data, &entry)).transpose()?;
        let data = longer.as_deref().unwrap_or(data);
        made.section(&RawSection { id, data });
    }
    Ok(made.finish())
}

/// The array.
#[derive(Clone, Copy, Debug)]
struct Arena {
    address: u32,
    bytes: u32,
}

impl Arena {
    fn find(module: &[u8]) -> Result<Option<Self>> {
        let mut found = None;
        for payload in Parser::new(0).parse_all(module) {
            let Payload::DataSection(segments) = payload? else {
                continue;
            };
            for segment in segments {
                let segment = segment?;
                for at in places_of_mark(segment.data) {
                    let start =
                        start_of(&segment.kind).context("the array is in a passive segment")?;
                    let arena = Self::read(segment.data, at, start)?;
                    if found.replace(arena).is_some() {
                        bail!(
                            "two copies of the package `bootstream` are in the module: link only one"
                        );
                    }
                }
            }
        }
        Ok(found)
    }

    fn read(data: &[u8], at: usize, start: u32) -> Result<Self> {
        let damaged = || anyhow!("the array for the adapter of WASI preview 1 is damaged");
        let size = at
            .checked_add(MARK.len())
            .and_then(|from| data.get(from..)?.first_chunk());
        let offset = u32::try_from(at).map_err(|_| damaged())?;
        Ok(Self {
            address: start.checked_add(offset).ok_or_else(damaged)?,
            bytes: u32::from_le_bytes(*size.ok_or_else(damaged)?),
        })
    }

    /// The function. It takes what `cabi_realloc` takes, but never an old block, and never frees: the adapter
    /// allocates a few times at its start. Traps if the array is full.
    fn allocator(self) -> Function {
        const OLD: u32 = 0;
        const ALIGN: u32 = 2;
        const SIZE: u32 = 3;
        const BLOCK: u32 = 4;
        const USED: u32 = 5;
        let address = self.address.cast_signed();
        let used = MemArg {
            offset: u64::from(self.address) + u64::from(USED_AT),
            align: 2,
            memory_index: 0,
        };
        let mut function = Function::new([(2, ValType::I32)]);
        let mut code = function.instructions();
        code.local_get(OLD)
            .if_(BlockType::Empty)
            .unreachable()
            .end();
        // block = (address + used + align - 1) & -align
        code.i32_const(0)
            .i32_load(used)
            .i32_const(address)
            .i32_add();
        code.local_get(ALIGN).i32_add().i32_const(1).i32_sub();
        code.i32_const(0)
            .local_get(ALIGN)
            .i32_sub()
            .i32_and()
            .local_set(BLOCK);
        // used = block + size - address
        code.local_get(BLOCK).local_get(SIZE).i32_add();
        code.i32_const(address).i32_sub().local_set(USED);
        let bytes = self.bytes.cast_signed();
        code.local_get(USED).i32_const(bytes).i32_gt_u();
        code.if_(BlockType::Empty).unreachable().end();
        code.i32_const(0).local_get(USED).i32_store(used);
        code.local_get(BLOCK).end();
        function
    }
}

fn places_of_mark(data: &[u8]) -> impl Iterator<Item = usize> {
    let windows = data.windows(MARK.len()).enumerate();
    windows.filter_map(|(at, bytes)| (bytes == MARK).then_some(at))
}

/// Returns the address of an active segment.
fn start_of(kind: &DataKind<'_>) -> Option<u32> {
    let DataKind::Active { offset_expr, .. } = kind else {
        return None;
    };
    match offset_expr.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Some(value.cast_unsigned()),
        _ => None,
    }
}

/// The indices of the function and of its type.
#[derive(Clone, Copy, Debug, Default)]
struct Indices {
    types: u32,
    functions: u32,
}

impl Indices {
    fn count(module: &[u8]) -> Result<Self> {
        let mut counted = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        let types = group?.types().len();
                        counted.types += u32::try_from(types)?;
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        counted.functions += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(functions) => counted.functions += functions.count(),
                _ => {}
            }
        }
        Ok(counted)
    }

    /// Returns what is to be added to a section, as bytes.
    fn entry(self, section: u8, arena: Arena) -> Option<Vec<u8>> {
        let mut entry = Vec::new();
        match section {
            id if id == SectionId::Type as u8 => entry.extend_from_slice(&FUNCTION_TYPE),
            id if id == SectionId::Function as u8 => self.types.encode(&mut entry),
            id if id == SectionId::Export as u8 => {
                EXPORT.encode(&mut entry);
                ExportKind::Func.encode(&mut entry);
                self.functions.encode(&mut entry);
            }
            id if id == SectionId::Code as u8 => arena.allocator().encode(&mut entry),
            _ => return None,
        }
        Some(entry)
    }
}

/// Returns the data of a section, a number of entries and the entries, with one more.
fn appended(section: &[u8], entry: &[u8]) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(section, 0);
    let count = reader.read_var_u32()?;
    let entries = reader.read_bytes(reader.bytes_remaining())?;
    let mut longer = Vec::with_capacity(section.len() + entry.len() + 1);
    count
        .checked_add(1)
        .context("the section is full")?
        .encode(&mut longer);
    longer.extend_from_slice(entries);
    longer.extend_from_slice(entry);
    Ok(longer)
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Module, Store};

    use super::*;

    /// A module with an array of 64 bytes at 1000, and an import that counts as a function.
    const MODULE: &str = r#"(module
        (import "host" "f" (func))
        (memory (export "memory") 1)
        (data (i32.const 990) "0123456789bootstream:arena\40\00\00\00\18\00\00\00")
        (func (export "answer") (result i32) i32.const 42))"#;

    #[track_caller]
    fn with(text: &str) -> Result<Vec<u8>> {
        with_allocator(&wat::parse_str(text).unwrap())
    }

    #[test]
    fn memory_comes_from_the_array_until_it_is_full() {
        let engine = Engine::default();
        let module = Module::new(&engine, with(MODULE).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let f = wasmtime::Func::wrap(&mut store, || {});
        let instance = Instance::new(&mut store, &module, &[f.into()]).unwrap();
        let answer = instance
            .get_typed_func::<(), i32>(&mut store, "answer")
            .unwrap();
        assert_eq!(answer.call(&mut store, ()).unwrap(), 42);
        let allocate = instance
            .get_typed_func::<(i32, i32, i32, i32), i32>(&mut store, EXPORT)
            .unwrap();

        let mut of = |old, align, size| allocate.call(&mut store, (old, 0, align, size));

        assert_eq!(of(0, 1, 3).unwrap(), 1024);
        assert_eq!(of(0, 8, 8).unwrap(), 1032);
        assert!(of(1024, 1, 1).is_err());
        assert!(of(0, 1, 25).is_err());
        assert_eq!(of(0, 1, 24).unwrap(), 1040);
        assert!(of(0, 1, 1).is_err());
    }

    #[test]
    fn a_module_without_the_array_stays_as_it_is() {
        let module = wat::parse_str("(module (func (export \"f\")))").unwrap();
        assert_eq!(with_allocator(&module).unwrap(), module);
    }

    #[test]
    fn an_array_that_is_no_array_is_an_error() {
        for (text, wanted) in [
            (
                r#"(module (memory 1) (data (i32.const 0) "bootstream:arena"))"#,
                "is damaged",
            ),
            (
                r#"(module (memory 1) (data "bootstream:arena12345678"))"#,
                "passive",
            ),
            (
                r#"(module (memory 1) (data (i32.const 0) "bootstream:arena12345678bootstream:arena12345678"))"#,
                "two copies",
            ),
        ] {
            let error = with(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
        assert!(with_allocator(b"\0asm\x01\0\0\0\x01").is_err());
    }
}
