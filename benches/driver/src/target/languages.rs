//! One handler in several languages, and on AWS's runtimes for two of them.

use std::path::Path;

use super::ours::{Builds, GUEST, precompiled};
use super::{BEST, Target, built, native};
use crate::place::Place;

pub(crate) const QUICKJS: &str = "QuickJS";
pub(crate) const SPIDERMONKEY: &str = "SpiderMonkey";
pub(crate) const PYTHON: &str = "Python";
pub(crate) const NODE: &str = "Node.js, `aws-lambda-ric`";
pub(crate) const CPYTHON: &str = "CPython, `awslambdaric`";

/// Handlers that do the same in all languages of this project, between best native and AWS's runtimes. With a folder
/// `before`, also those of the engines that are larger, on the `bootstrap` in there.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn languages(root: &Path, before: Option<&Path>) -> anyhow::Result<Vec<Target>> {
    let builds = Builds::of_root(root)?;
    let ours = |name, guest: &str| of_builds(root, &builds, name, guest);
    let mut targets = vec![
        native(root, "best native", "native", &BEST)?,
        ours("Rust", GUEST)?,
        ours("C", "bench/languages/c.wasm")?,
        ours("Go", "bench/languages/go.wasm")?,
        ours(QUICKJS, "bench/languages/quickjs.wasm")?,
        ours(PYTHON, "bench/languages/python.wasm")?,
        ours(SPIDERMONKEY, "bench/languages/spidermonkey.wasm")?,
        aws(root, NODE, "bench/languages/node/bootstrap")?,
        aws(root, CPYTHON, "bench/languages/cpython/bootstrap")?,
        aws(
            root,
            "Rust, Lambda Web Adapter",
            "web-adapter/release/web-adapter",
        )?,
    ];
    if let Some(folder) = before {
        let builds = Builds::of_folder(folder)?;
        for (name, guest) in [
            ("QuickJS before", "quickjs"),
            ("Python before", "python"),
            ("SpiderMonkey before", "spidermonkey"),
        ] {
            let guest = format!("bench/languages/{guest}.wasm");
            targets.push(of_builds(root, &builds, name, &guest)?);
        }
    }
    Ok(targets)
}

fn of_builds(
    root: &Path,
    builds: &Builds,
    name: &'static str,
    guest: &str,
) -> anyhow::Result<Target> {
    let package = root.join("target/bench/languages/packages").join(name);
    Ok(Target {
        name,
        ..precompiled(root, builds, guest, &package, &[])?
    })
}

fn aws(root: &Path, name: &'static str, executable: &str) -> anyhow::Result<Target> {
    Ok(Target {
        name,
        executable: built(root, executable)?,
        variables: vec![],
        upstream: None,
        is_concurrent: false,
        place: Place::Anywhere,
    })
}
