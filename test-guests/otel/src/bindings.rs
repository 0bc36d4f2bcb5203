//! The generated bindings of `wasi:otel`, and nothing else.

wit_bindgen::generate!({ path: "wit", world: "imports", generate_all });
