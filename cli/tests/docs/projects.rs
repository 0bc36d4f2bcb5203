//! The READMEs of projects that `bootstream new` creates can be followed as they are.

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use bootstream_test_support::ARCH;
use tempfile::TempDir;

use crate::follow;
use crate::session::{Session, repository};

/// Documents to follow in a project.
pub(crate) const FOLLOWED: [&str; 8] = [
    "cli/src/new/axum/README.md",
    "cli/src/new/fetch/README.md",
    "cli/src/new/hono/README.md",
    "cli/src/new/javascript/README.md",
    "cli/src/new/python/README.md",
    "cli/src/new/rust/README.md",
    "cli/src/new/wasi-http-python/README.md",
    STANDARD,
];

/// The page on components of `wasi:http`.
const STANDARD: &str = "docs/guide/standard-components.md";

/// Builds with the profile of this repository's handlers instead of the project's, to reuse compiled
/// dependencies.
pub(crate) const PROFILE: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "false"),
    ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo"),
];

/// Variables that spare the registries and change nothing else.
const REGISTRIES: [(&str, &str); 4] = [
    ("npm_config_audit", "false"),
    ("npm_config_fund", "false"),
    ("npm_config_prefer_offline", "true"),
    ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
];

/// A new project, and the folder around it.
fn project(template: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Session::new(folder.path());
    session.type_line(&format!(
        "bootstream new --template {template} fresh-numbers"
    ));
    let project = folder.path().join("fresh-numbers");
    (folder, project)
}

/// A reader in the folder of a project.
fn reader(project: &Path) -> Session {
    Session::new(project).with(&PROFILE).with(&REGISTRIES)
}

#[test]
fn the_readme_of_a_new_project_in_rust_can_be_followed() {
    let (_folder, project) = project("rust");
    // Reuses the versions that are already built, for speed: without it, cargo takes the newest.
    std::fs::copy(repository("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let mut reader = reader(&project);

    follow(&mut reader, "README.md");

    reader.type_line("cargo test 2>&1 | grep '4 passed'");
    reader.type_line("bootstream package");
    reader.type_line(&format!("bootstream doctor -p Architecture={ARCH}"));
}

#[test]
fn the_readme_of_a_new_project_in_javascript_can_be_followed() {
    let (_folder, project) = project("javascript");
    let mut reader = reader(&project);

    follow(&mut reader, "README.md");

    reader.type_line("bootstream package --only function");
}

#[test]
fn the_readme_of_a_new_project_in_python_can_be_followed() {
    let (_folder, project) = project("python");
    let packages = site_packages(&project);
    std::fs::create_dir_all(&packages).unwrap();
    std::fs::write(packages.join("borrowed.py"), "LINES = 3\n").unwrap();
    let app = std::fs::read_to_string(project.join("app.py")).unwrap();
    let app = format!("import borrowed\nassert borrowed.LINES == 3\n{app}");
    std::fs::write(project.join("app.py"), app).unwrap();

    follow(&mut reader(&project), "README.md");
}

/// Follows the README of a project for `wasi:http`, and looks at its stream.
fn follow_standard(template: &str) -> (TempDir, PathBuf) {
    let (folder, project) = project(template);
    let mut reader = reader(&project);
    follow(&mut reader, "README.md");
    reader.assert_streams();
    reader.type_line("bootstream package --only function --portable");
    reader.type_line("bootstream inspect dist/function.zip | grep 'wasi:http/proxy@0.2'");
    (folder, project)
}

#[test]
fn the_readme_of_a_new_project_with_axum_can_be_followed() {
    let (_folder, project) = follow_standard("axum");

    reader(&project).type_line("cargo test 2>&1 | grep '3 passed'");
}

#[test]
fn the_readme_of_a_new_project_with_hono_can_be_followed() {
    follow_standard("hono");
}

#[test]
fn the_readme_of_a_new_project_for_fetch_can_be_followed() {
    follow_standard("fetch");
}

#[test]
fn the_readme_of_a_new_project_for_wasi_http_in_python_can_be_followed() {
    follow_standard("wasi-http-python");
}

#[test]
fn the_page_on_standard_components_can_be_followed() {
    let folder = tempfile::tempdir().unwrap();
    let page = repository(STANDARD);

    follow(&mut reader(folder.path()), page.to_str().unwrap());
}

/// The folder where the project's `pip` installs packages.
fn site_packages(project: &Path) -> PathBuf {
    let version = "import sys; print(f'python{sys.version_info[0]}.{sys.version_info[1]}', end='')";
    let output = Process::new("python3")
        .args(["-c", version])
        .output()
        .unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    project
        .join(".venv/lib")
        .join(version)
        .join("site-packages")
}
