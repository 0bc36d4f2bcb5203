//! The files of a new project in Go or C, with the package of its language.

use super::files::File;

/// A file of the package for Go, in the folder of the project that its `go.mod` names. A folder `vendor` has another
/// meaning there.
macro_rules! go_package {
    ($path:literal) => {
        (
            concat!("bootstream/", $path),
            include_str!(concat!("../../assets/guest-go/", $path)),
        )
    };
}

/// A file of the package for C, in the folder of the project that its `Makefile` includes.
macro_rules! c_package {
    ($path:literal) => {
        (
            concat!("vendor/bootstream/", $path),
            include_str!(concat!("../../assets/guest-c/", $path)),
        )
    };
}

pub(super) const GO: &[File] = &[
    ("go.mod", include_str!("go/go.mod.in")),
    ("main.go", example!("streaming-go/main.go")),
    ("main_test.go", example!("streaming-go/main_test.go")),
    ("build.sh", example!("streaming-go/build.sh")),
    ("bootstream.toml", settings!("go/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("two-numbers.test.toml"),
    ),
    file!("go", "README.md"),
    (
        ".gitignore",
        "/.venv\n/dist\n/handler.core.wasm\n/handler.wasm\n",
    ),
    go_package!("README.md"),
    go_package!("bootstreamtest/bootstreamtest.go"),
    go_package!("component.go"),
    go_package!("context.go"),
    go_package!("errors.go"),
    go_package!("fetch/body_wasm.go"),
    go_package!("fetch/codes_wasm.go"),
    go_package!("fetch/fetch.go"),
    go_package!("fetch/imports_wasm.go"),
    go_package!("fetch/other.go"),
    go_package!("fetch/send_wasm.go"),
    go_package!("fetch/wait_wasm.go"),
    go_package!("formats.go"),
    go_package!("go.mod"),
    go_package!("handler.go"),
    go_package!("internal/host/handle_wasm.go"),
    go_package!("internal/host/host.go"),
    go_package!("internal/host/memory_wasm.go"),
    go_package!("internal/host/wasm.go"),
    go_package!("log.go"),
    go_package!("nethttp/component.go"),
    go_package!("nethttp/nethttp.go"),
    go_package!("request.go"),
    go_package!("response.go"),
];

pub(super) const C: &[File] = &[
    ("handler.c", example!("streaming-c/handler.c")),
    file!("c", "Makefile"),
    file!("c", "CMakeLists.txt"),
    ("bootstream.toml", settings!("c/bootstream.toml")),
    ("event.json", include_str!("event.json")),
    (
        "bootstream.test.toml",
        include_str!("two-numbers.test.toml"),
    ),
    file!("c", "README.md"),
    (
        ".gitignore",
        "/.venv\n/dist\n/handler.core.wasm\n/handler.wasm\n/target\n",
    ),
    c_package!("README.md"),
    c_package!("bootstream.mk"),
    c_package!("cmake/bootstream.cmake"),
    c_package!("cmake/clang.cmake"),
    c_package!("cmake/zig.cmake"),
    c_package!("include/bootstream.h"),
    c_package!("include/bootstream_fetch.h"),
    c_package!("include/bootstream_json.h"),
    c_package!("src/abi.c"),
    c_package!("src/abi.h"),
    c_package!("src/error.c"),
    c_package!("src/error.h"),
    c_package!("src/fetch.c"),
    c_package!("src/fetch.h"),
    c_package!("src/fetch_failure.c"),
    c_package!("src/fetch_response.c"),
    c_package!("src/handle.c"),
    c_package!("src/json.c"),
    c_package!("src/json.h"),
    c_package!("src/json_check.c"),
    c_package!("src/response.c"),
    c_package!("src/wasi.h"),
];
