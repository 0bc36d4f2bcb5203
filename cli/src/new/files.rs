//! The files of a new project. `{{name}}`, `{{crate}}` and `{{sdk}}` are filled in.

macro_rules! example {
    ($($path:literal),+) => {
        include_str!(concat!("../../../examples/", $($path),+))
    };
}

/// The settings shared by all languages, followed by those of one.
macro_rules! settings {
    ($path:literal) => {
        concat!(include_str!("settings.toml"), include_str!($path))
    };
}

/// A file of the contract, in a folder of the project.
macro_rules! contract {
    ($folder:literal, $name:literal) => {
        (
            concat!($folder, $name),
            include_str!(concat!("../../../wit/", $name)),
        )
    };
}

/// A file of the example in JavaScript, at the same path.
macro_rules! javascript {
    ($path:literal) => {
        ($path, example!("streaming-javascript/", $path))
    };
}

/// A file of the package for Python, in the folder of the project that pip installs it from.
macro_rules! package {
    ($path:literal) => {
        (
            concat!("vendor/bootstream/", $path),
            include_str!(concat!("../../../guest-python/", $path)),
        )
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
    javascript!("handler.js"),
    javascript!("wit/world.wit"),
    javascript!("wit/deps/clocks.wit"),
    javascript!("wit/deps/io.wit"),
    contract!("wit/deps/bootstream/", "world.wit"),
    contract!("wit/deps/bootstream/", "types.wit"),
    contract!("wit/deps/bootstream/", "logging.wit"),
    contract!("wit/deps/bootstream/", "response-stream.wit"),
    ("bootstream.toml", settings!("javascript/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    ("README.md", include_str!("javascript/README.md")),
    (".gitignore", "/dist\n/handler.wasm\n/node_modules\n"),
];

pub(super) const PYTHON: &[File] = &[
    ("app.py", example!("streaming-python/app.py")),
    ("test_app.py", example!("streaming-python/test_app.py")),
    ("requirements.txt", include_str!("python/requirements.txt")),
    ("bootstream.toml", settings!("python/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    ("README.md", include_str!("python/README.md")),
    (
        ".gitignore",
        "/.venv\n/dist\n/handler.wasm\n__pycache__\n.pytest_cache\n",
    ),
    package!("README.md"),
    package!("pyproject.toml"),
    package!("src/bootstream/__init__.py"),
    package!("src/bootstream/_context.py"),
    package!("src/bootstream/_errors.py"),
    package!("src/bootstream/_formats.py"),
    package!("src/bootstream/_guest.py"),
    package!("src/bootstream/_handler.py"),
    package!("src/bootstream/_host.py"),
    package!("src/bootstream/_preload.py"),
    package!("src/bootstream/_request.py"),
    package!("src/bootstream/_response.py"),
    package!("src/bootstream/_sse.py"),
    package!("src/bootstream/_stream.py"),
    package!("src/bootstream/_wasi_http.py"),
    package!("src/bootstream/_wasm.py"),
    package!("src/bootstream/build/__init__.py"),
    package!("src/bootstream/build/__main__.py"),
    package!("src/bootstream/build/_component.py"),
    package!("src/bootstream/build/_imports.py"),
    package!("src/bootstream/build/_tool.py"),
    package!("src/bootstream/http.py"),
    package!("src/bootstream/log.py"),
    package!("src/bootstream/py.typed"),
    package!("src/bootstream/requests.py"),
    package!("src/bootstream/testing.py"),
    package!("src/bootstream/wit/deps/clocks.wit"),
    package!("src/bootstream/wit/deps/http.wit"),
    package!("src/bootstream/wit/deps/io.wit"),
    package!("src/bootstream/wit/world.wit"),
    contract!(
        "vendor/bootstream/src/bootstream/wit/deps/bootstream/",
        "world.wit"
    ),
    contract!(
        "vendor/bootstream/src/bootstream/wit/deps/bootstream/",
        "types.wit"
    ),
    contract!(
        "vendor/bootstream/src/bootstream/wit/deps/bootstream/",
        "logging.wit"
    ),
    contract!(
        "vendor/bootstream/src/bootstream/wit/deps/bootstream/",
        "response-stream.wit"
    ),
];
