//! Where `bootstrap` comes from: an installed one, another release's, this command itself.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bootstream_test_support::{assert_contains, assert_contains_all, built};

use crate::support::{bootstream, component, failure, succeed, text};

/// A prefix like that of an installed package, in which the command lies alone.
struct Prefix {
    folder: tempfile::TempDir,
}

impl Prefix {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let command = bin.join("bootstream");
        let here = bootstream(&[]);
        std::fs::hard_link(here.get_program(), &command)
            .or_else(|_| std::fs::copy(here.get_program(), &command).map(drop))
            .unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command, without any setting of this machine.
    fn bootstream(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.path("bin/bootstream"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path("home"))
            .current_dir(self.folder.path());
        command
    }

    /// Puts an executable with this content at a path of the package.
    fn put(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, mode).unwrap();
    }

    /// Packs files as a release does. Returns the name of the archive, which has its checksum beside it.
    fn archive(&self, files: &[(&str, &[u8])]) -> String {
        for (name, content) in files {
            self.put(&format!("release/{name}"), content);
        }
        let script = "tar -czf host.tar.gz release && sha256sum host.tar.gz > host.tar.gz.sha256";
        let mut tar = Command::new("sh");
        succeed(tar.args(["-c", script]).current_dir(self.folder.path()));
        "host.tar.gz".to_owned()
    }
}

fn arch() -> &'static str {
    if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    }
}

fn in_package(file: &str) -> String {
    format!("lib/bootstream/{}/{file}", arch())
}

fn host() -> Vec<u8> {
    std::fs::read(built("lambda/bootstrap")).unwrap()
}

const NOTE: &str = "this command runs the handler itself";

#[test]
fn without_a_host_the_command_runs_handlers_itself_and_says_so() {
    let prefix = Prefix::new();
    let numbers = component("streaming_numbers");

    let output = succeed(
        prefix
            .bootstream(&["invoke", "-d", r#"{"count":1}"#])
            .arg(&numbers),
    );

    assert_contains(&text(&output.stdout), "Streaming complete!");
    let said = text(&output.stderr);
    assert_eq!(said.matches(NOTE).count(), 1, "{said}");
    assert_contains(&said, "`bootstream host install`");
}

#[test]
fn it_also_runs_components_of_wasi_0_3() {
    let prefix = Prefix::new();
    let service = component("service_guest");

    let output = succeed(prefix.bootstream(&["invoke", "--include"]).arg(&service));

    assert_contains(&text(&output.stderr), NOTE);
    assert!(!output.stdout.is_empty());
}

#[test]
fn the_command_itself_is_never_packaged() {
    let prefix = Prefix::new();
    let numbers = component("streaming_numbers");

    let said = failure(prefix.bootstream(&["package"]).arg(&numbers));

    assert_contains_all(
        &said,
        [
            "lambda/bootstrap`",
            "bin/bootstrap`",
            &in_package("bootstrap"),
            "home/.local/share/bootstream/",
            "`bootstream host install",
        ],
    );
    assert!(!prefix.path("dist/host-layer.zip").exists());
}

#[test]
fn the_host_of_a_package_is_found_also_through_a_link() {
    let prefix = Prefix::new();
    prefix.put(&in_package("bootstrap"), &host());
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("bootstream");
    std::os::unix::fs::symlink(prefix.path("bin/bootstream"), &link).unwrap();

    let output = succeed(
        Command::new(&link)
            .args(["demo", "--once", "--port", "0"])
            .env_clear()
            .env("HOME", prefix.path("home")),
    );

    let said = text(&output.stderr);
    assert!(!said.contains(NOTE), "{said}");
    assert_contains(&text(&output.stdout), "Hello from a WebAssembly component.");
}

#[test]
fn a_host_of_another_release_is_refused() {
    let prefix = Prefix::new();
    prefix.put(
        &in_package("bootstrap"),
        b"\x7fELF bootstream-release=0.0.9;",
    );
    let numbers = component("streaming_numbers");

    for command in ["invoke", "package"] {
        let said = failure(prefix.bootstream(&[command]).arg(&numbers));

        let wanted = [
            &in_package("bootstrap"),
            "release 0.0.9",
            env!("CARGO_PKG_VERSION"),
        ];
        assert_contains_all(&said, wanted);
    }
}

#[test]
fn a_program_of_another_project_is_not_taken_for_a_host() {
    let prefix = Prefix::new();
    prefix.put("bin/bootstrap", b"#!/bin/sh\nexit 1\n");

    let output = succeed(&mut prefix.bootstream(&["demo", "--once", "--port", "0"]));

    assert_contains(&text(&output.stderr), NOTE);
}

#[test]
fn an_installed_host_is_found() {
    let prefix = Prefix::new();
    let archive = prefix.archive(&[(&in_package("bootstrap"), &host())]);

    let output = succeed(&mut prefix.bootstream(&["host", "install", "--from", &archive]));

    let place = text(&output.stdout);
    assert!(Path::new(place.trim_end()).is_file(), "{place}");
    let output = succeed(&mut prefix.bootstream(&["demo", "--once", "--port", "0"]));
    assert!(!text(&output.stderr).contains(NOTE));
}

#[test]
fn an_archive_with_a_changed_byte_is_refused() {
    let prefix = Prefix::new();
    let archive = prefix.archive(&[(&in_package("bootstrap"), &host())]);
    let path = prefix.path(&archive);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    let said = failure(&mut prefix.bootstream(&["host", "install", "--from", &archive]));

    assert_contains_all(&said, ["SHA-256", "host.tar.gz.sha256"]);
    assert!(!prefix.path("home/.local/share/bootstream").exists());
}

#[test]
fn what_is_not_the_host_of_this_machine_is_not_installed() {
    let other = if arch() == "arm64" { "x86_64" } else { "arm64" };
    let path = format!("lib/bootstream/{other}/bootstrap");
    for (content, args, wanted) in [
        (
            host(),
            &[][..],
            format!("has no `lib/bootstream/{}/bootstrap`", arch()),
        ),
        (host(), &["--arch", other], format!("is not for {other}")),
        (
            b"bootstream-release=0.0.9;".to_vec(),
            &["--arch", other],
            "release 0.0.9".to_owned(),
        ),
        (
            b"#!/bin/sh\n".to_vec(),
            &["--arch", other],
            "is not one of Bootstream".to_owned(),
        ),
    ] {
        let prefix = Prefix::new();
        let archive = prefix.archive(&[(&path, &content)]);

        let install = [&["host", "install", "--from", &archive], args].concat();
        let said = failure(&mut prefix.bootstream(&install));

        assert_contains(&said, &wanted);
        assert!(!prefix.path("home/.local/share/bootstream").exists());
    }
}

#[test]
fn the_verbose_version_says_where_the_host_is() {
    let prefix = Prefix::new();
    prefix.put(&in_package("bootstrap"), &host());

    let output = succeed(&mut prefix.bootstream(&["--verbose", "--version"]));

    assert_contains_all(
        &text(&output.stdout),
        [
            &format!("bootstream {}\n", env!("CARGO_PKG_VERSION")),
            "commit: ",
            "wasmtime: ",
            &in_package("bootstrap"),
        ],
    );
}

#[test]
fn bootstrap_says_which_release_it_is_of() {
    let output = succeed(Command::new(built("lambda/bootstrap")).arg("--version"));
    let wanted = format!("bootstrap {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&output.stdout), wanted);
}

#[test]
fn binstall_looks_for_the_archives_that_a_release_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest: toml::Table = std::fs::read_to_string(root.join("cli/Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let release = env!("CARGO_PKG_VERSION");
    for arch in ["x86_64", "arm64"] {
        let script = format!(". scripts/release/lib.sh && triple {arch}");
        let output = succeed(Command::new("sh").args(["-c", &script]).current_dir(&root));
        let target = text(&output.stdout);
        let target = target.trim_end();
        let filled = |key: &str| {
            let template = binstall[key].as_str().unwrap();
            let filled = template.replace("{ target }", target);
            filled
                .replace("{ version }", release)
                .replace("{ bin }", "bootstream")
        };
        let name = format!("bootstream-v{release}-{target}");
        assert!(filled("pkg-url").ends_with(&format!("/v{release}/{name}.tar.gz")));
        assert_eq!(filled("bin-dir"), format!("{name}/bin/bootstream"));
    }
    let pack = std::fs::read_to_string(root.join("scripts/release/archives.sh")).unwrap();
    assert_contains(&pack, "name=bootstream-v$VERSION-$(triple $arch)");
}
