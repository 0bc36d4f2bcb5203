//! The files of a new project in JavaScript or TypeScript, with the package for handlers.

use super::files::File;

/// A list of files, followed by those of the package for JavaScript, in the folder of the project that npm installs
/// it from.
macro_rules! with_npm_package {
    ($($file:expr),+ $(,)?) => {
        &[
            $($file,)+
            npm_package!("README.md"),
            npm_package!("package.json"),
            npm_package!("src/build/bundle.js"),
            npm_package!("src/build/cli.js"),
            npm_package!("src/build/component.js"),
            npm_package!("src/build/error.js"),
            npm_package!("src/build/source-map.js"),
            npm_package!("src/chunks.js"),
            npm_package!("src/errors.js"),
            npm_package!("src/formats.js"),
            npm_package!("src/guest/blob.js"),
            npm_package!("src/guest/body.js"),
            npm_package!("src/guest/channel.js"),
            npm_package!("src/guest/clone.js"),
            npm_package!("src/guest/combinators.js"),
            npm_package!("src/guest/console.js"),
            npm_package!("src/guest/context.js"),
            npm_package!("src/guest/core.js"),
            npm_package!("src/guest/crypto.js"),
            npm_package!("src/guest/define.js"),
            npm_package!("src/guest/encoding.js"),
            npm_package!("src/guest/events.js"),
            npm_package!("src/guest/fetch.js"),
            npm_package!("src/guest/form-data.js"),
            npm_package!("src/guest/globals-early.js"),
            npm_package!("src/guest/globals.js"),
            npm_package!("src/guest/headers.js"),
            npm_package!("src/guest/host.js"),
            npm_package!("src/guest/http-errors.js"),
            npm_package!("src/guest/inspect.js"),
            npm_package!("src/guest/jobs.js"),
            npm_package!("src/guest/loop.js"),
            npm_package!("src/guest/main.js"),
            npm_package!("src/guest/messages.js"),
            npm_package!("src/guest/missing.js"),
            npm_package!("src/guest/performance.js"),
            npm_package!("src/guest/phase.js"),
            npm_package!("src/guest/process.js"),
            npm_package!("src/guest/promise.js"),
            npm_package!("src/guest/source-map.js"),
            npm_package!("src/guest/streams.js"),
            npm_package!("src/guest/subtle.js"),
            npm_package!("src/guest/timers.js"),
            npm_package!("src/guest/upload.js"),
            npm_package!("src/guest/wasi-http.js"),
            npm_package!("src/handler.js"),
            npm_package!("src/index.d.ts"),
            npm_package!("src/index.js"),
            npm_package!("src/log.js"),
            npm_package!("src/request.js"),
            npm_package!("src/response.js"),
            npm_package!("src/testing.d.ts"),
            npm_package!("src/testing.js"),
            npm_package!("wit/world.wit"),
            npm_package!("wit/deps/cli.wit"),
            npm_package!("wit/deps/clocks.wit"),
            npm_package!("wit/deps/http.wit"),
            npm_package!("wit/deps/io.wit"),
            npm_package!("wit/deps/random.wit"),
            contract!("vendor/bootstream/wit/deps/bootstream/", "world.wit"),
            contract!("vendor/bootstream/wit/deps/bootstream/", "types.wit"),
            contract!("vendor/bootstream/wit/deps/bootstream/", "logging.wit"),
            contract!("vendor/bootstream/wit/deps/bootstream/", "response-stream.wit"),
        ]
    };
}

macro_rules! npm_package {
    ($path:literal) => {
        (
            concat!("vendor/bootstream/", $path),
            include_str!(concat!("../../assets/guest-js/", $path)),
        )
    };
}

pub(super) const JAVASCRIPT: &[File] = with_npm_package![
    ("package.json", include_str!("javascript/package.json.in")),
    ("handler.js", example!("streaming-javascript/handler.js")),
    (
        "handler.test.js",
        example!("streaming-javascript/handler.test.js")
    ),
    ("bootstream.toml", settings!("javascript/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("three-numbers.test.toml")
    ),
    file!("javascript", "README.md"),
    (".gitignore", "/dist\n/handler.wasm\nnode_modules\n"),
];

pub(super) const TYPESCRIPT: &[File] = with_npm_package![
    ("package.json", include_str!("typescript/package.json.in")),
    (
        "src/handler.ts",
        example!("streaming-typescript/src/handler.ts")
    ),
    (
        "test/handler.test.ts",
        example!("streaming-typescript/test/handler.test.ts")
    ),
    (
        "tsconfig.json",
        example!("streaming-typescript/tsconfig.json")
    ),
    ("bootstream.toml", settings!("javascript/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("three-numbers.test.toml")
    ),
    file!("typescript", "README.md"),
    (".gitignore", "/dist\n/handler.wasm\nnode_modules\n"),
];
