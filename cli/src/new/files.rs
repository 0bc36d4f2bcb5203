//! The files of a new project. `{{name}}`, `{{crate}}` and `{{sdk}}` are filled in.

macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../examples/", $path))
    };
}

type File = (&'static str, &'static str);

/// What every project is deployed with.
pub(super) const TEMPLATES: &[File] = &[
    ("template.yaml", include_str!("../../../template.yaml")),
    (
        "template-url.yaml",
        include_str!("../../../template-url.yaml"),
    ),
];

pub(super) const RUST: &[File] = &[
    ("Cargo.toml", include_str!("rust/Cargo.toml.in")),
    ("src/lib.rs", example!("streaming-numbers/src/lib.rs")),
    ("src/tests.rs", example!("streaming-numbers/src/tests.rs")),
    ("event.json", include_str!("event.json")),
    ("README.md", include_str!("rust/README.md")),
    (".gitignore", "/dist\n/target\n"),
];

pub(super) const JAVASCRIPT: &[File] = &[
    ("package.json", include_str!("javascript/package.json.in")),
    ("handler.js", example!("streaming-javascript/handler.js")),
    (
        "wit/world.wit",
        example!("streaming-javascript/wit/world.wit"),
    ),
    (
        "wit/deps/clocks.wit",
        example!("streaming-javascript/wit/deps/clocks.wit"),
    ),
    (
        "wit/deps/io.wit",
        example!("streaming-javascript/wit/deps/io.wit"),
    ),
    (
        "wit/deps/bootstream/world.wit",
        example!("streaming-javascript/wit/deps/bootstream/world.wit"),
    ),
    (
        "wit/deps/bootstream/types.wit",
        example!("streaming-javascript/wit/deps/bootstream/types.wit"),
    ),
    (
        "wit/deps/bootstream/logging.wit",
        example!("streaming-javascript/wit/deps/bootstream/logging.wit"),
    ),
    (
        "wit/deps/bootstream/response-stream.wit",
        example!("streaming-javascript/wit/deps/bootstream/response-stream.wit"),
    ),
    ("event.json", include_str!("event.json")),
    ("README.md", include_str!("javascript/README.md")),
    (".gitignore", "/dist\n/handler.wasm\n/node_modules\n"),
];
