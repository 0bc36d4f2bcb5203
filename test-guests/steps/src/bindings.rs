//! The generated bindings of the world `handler`, and nothing else.

#![expect(clippy::mem_forget, reason = "generated code hands memory to the host")]

wit_bindgen::generate!({
    path: "../../wit",
    world: "handler",
    pub_export_macro: true,
    default_bindings_module: "guest_steps::bindings",
});
