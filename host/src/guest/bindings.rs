//! Rust bindings generated from `wit/`.

mod generated {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "handler",
        exports: { default: async },
    });
}

pub(crate) use generated::bootstream::handler::logging::Level;
pub(crate) use generated::bootstream::handler::types::{
    Context, HeadSize, ResponseHead, StreamError,
};
pub(crate) use generated::{Handler as Exports, HandlerPre};
