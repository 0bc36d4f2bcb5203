//! Files included with a handler: in the zip, and in the local task root.

use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use bootstream_test_support::assert_contains;
use serde_json::json;
use tempfile::TempDir;
use zip::ZipArchive;

use crate::support::{Dev, bootstream, component, failure, script, succeed, text};

const FILES: &str = "[files]\ntask-root = 'read-only'\n";

/// A project with a handler that reads files.
fn project(settings: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        component("reaching_guest"),
        folder.path().join("handler.wasm"),
    )
    .unwrap();
    write(folder.path(), "bootstream.toml", settings);
    write(folder.path(), "web/index.html", "<p>hello</p>");
    write(folder.path(), "web/css/site.css", "p {}");
    write(folder.path(), "web/drafts/new.html", "not yet");
    write(folder.path(), "web/.env", "SECRET=1");
    write(folder.path(), ".env", "SECRET=1");
    write(folder.path(), "certs/ca.pem", "a certificate");
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn package(folder: &Path, args: &[&str]) -> Command {
    let args = [&["package", "handler.wasm", "--only", "function"], args].concat();
    let mut command = bootstream(&args);
    command.current_dir(folder);
    command
}

#[track_caller]
fn refusal(folder: &Path) -> String {
    let said = failure(&mut package(folder, &[]));
    assert!(!folder.join("dist").exists(), "a package was made");
    said
}

/// Names and modes of the files in the zip besides the handler and its settings.
fn along(folder: &Path) -> Vec<(String, u32)> {
    let mut zip = ZipArchive::new(File::open(folder.join("dist/function.zip")).unwrap()).unwrap();
    let mut files = Vec::new();
    for index in 0..zip.len() {
        let file = zip.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        if !name.starts_with("handler.") && name != "bootstream.toml" {
            files.push((name, file.unix_mode().unwrap() & 0o777));
        }
    }
    files
}

fn names(folder: &Path) -> Vec<String> {
    along(folder).into_iter().map(|(name, _)| name).collect()
}

fn read_file(name: &str) -> String {
    script(&json!([{ "read_file": format!("/var/task/{name}") }]))
}

#[test]
fn what_the_settings_include_is_in_the_zip_sorted_with_plain_modes() {
    let folder =
        project("[package]\ninclude = ['web/**', '!web/drafts', 'certs/*.pem', 'run.sh']\n");
    write(folder.path(), "run.sh", "#!/bin/sh\n");
    let mode = |name: &str, mode| {
        let mode = Permissions::from_mode(mode);
        std::fs::set_permissions(folder.path().join(name), mode).unwrap();
    };
    mode("run.sh", 0o700);
    mode("web/index.html", 0o600);

    let output = succeed(&mut package(folder.path(), &[]));

    let expected = [
        ("certs/ca.pem", 0o644),
        ("run.sh", 0o755),
        ("web/css/site.css", 0o644),
        ("web/index.html", 0o644),
    ];
    let expected = expected.map(|(name, mode)| (name.to_owned(), mode));
    assert_eq!(along(folder.path()), expected);
    let said = text(&output.stderr);
    assert_contains(&said, "left out `web/.env`");
}

#[test]
fn packing_twice_gives_the_same_bytes_also_with_everything_included() {
    let folder = project("[package]\ninclude = ['**', 'dist/**', './.env']\n");
    let pack = || {
        succeed(&mut package(folder.path(), &[]));
        std::fs::read(folder.path().join("dist/function.zip")).unwrap()
    };
    write(folder.path(), "dist/notes.txt", "made by hand");

    let first = pack();
    assert_eq!(
        names(folder.path()),
        [
            ".env",
            "certs/ca.pem",
            "dist/notes.txt",
            "web/css/site.css",
            "web/drafts/new.html",
            "web/index.html"
        ]
    );

    // Other timestamps, modes of another umask, other machine code beside it.
    let index = folder.path().join("web/index.html");
    std::fs::set_permissions(&index, Permissions::from_mode(0o640)).unwrap();
    let file = File::options().write(true).open(&index).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    write(folder.path(), "handler.cwasm", "stale");
    assert!(first == pack(), "the same content is not the same bytes");
}

#[test]
fn a_file_that_a_setting_names_goes_along_or_is_named_when_it_is_missing() {
    let folder = project("[outbound]\nca-file = 'certs/ca.pem'\n");
    succeed(&mut package(folder.path(), &[]));
    assert_eq!(names(folder.path()), ["certs/ca.pem"]);

    for (path, reason) in [
        ("certs/other.pem", "and there is no such file in `.`"),
        ("certs", "and there is no such file in `.`"),
        ("../ca.pem", "which leads out of the package"),
        ("web/../../ca.pem", "which leads out of the package"),
        (
            "web/../certs/ca.pem",
            "write it without `..`, as `certs/ca.pem`",
        ),
        ("/home/me/ca.pem", "which Lambda does not have"),
    ] {
        let folder = project(&format!("# settings\noutbound.ca-file = '{path}'\n"));
        let message = refusal(folder.path());
        assert_contains(&message, "bootstream.toml:2: `outbound.ca-file`");
        assert_contains(&message, &format!("`{path}`"));
        assert_contains(&message, reason);
    }
    // The file may be in a layer, or in Lambda's system.
    let folder = project("outbound.ca-file = '/opt/ca.pem'\n");
    succeed(&mut package(folder.path(), &[]));
}

#[test]
fn what_cannot_go_along_is_named() {
    for (include, reason) in [
        ("../x", "the pattern `../x`: leads out of the folder"),
        (
            "/etc/passwd",
            "the pattern `/etc/passwd` matches no file in `.`\n",
        ),
        ("!bang", "nothing is included"),
        ("wbe/**", "the pattern `wbe/**` matches no file"),
        ("*.env", "a name that begins with a dot is matched only by"),
        (
            "out/**",
            "`out` is a link out of the folder of bootstream.toml",
        ),
        (
            "out",
            "`out` is a link out of the folder of bootstream.toml",
        ),
        ("links/hosts", "`links/hosts` is a link out of the folder"),
        (
            "links/nothing",
            "`links/nothing` is a link that leads nowhere",
        ),
        (
            "links/above/**",
            "is a link to a folder above it, which never ends",
        ),
        ("bootstrap", "`bootstrap` cannot be included"),
        ("other/handler.wasm", ""),
        ("handler", "`handler` cannot be included"),
        ("pipe", "`pipe` is neither a file nor a folder"),
    ] {
        let folder = project(&format!("[package]\ninclude = ['{include}']\n"));
        let path = folder.path();
        symlink("/etc", path.join("out")).unwrap();
        std::fs::create_dir(path.join("links")).unwrap();
        symlink("/etc/hosts", path.join("links/hosts")).unwrap();
        symlink("nowhere", path.join("links/nothing")).unwrap();
        symlink("../links", path.join("links/above")).unwrap();
        for name in ["bootstrap", "handler", "other/handler.wasm"] {
            write(path, name, "x");
        }
        let pipe = rustix::fs::FileType::Fifo;
        let mode = rustix::fs::Mode::RUSR;
        rustix::fs::mknodat(rustix::fs::CWD, path.join("pipe"), pipe, mode, 0).unwrap();
        if reason.is_empty() {
            succeed(&mut package(path, &[]));
            continue;
        }

        let message = refusal(path);

        assert!(message.contains(reason), "{include}: {message}");
        assert!(message.contains("bootstream.toml"), "{include}: {message}");
    }
}

#[test]
fn what_takes_out_all_again_is_refused() {
    let folder = project("[package]\ninclude = ['web', '!**']\n");
    let message = refusal(folder.path());
    assert_contains(&message, "nothing is included");
}

#[test]
fn a_pattern_that_begins_at_the_folder_and_one_with_dots_have_plain_paths_in_the_zip() {
    let folder = project("[package]\ninclude = ['/web/./index.html', 'web/./css//*.css']\n");
    succeed(&mut package(folder.path(), &[]));
    assert_eq!(names(folder.path()), ["web/css/site.css", "web/index.html"]);
}

#[test]
fn links_inside_of_the_project_are_followed() {
    let folder = project("[package]\ninclude = ['site/**']\n");
    std::fs::create_dir(folder.path().join("site")).unwrap();
    symlink("../web/index.html", folder.path().join("site/start.html")).unwrap();
    symlink("../web/css", folder.path().join("site/css")).unwrap();

    succeed(&mut package(folder.path(), &[]));

    assert_eq!(
        names(folder.path()),
        ["site/css/site.css", "site/start.html"]
    );
}

#[test]
fn more_than_lambda_takes_is_refused_with_the_largest_file_before_it_is_read() {
    let folder = project("[package]\ninclude = ['data/*']\n");
    for (name, mib) in [("data/large.bin", 200), ("data/small.bin", 60)] {
        write(folder.path(), name, "");
        let file = File::options().write(true).open(folder.path().join(name));
        file.unwrap().set_len(mib * 1024 * 1024).unwrap();
    }

    let message = refusal(folder.path());

    assert_contains(&message, "Lambda takes 262144000 (250 MB) unpacked");
    assert_contains(&message, "the largest is `data/large.bin`");
}

#[test]
fn a_key_that_is_unknown_is_named() {
    let folder = project("[package]\nincludes = ['web']\n");

    let message = refusal(folder.path());

    assert_contains(&message, "unknown field `includes`");
}

#[test]
fn an_invocation_reads_what_goes_along_and_nothing_else() {
    let folder = project(&format!("[package]\ninclude = ['web/**']\n{FILES}"));
    let event = script(&json!([
        { "read_file": "/var/task/web/index.html" },
        { "read_file": "/var/task/web/.env" },
        { "read_file": "/var/task/certs/ca.pem" },
    ]));

    let output =
        succeed(bootstream(&["invoke", "-d", &event]).arg(folder.path().join("handler.wasm")));

    let said = text(&output.stdout);
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].contains("ok: 12 bytes"), "{said}");
    assert!(lines[1].starts_with("error: "), "{said}");
    assert!(lines[2].starts_with("error: "), "{said}");
}

#[test]
fn a_local_lambda_serves_what_goes_along_as_it_changes() {
    let folder = project(&format!("[package]\ninclude = ['web/**']\n{FILES}"));
    let mut dev = Dev::start(&folder.path().join("handler.wasm"), &[]);
    let read = |dev: &Dev, name: &str| dev.invoke(&read_file(name)).rest().0;
    assert_eq!(read(&dev, "web/index.html"), "ok: 12 bytes\n");

    // Editors replace the old file with a new one.
    write(folder.path(), "next", "<p>changed</p>");
    std::fs::rename(
        folder.path().join("next"),
        folder.path().join("web/index.html"),
    )
    .unwrap();
    dev.wait_for("swapped to the new");
    assert_eq!(read(&dev, "web/index.html"), "ok: 14 bytes\n");

    write(folder.path(), "web/a/new/folder.html", "found");
    dev.wait_for("folder.html");
    assert_eq!(read(&dev, "web/a/new/folder.html"), "ok: 5 bytes\n");

    // Other patterns include other files, which are watched as well.
    write(
        folder.path(),
        "bootstream.toml",
        &format!("[package]\ninclude = ['certs/*']\n{FILES}"),
    );
    dev.wait_for("swapped to the new");
    assert!(read(&dev, "web/index.html").starts_with("error: "));
    assert_eq!(read(&dev, "certs/ca.pem"), "ok: 13 bytes\n");
    write(folder.path(), "certs/other.pem", "another");
    dev.wait_for("other.pem");
    assert_eq!(read(&dev, "certs/other.pem"), "ok: 7 bytes\n");
}

#[test]
fn a_local_lambda_says_what_is_missing_and_takes_it_when_it_is_there() {
    let folder = project(&format!("[package]\ninclude = ['pages/**']\n{FILES}"));
    let mut dev = Dev::start(&folder.path().join("handler.wasm"), &[]);
    let response = dev.invoke("{}");
    assert_eq!(response.status, 502);
    let document = response.json();
    let message = document["errorMessage"].as_str().unwrap();
    assert_contains(message, "the pattern `pages/**` matches no file");
    dev.wait_until_seen("matches no file");

    write(folder.path(), "pages/index.html", "here");

    dev.wait_for("swapped to the new");
    let response = dev.invoke(&read_file("pages/index.html"));
    assert_eq!(response.rest().0, "ok: 4 bytes\n");
}

#[test]
fn several_functions_share_what_their_file_includes() {
    let folder = project(&format!(
        "[package]\ninclude = ['web/**']\n[functions.reader]\nhandler = 'handler.wasm'\n{FILES}"
    ));

    let dev = Dev::start(&folder.path().join("bootstream.toml"), &[]);

    let response = dev.post("/@fn/reader/invoke", &read_file("web/index.html"));
    assert_eq!(response.rest().0, "ok: 12 bytes\n");
}
