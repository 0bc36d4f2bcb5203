//! The READMEs of projects that `bootstream new` creates can be followed as they are.

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use bootstream_test_support::ARCH;
use bootstream_test_support::browser::Page;
use tempfile::TempDir;

use crate::follow;
use crate::session::{Session, repository};

/// Documents to follow in a project.
pub(crate) const FOLLOWED: [&str; 11] = [
    "cli/src/new/axum/README.md",
    "cli/src/new/c/README.md",
    "cli/src/new/fetch/README.md",
    "cli/src/new/go/README.md",
    "cli/src/new/hono/README.md",
    "cli/src/new/javascript/README.md",
    "cli/src/new/python/README.md",
    "cli/src/new/rust/README.md",
    "cli/src/new/typescript/README.md",
    "cli/src/new/wasi-http-python/README.md",
    STANDARD,
];

/// The page on components of `wasi:http`.
const STANDARD: &str = "docs/guide/standard-components.md";

/// Builds with the profile of this repository's handlers instead of the project's, to reuse compiled
/// dependencies. Those for `dev --watch` have a folder of their own, and are not optimised.
pub(crate) const PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "false"),
    ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo"),
    ("CARGO_PROFILE_BOOTSTREAM_DEV_OPT_LEVEL", "0"),
];

/// Builds tests in a workspace of their own with the dependencies of this repository's, which have no debug information.
pub(crate) const TESTS: [(&str, &str); 1] = [("CARGO_PROFILE_DEV_DEBUG", "0")];

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
    Session::new(project)
        .with(&PROFILE)
        .with(&TESTS)
        .with(&REGISTRIES)
}

#[test]
fn the_readme_of_a_new_project_in_rust_can_be_followed() {
    let (_folder, project) = project("rust");
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
fn the_readme_of_a_new_project_in_typescript_can_be_followed() {
    let (_folder, project) = project("typescript");
    let mut reader = reader(&project);

    follow(&mut reader, "README.md");

    reader.type_line("npm install zod@4.6.7");
    let source = project.join("src/handler.ts");
    let text = std::fs::read_to_string(&source).unwrap();
    let text = format!("import {{ z }} from \"zod\";\nz.string().parse(\"x\");\n{text}");
    std::fs::write(source, text).unwrap();
    reader.type_line("bootstream build . && bootstream invoke handler.wasm | grep complete");
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

#[test]
fn the_readme_of_a_new_project_in_go_can_be_followed() {
    let (_folder, project) = project("go");

    follow(&mut reader(&project), "README.md");
}

#[test]
fn the_readme_of_a_new_project_in_c_can_be_followed() {
    let (_folder, project) = project("c");

    follow(&mut reader(&project), "README.md");
}

/// Follows the README of a new project for `wasi:http`.
fn follow_standard(template: &str) -> (TempDir, PathBuf) {
    let (folder, project) = project(template);
    follow_standard_in(&project);
    (folder, project)
}

/// Follows the README of a project for `wasi:http`, and looks at its stream.
fn follow_standard_in(project: &Path) {
    let mut reader = reader(project);
    follow(&mut reader, "README.md");
    // The README has built it.
    reader.assert_streams("handler.wasm");
    reader.type_line("bootstream dev handler.wasm");
    // A browser does not wait as long as a busy machine may compile.
    reader.type_line("curl -s 'http://127.0.0.1:7000/numbers?count=0' | grep complete");
    assert_streams_in_a_browser(&reader.local_lambda());
    reader.type_line("bootstream package handler.wasm --only function --portable");
    reader.type_line("bootstream inspect dist/function.zip | grep 'wasi:http/proxy@0.2'");
}

/// Reads the stream as the script of a page does.
fn assert_streams_in_a_browser(url: &str) {
    // Any page of this origin, so that the script may read the response.
    let mut page = Page::open(&format!("{url}/numbers?count=0"));
    let seen = page.evaluate(
        "(async () => {
            const response = await fetch('/numbers?count=2');
            const body = response.body.pipeThrough(new TextDecoderStream());
            const seen = [];
            for await (const text of body) seen.push([text, performance.now()]);
            return seen;
        })()",
    );
    let seen: Vec<(String, f64)> = serde_json::from_value(seen).unwrap();
    let texts: Vec<_> = seen.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(
        texts,
        ["Number: 1\n", "Number: 2\n", "Streaming complete!\n"]
    );
    let pauses = seen.iter().zip(&seen[1..]);
    assert!(
        pauses.clone().all(|(one, next)| next.1 - one.1 > 500.0),
        "{seen:?}"
    );
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

/// A path of a service in JavaScript whose stream fails after its first line.
const BROKEN: &str = r#"export function handle(request, pause) {
  if (request.url.includes("/broken")) {
    let lines = 0;
    return new Response(new ReadableStream({
      pull(controller) {
        lines += 1;
        if (lines > 1) throw new Error("too much");
        controller.enqueue(new TextEncoder().encode("first\n"));
      },
    }));
  }
"#;

#[test]
fn the_readme_of_a_new_project_for_fetch_can_be_followed() {
    let (_folder, project) = project("fetch");
    let app = std::fs::read_to_string(project.join("src/app.js")).unwrap();
    let app = app.replace("export function handle(request, pause) {\n", BROKEN);
    assert!(app.contains("/broken"), "{app}");
    std::fs::write(project.join("src/app.js"), app).unwrap();
    let event = std::fs::read_to_string(project.join("event.json")).unwrap();
    std::fs::write(
        project.join("broken.json"),
        event.replace("/numbers", "/broken"),
    )
    .unwrap();

    follow_standard_in(&project);

    // The engine alone would end it cleanly.
    let mut reader = reader(&project);
    reader.type_line("bootstream invoke handler.wasm -d @broken.json > said 2>&1; test $? = 1");
    reader.type_line(
        "grep -x first said && grep 'called `exit` with status 1' said && grep 'too much' said",
    );
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
