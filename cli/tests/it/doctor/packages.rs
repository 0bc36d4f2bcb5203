//! The rules about the zips of a template.

use std::path::Path;

use artifact::{Arch, Concurrency, Fingerprint, Flavour, MemoryInit, Stamp};
use bootstream_host::engine;
use bootstream_test_support::assert_contains;
use serde_json::Value;

use super::{ARCH, diagnose, fields, folder, project, report, repository};
use crate::support::{bootstrap, bootstream, scripted_guest, succeed};

/// Breaks a package of a correct project. Returns the rule and message of the only finding.
#[track_caller]
fn spoil(args: &[&str], change: impl FnOnce(&Path)) -> (String, String) {
    let folder = project();
    change(folder.path());
    let args = [&["template.yaml", "-p", ARCH], args].concat();
    let (findings, code) = diagnose(folder.path(), &args);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(code, Some(1));
    let field = |name: &str| findings[0][name].as_str().unwrap().to_owned();
    (field("rule"), field("message"))
}

/// Doctor's report about a template whose function's package, `function.zip`, has these settings.
pub(super) fn report_on(template: &str, settings: &str) -> Value {
    let folder = folder(&[("template.yaml", template)]);
    let component = std::fs::read(scripted_guest()).unwrap();
    let files = [
        ("handler.wasm", 0o644, &component[..]),
        ("bootstream.toml", 0o644, settings.as_bytes()),
    ];
    zip(&folder.path().join("function.zip"), &files);
    report(folder.path(), &["template.yaml"]).0
}

/// Replaces a zip with one of other content.
pub(super) fn zip(path: &Path, files: &[(&str, u32, &[u8])]) {
    use std::io::Write as _;

    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (name, mode, content) in files {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .unix_permissions(*mode);
        zip.start_file(*name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap();
}

/// Replaces a package of a project with one that has only this file.
pub(super) fn zip_one(folder: &Path, package: &str, file: (&str, u32, &[u8])) {
    zip(&folder.join("dist").join(package), &[file]);
}

pub(super) fn machine_code() -> Vec<u8> {
    machine_code_of(&scripted_guest())
}

fn machine_code_of(component: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.cwasm");
    succeed(bootstream(&["compile"]).arg(component).arg("-o").arg(&file));
    std::fs::read(file).unwrap()
}

#[test]
fn a_package_that_is_not_there_is_found() {
    let (rule, message) = spoil(&[], |folder| {
        std::fs::remove_file(folder.join("dist/function.zip")).unwrap();
    });
    assert_eq!(rule, "archive");
    assert!(
        message.starts_with("cannot read `dist/function.zip`"),
        "{message}"
    );
}

#[test]
fn a_handler_that_is_not_in_its_package_is_found() {
    let (rule, message) = spoil(&["-p", "HandlerFile=other"], |_| {});
    assert_eq!(rule, "missing-handler");
    assert_eq!(
        message,
        "the function's handler is `other`, but the zip has only `handler.cwasm`, `handler.wasm`"
    );
}

#[test]
fn packages_for_another_architecture_are_found() {
    let folder = project();
    let other = if ARCH.ends_with("arm64") {
        "Architecture=x86_64"
    } else {
        "Architecture=arm64"
    };

    let (findings, _) = diagnose(folder.path(), &["template.yaml", "-p", other]);

    assert_eq!(
        fields(&findings, "rule"),
        ["stale-precompiled", "architecture"]
    );
}

#[test]
fn a_bootstrap_in_the_function_s_package_is_found() {
    let code = machine_code();
    let (rule, message) = spoil(&[], |folder| {
        let files = [
            ("bootstrap", 0o755, &b"#!"[..]),
            ("handler.cwasm", 0o644, &code),
        ];
        zip(&folder.join("dist/function.zip"), &files);
    });
    assert_eq!(rule, "bootstrap");
    assert_contains(&message, "which Lambda starts in place of the layer's");
}

#[test]
fn a_function_without_a_layer_brings_its_own_host() {
    let folder = project();
    let source = std::fs::read_to_string(repository("template.yaml")).unwrap();
    let without = source
        .replace("      Layers: [!Ref HostLayer]\n", "")
        .replace("dist/function.zip", "dist/combined.zip");
    std::fs::write(folder.path().join("template.yaml"), without).unwrap();
    let args = ["template.yaml", "-p", ARCH];
    let combine = ["package", "hello.wasm", "--combined"];
    succeed(bootstream(&combine).current_dir(folder.path()));

    assert_eq!(diagnose(folder.path(), &args), (Vec::new(), Some(0)));

    let function = folder.path().join("dist/function.zip");
    std::fs::copy(function, folder.path().join("dist/combined.zip")).unwrap();
    let (findings, code) = diagnose(folder.path(), &args);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "bootstrap");
    assert_eq!(findings[0]["message"], "there is no `bootstrap`");
    assert_eq!(code, Some(1));
}

#[test]
fn a_layer_without_bootstrap_at_its_root_is_found() {
    let (rule, message) = spoil(&[], |folder| {
        zip_one(folder, "host-layer.zip", ("host/bootstrap", 0o755, b"x"));
    });
    assert_eq!(rule, "bootstrap");
    assert_eq!(
        message,
        "`bootstrap` is at `host/bootstrap`, not at the root"
    );
}

#[test]
fn a_bootstrap_that_cannot_be_executed_is_found() {
    let host = std::fs::read(bootstrap()).unwrap();
    let (rule, message) = spoil(&[], |folder| {
        zip_one(folder, "host-layer.zip", ("bootstrap", 0o644, &host));
    });
    assert_eq!(rule, "archive");
    assert_eq!(
        message,
        "`bootstrap` has mode 0644: Lambda cannot execute it"
    );
}

#[test]
fn a_file_that_lambda_cannot_read_is_found() {
    let code = machine_code();
    let (rule, message) = spoil(&[], |folder| {
        zip_one(folder, "function.zip", ("handler.cwasm", 0o600, &code));
    });
    assert_eq!(rule, "archive");
    assert!(
        message.starts_with("`handler.cwasm` has mode 0600"),
        "{message}"
    );
}

/// An executable that needs libraries newer than those of `provided.al2023`.
pub(super) fn host_for_newer_libraries() -> Vec<u8> {
    // Any dynamically linked program will do, and this one is small.
    let mut host = std::fs::read("/bin/true").unwrap();
    let at = host
        .windows(11)
        .position(|window| window == b"GLIBC_2.34\0")
        .unwrap();
    host[at..at + 10].copy_from_slice(b"GLIBC_2.38");
    host
}

#[test]
fn a_bootstrap_that_needs_newer_libraries_is_found() {
    let (rule, message) = spoil(&[], |folder| {
        zip_one(
            folder,
            "host-layer.zip",
            ("bootstrap", 0o755, &host_for_newer_libraries()),
        );
    });
    assert_eq!(rule, "system-libraries");
    assert_eq!(
        message,
        "`bootstrap` needs glibc 2.38; `provided.al2023` has 2.34"
    );
}

#[test]
fn machine_code_that_the_host_will_not_run_is_found() {
    let component = std::fs::read(scripted_guest()).unwrap();
    let code = machine_code();
    let of_other_release = Fingerprint {
        wasmtime: "47.0.0".to_owned(),
        ..engine::fingerprint(Arch::HOST, Concurrency::Off)
    };
    let flavour = Flavour {
        memory_init: MemoryInit::Copy,
        concurrency: Concurrency::Off,
    };
    let mut damaged = code.clone();
    damaged[5000] ^= 1;
    for (code, why) in [
        (
            Stamp::append(code.clone(), &[], flavour, of_other_release, &component),
            "`47.0.0`",
        ),
        (damaged, "its machine code differs from its checksum"),
        (code[..code.len() - 1].to_vec(), "its end is missing"),
    ] {
        let (rule, message) = spoil(&[], |folder| {
            zip_one(folder, "function.zip", ("handler.cwasm", 0o644, &code));
        });
        assert_eq!(rule, "stale-precompiled");
        assert!(
            message.starts_with("the host will not run `handler.cwasm`: ") && message.contains(why),
            "{message}"
        );
    }
}

#[test]
fn machine_code_that_is_replaced_at_each_start_is_a_warning() {
    let folder = project();
    let args = ["package", "hello.wasm", "--only", "host", "--compiler"];
    succeed(bootstream(&args).current_dir(folder.path()));
    let component = std::fs::read(scripted_guest()).unwrap();
    let of_another = machine_code_of(&crate::support::component("streaming_numbers"));
    zip(
        &folder.path().join("dist/function.zip"),
        &[
            ("handler.cwasm", 0o644, &of_another),
            ("handler.wasm", 0o644, &component),
        ],
    );

    let (findings, code) = diagnose(folder.path(), &["template.yaml", "-p", ARCH]);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["severity"], "warning");
    let message = findings[0]["message"].as_str().unwrap();
    assert_contains(message, "compiled from another component");
    assert_eq!(code, Some(0));
}

#[test]
fn a_package_that_is_too_large_is_found() {
    let code = machine_code();
    let zeros = vec![0; 251 * 1024 * 1024];
    let (rule, message) = spoil(&[], |folder| {
        let files = [("handler.cwasm", 0o644, &code[..]), ("data", 0o644, &zeros)];
        zip(&folder.join("dist/function.zip"), &files);
    });
    assert_eq!(rule, "package-size");
    assert_contains(&message, "Lambda takes 262144000 (250 MB)");
}

#[test]
fn a_package_that_is_too_large_for_a_direct_upload_is_pointed_out() {
    const UPLOAD_LIMIT: usize = 50 * 1024 * 1024;
    let folder = project();
    let path = folder.path().join("dist/function.zip");
    let package = std::fs::read(&path).unwrap();
    // A zip may have leading bytes.
    let large = [vec![0; UPLOAD_LIMIT + 1 - package.len()], package].concat();
    std::fs::write(path, large).unwrap();

    let (findings, code) = diagnose(folder.path(), &["template.yaml", "-p", ARCH]);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "package-size");
    assert_eq!(
        findings[0]["message"],
        "the zip has 52428801 bytes; Lambda takes 52428800 (50 MB) directly"
    );
    // SAM goes through S3.
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(code, Some(0));
}
