//! Handlers, each compiled ahead of time once per build.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use crate::built;

/// Compiled handlers by source. The lock is held during compilation.
static COMPILED: Mutex<Option<HashMap<PathBuf, PathBuf>>> = Mutex::new(None);

/// The guest that runs its event as a script, precompiled.
#[track_caller]
pub fn scripted() -> PathBuf {
    component("scripted_guest")
}

/// A handler of the workspace, precompiled.
#[track_caller]
pub fn component(name: &str) -> PathBuf {
    precompiled(&source(name))
}

/// A handler of the workspace, as the Rust compiler leaves it.
#[track_caller]
pub fn source(name: &str) -> PathBuf {
    built(&format!("guests/wasm32-wasip2/release/{name}.wasm"))
}

/// The scripted guest in another language than Rust, or an example in one, precompiled.
/// `scripts/build-language-guests.sh` builds it.
#[track_caller]
pub fn language(name: &str) -> PathBuf {
    precompiled(&built(&format!("languages/{name}.wasm")))
}

/// A component in text form of `test-guests/wat`, precompiled.
#[track_caller]
pub fn text(name: &str) -> PathBuf {
    precompiled(&text_source(name))
}

/// The same with `comment` replaced by `replacement`, compiled into `folder` at every call.
#[track_caller]
pub fn text_with(name: &str, comment: &str, replacement: &str, folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(text_source(name)).expect("a text");
    assert!(text.contains(comment), "`{name}` has no `{comment}`");
    compiled(&text.replace(comment, replacement), folder)
}

/// The component in this text, compiled into `folder`.
#[track_caller]
pub fn compiled(text: &str, folder: &Path) -> PathBuf {
    let source = folder.join("handler.wat");
    std::fs::write(&source, text).expect("a folder to write in");
    let compiled = folder.join("handler.cwasm");
    run_compiler(&source, &compiled);
    compiled
}

fn text_source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../test-guests/wat")
        .join(name)
}

/// The program that compiles components.
#[track_caller]
pub fn compiler() -> PathBuf {
    built("release/bootstream-compile")
}

/// Compiles the scripted guest for the target `triple` into `file`, at every call.
#[track_caller]
pub fn scripted_for(triple: &str, file: &Path) {
    let output = Command::new(compiler())
        .args(["--target", triple, "-o"])
        .arg(file)
        .arg(source("scripted_guest"))
        .output()
        .expect("the compiler starts");
    assert!(output.status.success(), "{output:?}");
}

#[track_caller]
fn precompiled(source: &Path) -> PathBuf {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    compiled
        .get_or_insert_default()
        .entry(source.to_owned())
        .or_insert_with(|| compile(source))
        .clone()
}

#[track_caller]
fn compile(source: &Path) -> PathBuf {
    let folder = built("").join("test-components");
    std::fs::create_dir_all(&folder).expect("a folder beside the artefacts can be made");
    let name = source.file_stem().expect("a file").to_string_lossy();
    let key = modified_ns(source).max(modified_ns(&compiler()));
    let compiled = folder.join(format!("{name}-{key}.cwasm"));
    if !compiled.is_file() {
        // Another test run may do the same, so each writes a file of its own and renames it.
        let unfinished = folder.join(format!("{name}-{key}.{}", std::process::id()));
        run_compiler(source, &unfinished);
        std::fs::rename(&unfinished, &compiled).expect("a file can be renamed in its folder");
    }
    compiled
}

#[track_caller]
fn run_compiler(source: &Path, compiled: &Path) {
    let output = Command::new(compiler())
        .arg(source)
        .arg("-o")
        .arg(compiled)
        .output()
        .expect("the compiler starts");
    assert!(
        output.status.success(),
        "`{}` does not compile: {output:?}",
        source.display()
    );
}

#[track_caller]
fn modified_ns(path: &Path) -> u128 {
    let metadata = path
        .metadata()
        .unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    let modified = metadata.modified().expect("Linux has modification times");
    modified
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_nanos()
}
