//! The files of a new project. `{{name}}`, `{{crate}}` and `{{sdk}}` are filled in.

macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../examples/", $path))
    };
}

/// The settings shared by all languages, followed by those of one.
macro_rules! settings {
    ($path:literal) => {
        concat!(include_str!("settings.toml"), include_str!($path))
    };
}

macro_rules! contract {
    ($path:literal) => {
        include_str!(concat!("../../../wit/", $path))
    };
}

/// A path in the project, and what is there.
pub(super) type File = (&'static str, &'static str);

/// The deployment templates of every project.
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
    ("bootstream.toml", settings!("rust/bootstream.toml")),
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
    ("wit/deps/bootstream/world.wit", contract!("world.wit")),
    ("wit/deps/bootstream/types.wit", contract!("types.wit")),
    ("wit/deps/bootstream/logging.wit", contract!("logging.wit")),
    (
        "wit/deps/bootstream/response-stream.wit",
        contract!("response-stream.wit"),
    ),
    ("bootstream.toml", settings!("javascript/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    ("README.md", include_str!("javascript/README.md")),
    (".gitignore", "/dist\n/handler.wasm\n/node_modules\n"),
];

pub(super) const PYTHON: &[File] = &[
    ("app.py", include_str!("python/app.py")),
    ("requirements.txt", include_str!("python/requirements.txt")),
    ("wit/world.wit", contract!("world.wit")),
    ("wit/types.wit", contract!("types.wit")),
    ("wit/logging.wit", contract!("logging.wit")),
    ("wit/response-stream.wit", contract!("response-stream.wit")),
    ("bootstream.toml", settings!("python/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    ("README.md", include_str!("python/README.md")),
    (
        ".gitignore",
        "/.venv\n/dist\n/handler.wasm\n/typing\n__pycache__\n",
    ),
];
