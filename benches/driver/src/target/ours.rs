//! `bootstrap` with a component that its compiler precompiled.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{Target, built, text};
use crate::place::Place;

/// The handler of the benchmarks.
pub(super) const GUEST: &str = "guests/wasm32-wasip2/lambda/bench_handler.wasm";

/// `bootstrap` with the handler precompiled.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn ours(root: &Path) -> anyhow::Result<Target> {
    let package = root.join("target/bench");
    precompiled(root, &Builds::of_root(root)?, GUEST, &package, &[])
}

/// The `bootstrap` in `folder`, with the handler precompiled by the compiler in there.
///
/// # Errors
///
/// When something is missing.
pub(crate) fn before(root: &Path, folder: &Path) -> anyhow::Result<Target> {
    let package = root.join("target/bench/before");
    Ok(Target {
        name: "before",
        ..precompiled(root, &Builds::of_folder(folder)?, GUEST, &package, &[])?
    })
}

/// A `bootstrap` and its compiler.
pub(super) struct Builds {
    executable: PathBuf,
    compiler: PathBuf,
}

impl Builds {
    pub(super) fn of_root(root: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            executable: built(root, "lambda/bootstrap")?,
            compiler: built(root, "release/bootstream-compile")?,
        })
    }

    pub(super) fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let executable = folder.join("bootstrap").canonicalize();
        Ok(Self {
            executable: executable
                .with_context(|| format!("no `bootstrap` in {}", folder.display()))?,
            compiler: folder.join("bootstream-compile"),
        })
    }
}

/// This `bootstrap` with the component at `guest` precompiled in the folder `package`.
pub(super) fn precompiled(
    root: &Path,
    builds: &Builds,
    guest: &str,
    package: &Path,
    options: &[&str],
) -> anyhow::Result<Target> {
    std::fs::create_dir_all(package)?;
    let compiler = &builds.compiler;
    let compiled = Command::new(compiler)
        .arg(built(root, guest)?)
        .args(options)
        .arg("-o")
        .arg(package.join("handler.cwasm"))
        .status()
        .with_context(|| format!("`{}`", compiler.display()))?;
    anyhow::ensure!(compiled.success(), "the handler cannot be compiled");
    Ok(Target {
        name: "bootstream",
        executable: builds.executable.clone(),
        variables: vec![
            ("_HANDLER", "handler".to_owned()),
            ("LAMBDA_TASK_ROOT", text(package)?),
        ],
        upstream: None,
        is_concurrent: true,
        place: Place::Anywhere,
    })
}

/// The handler of the benchmarks in its own world and as a component of WASI 0.2; then the same for WASI 0.3, in the
/// `bootstrap` that has it. The standard world is the reference of each.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn worlds(root: &Path) -> anyhow::Result<[Vec<Target>; 2]> {
    let default = Builds::of_root(root)?;
    let with_wasi_p3 = Builds {
        executable: built(root, "lambda/bootstrap-wasi-p3")?,
        ..Builds::of_root(root)?
    };
    let target = |name, builds: &Builds, guest: &str| -> anyhow::Result<Target> {
        let package = root.join("target/bench/worlds").join(name);
        let guest = format!("guests/wasm32-wasip2/lambda/{guest}.wasm");
        Ok(Target {
            name,
            ..precompiled(root, builds, &guest, &package, &[])?
        })
    };
    Ok([
        vec![
            target("own world", &default, "bench_handler")?,
            target("WASI 0.2", &default, "bench_wasi_handler")?,
        ],
        vec![
            target("own world, with WASI 0.3", &with_wasi_p3, "bench_handler")?,
            target("WASI 0.3", &with_wasi_p3, "bench_service_handler")?,
        ],
    ])
}

/// The handler of the benchmarks, and examples as `bootstream build` and the tools of their languages make them. The
/// largest comes last, without and with reading ahead.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn handlers(root: &Path) -> anyhow::Result<Vec<Target>> {
    const PYTHON: &str = "languages/streaming-python.wasm";
    let builds = Builds::of_root(root)?;
    let target = |name, guest: &str| -> anyhow::Result<Target> {
        let package = root.join("target/bench/handlers").join(name);
        Ok(Target {
            name,
            ..precompiled(root, &builds, guest, &package, &[])?
        })
    };
    let mut not_read_ahead = target("streaming-python, not read ahead", PYTHON)?;
    let off = ("BOOTSTREAM_INIT_WARM", "off".to_owned());
    not_read_ahead.variables.push(off);
    Ok(vec![
        super::native(root, "best native", "native", &super::BEST)?,
        target("bench-handler", GUEST)?,
        target("streaming-numbers", "bench/streaming-numbers.wasm")?,
        target(
            "streaming-javascript",
            "languages/streaming-javascript.wasm",
        )?,
        not_read_ahead,
        target("streaming-python", PYTHON)?,
    ])
}

/// The same with symbols, for counting calls of functions.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn ours_with_names(root: &Path) -> anyhow::Result<Target> {
    const PATH: &str = if cfg!(target_arch = "aarch64") {
        "unstripped/aarch64-unknown-linux-musl/lambda/bootstrap"
    } else {
        "unstripped/x86_64-unknown-linux-musl/lambda/bootstrap"
    };
    Ok(Target {
        executable: built(root, PATH)?,
        ..ours(root)?
    })
}

/// `bootstrap` for arm64 with the handler precompiled, and their folder.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn ours_for_arm64(root: &Path) -> anyhow::Result<(Target, PathBuf)> {
    let package = root.join("target/bench/arm64");
    let options = ["--target", "aarch64-unknown-linux-gnu"];
    let builds = Builds {
        executable: built(
            root,
            "unstripped/aarch64-unknown-linux-musl/lambda/bootstrap",
        )?,
        ..Builds::of_root(root)?
    };
    let target = precompiled(root, &builds, GUEST, &package, &options)?;
    Ok((target, package))
}
