//! The generated bindings of the worlds `handler` and `preinit`, and nothing else.
//!
//! Public because [`handler`](macro@crate::handler) expands to code that names them. Handlers do not
//! use them.
//!
//! They are files, so that handlers need not compile the generator. `macros/tests/bindings.rs` makes them, and fails if they
//! do not follow from the contract.

#![expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::mem_forget,
    clippy::multiple_unsafe_ops_per_block,
    clippy::too_many_lines,
    clippy::undocumented_unsafe_blocks,
    clippy::uninlined_format_args,
    clippy::unnecessary_operation,
    clippy::unwrap_used,
    clippy::use_self,
    clippy::useless_conversion,
    trivial_numeric_casts,
    unreachable_pub,
    unsafe_code,
    unused_qualifications,
    reason = "generated code, which hands memory to the host"
)]

include!("handler.rs");

/// The bindings of the world `preinit`.
pub mod preinit {
    include!("preinit.rs");
}
