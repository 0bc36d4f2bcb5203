//! The files of a new project. `{{name}}`, `{{crate}}` and `{{sdk}}` are filled in.

use super::{compiled, npm};
use crate::args::Template;

macro_rules! example {
    ($($path:literal),+) => {
        include_str!(concat!("../../assets/examples/", $($path),+))
    };
}

/// The settings shared by all templates, followed by those of one.
macro_rules! settings {
    ($($path:literal)?) => {
        concat!(include_str!("settings.toml") $(, include_str!($path))?)
    };
}

/// A file of a template, at the same path.
macro_rules! file {
    ($template:literal, $path:literal) => {
        ($path, include_str!(concat!($template, "/", $path)))
    };
}

/// A file of the contract, in a folder of the project.
macro_rules! contract {
    ($folder:literal, $name:literal) => {
        (
            concat!($folder, $name),
            include_str!(concat!("../../assets/wit/", $name)),
        )
    };
}

/// A file of the package for Python, in the folder of the project that pip installs it from.
macro_rules! package {
    ($path:literal) => {
        (
            concat!("vendor/bootstream/", $path),
            include_str!(concat!("../../assets/guest-python/", $path)),
        )
    };
}

/// A path in the project, and what is there.
pub(super) type File = (&'static str, &'static str);

/// Returns the files of a template.
pub(super) fn of(template: Template) -> &'static [File] {
    match template {
        Template::Rust => RUST,
        Template::Javascript => npm::JAVASCRIPT,
        Template::Typescript => npm::TYPESCRIPT,
        Template::Python => PYTHON,
        Template::Go => compiled::GO,
        Template::C => compiled::C,
        Template::Axum => AXUM,
        Template::Hono => HONO,
        Template::Fetch => FETCH,
        Template::WasiHttpPython => WASI_HTTP_PYTHON,
    }
}

/// The deployment templates of every project.
pub(super) const DEPLOYMENT: &[File] = &[
    ("template.yaml", include_str!("../../assets/template.yaml")),
    (
        "template-url.yaml",
        include_str!("../../assets/template-url.yaml"),
    ),
];

const RUST: &[File] = &[
    ("Cargo.toml", include_str!("rust/Cargo.toml.in")),
    ("src/lib.rs", example!("streaming-numbers/src/lib.rs")),
    ("src/tests.rs", example!("streaming-numbers/src/tests.rs")),
    ("bootstream.toml", settings!("rust/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("two-numbers.test.toml"),
    ),
    ("README.md", include_str!("rust/README.md")),
    (".gitignore", "/dist\n/target\n"),
];

const PYTHON: &[File] = &[
    ("app.py", example!("streaming-python/app.py")),
    ("test_app.py", example!("streaming-python/test_app.py")),
    ("requirements.txt", include_str!("python/requirements.txt")),
    ("bootstream.toml", settings!("python/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("three-numbers.test.toml"),
    ),
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
    package!("src/bootstream/_upload.py"),
    package!("src/bootstream/_wasi_errors.py"),
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

const AXUM: &[File] = &[
    ("Cargo.toml", include_str!("axum/Cargo.toml.in")),
    file!("axum", "src/main.rs"),
    file!("axum", "src/tests.rs"),
    ("bootstream.toml", settings!()),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("two-numbers.test.toml"),
    ),
    file!("axum", "README.md"),
    (".gitignore", "/dist\n/handler.wasm\n/target\n"),
];

const HONO: &[File] = &[
    ("package.json", include_str!("hono/package.json.in")),
    file!("fetch", "tsconfig.json"),
    file!("hono", "src/app.js"),
    file!("hono", "src/main.js"),
    file!("fetch", "src/numbers.js"),
    file!("fetch", "src/serve.js"),
    file!("fetch", "src/wasi.d.ts"),
    file!("hono", "test/app.test.js"),
    file!("fetch", "wit/world.wit"),
    ("wit/deps/cli.wit", include_str!("fetch/wit/cli.wit")),
    ("wit/deps/http.wit", include_str!("fetch/wit/http.wit")),
    ("bootstream.toml", settings!("javascript/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("two-numbers.test.toml"),
    ),
    file!("hono", "README.md"),
    (".gitignore", "/dist\n/handler.wasm\n/node_modules\n"),
];

const FETCH: &[File] = &[
    ("package.json", include_str!("fetch/package.json.in")),
    file!("fetch", "tsconfig.json"),
    file!("fetch", "src/app.js"),
    file!("fetch", "src/main.js"),
    file!("fetch", "src/numbers.js"),
    file!("fetch", "src/serve.js"),
    file!("fetch", "src/wasi.d.ts"),
    file!("fetch", "test/app.test.js"),
    file!("fetch", "wit/world.wit"),
    ("wit/deps/cli.wit", include_str!("fetch/wit/cli.wit")),
    ("wit/deps/http.wit", include_str!("fetch/wit/http.wit")),
    ("bootstream.toml", settings!("javascript/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("two-numbers.test.toml"),
    ),
    file!("fetch", "README.md"),
    (".gitignore", "/dist\n/handler.wasm\n/node_modules\n"),
];

const WASI_HTTP_PYTHON: &[File] = &[
    file!("wasi-http-python", "app.py"),
    file!("wasi-http-python", "lines.py"),
    file!("wasi-http-python", "test_lines.py"),
    file!("wasi-http-python", "requirements.txt"),
    file!("wasi-http-python", "wit/world.wit"),
    (
        "wit/deps/http.wit",
        include_str!("wasi-http-python/wit/http.wit"),
    ),
    (
        "wit/deps/clocks.wit",
        include_str!("wasi-http-python/wit/clocks.wit"),
    ),
    (
        "wit/deps/io.wit",
        include_str!("wasi-http-python/wit/io.wit"),
    ),
    (
        "bootstream.toml",
        settings!("wasi-http-python/bootstream.toml"),
    ),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("two-numbers.test.toml"),
    ),
    file!("wasi-http-python", "README.md"),
    (
        ".gitignore",
        "/.venv\n/dist\n/handler.wasm\n/typing\n__pycache__\n",
    ),
];
