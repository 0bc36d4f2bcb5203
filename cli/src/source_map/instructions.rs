//! The instructions that appear in stack traces.

use wasmparser::Operator;

/// Returns whether a guest can fail or be stopped in this instruction. Lists the commonest ones where it cannot:
/// an extra entry in the map costs bytes, a missing one a location.
pub(super) fn shows_in_stack_traces(operator: &Operator<'_>) -> bool {
    !(moves_a_value(operator) || is_jump(operator) || is_arithmetic(operator))
}

fn moves_a_value(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Drop
            | Operator::F32Const { .. }
            | Operator::F64Const { .. }
            | Operator::I32Const { .. }
            | Operator::I64Const { .. }
            | Operator::LocalGet { .. }
            | Operator::LocalSet { .. }
            | Operator::LocalTee { .. }
            | Operator::Select
    )
}

/// Not `loop`, at which a guest is stopped.
fn is_jump(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Block { .. }
            | Operator::Br { .. }
            | Operator::BrIf { .. }
            | Operator::BrTable { .. }
            | Operator::Else
            | Operator::End
            | Operator::If { .. }
            | Operator::Nop
            | Operator::Return
    )
}

fn is_arithmetic(operator: &Operator<'_>) -> bool {
    is_32_bit_arithmetic(operator) || is_64_bit_arithmetic(operator)
}

fn is_32_bit_arithmetic(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I32Add
            | Operator::I32And
            | Operator::I32Eq
            | Operator::I32Eqz
            | Operator::I32GeS
            | Operator::I32GeU
            | Operator::I32GtS
            | Operator::I32GtU
            | Operator::I32LeS
            | Operator::I32LeU
            | Operator::I32LtS
            | Operator::I32LtU
            | Operator::I32Mul
            | Operator::I32Ne
            | Operator::I32Or
            | Operator::I32Shl
            | Operator::I32ShrS
            | Operator::I32ShrU
            | Operator::I32Sub
            | Operator::I32WrapI64
            | Operator::I32Xor
    )
}

fn is_64_bit_arithmetic(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I64Add
            | Operator::I64And
            | Operator::I64Eq
            | Operator::I64Eqz
            | Operator::I64ExtendI32S
            | Operator::I64ExtendI32U
            | Operator::I64GeS
            | Operator::I64GeU
            | Operator::I64GtS
            | Operator::I64GtU
            | Operator::I64LeS
            | Operator::I64LeU
            | Operator::I64LtS
            | Operator::I64LtU
            | Operator::I64Mul
            | Operator::I64Ne
            | Operator::I64Or
            | Operator::I64Shl
            | Operator::I64ShrS
            | Operator::I64ShrU
            | Operator::I64Sub
            | Operator::I64Xor
    )
}
