//! The generated bindings of the worlds `handler` and `preinit`, and nothing else.
//!
//! Public because [`handler`](macro@crate::handler) expands to code that names them. Handlers do not
//! use them.

#![expect(clippy::mem_forget, reason = "generated code hands memory to the host")]

wit_bindgen::generate!({
    path: "../wit",
    world: "handler",
    pub_export_macro: true,
    default_bindings_module: "bootstream::bindings",
});

/// The bindings of the world `preinit`.
pub mod preinit {
    wit_bindgen::generate!({
        path: "../wit",
        world: "preinit",
        pub_export_macro: true,
        default_bindings_module: "bootstream::bindings::preinit",
    });
}
