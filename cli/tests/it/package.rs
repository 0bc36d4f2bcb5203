//! `package`: the content of the zips, their reproducibility, and refusals.

use std::fs::Permissions;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use bootstream_test_support::{ARCH, OTHER_ARCH, assert_contains, built, guests};
use serde_json::Value;
use zip::{System, ZipArchive};

use crate::support::{
    bootstrap, bootstream, failure, run, scripted_guest, succeed, text, wrong_usage,
};

/// A folder with a component in it.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(scripted_guest(), folder.path().join("hello.wasm")).unwrap();
    folder
}

fn package(folder: &Path, args: &[&str]) -> Command {
    let args = [&["package", "hello.wasm"], args].concat();
    let mut command = bootstream(&args);
    command.current_dir(folder);
    command
}

#[track_caller]
fn refusal(folder: &Path, args: &[&str]) -> String {
    failure(&mut package(folder, args))
}

/// Names, Unix modes and contents.
fn files(zip: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut zip = ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut file = zip.by_index(index).unwrap();
            assert_eq!(file.system(), System::Unix);
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            let mode = file.unix_mode().unwrap() & 0o777;
            (file.name().unwrap().into_owned(), mode, bytes)
        })
        .collect()
}

fn names_and_modes(zip: &Path) -> Vec<(String, u32)> {
    let files = files(zip).into_iter();
    files.map(|(name, mode, _)| (name, mode)).collect()
}

fn owned(files: &[(&str, u32)]) -> Vec<(String, u32)> {
    let files = files.iter();
    files
        .map(|(name, mode)| ((*name).to_owned(), *mode))
        .collect()
}

#[test]
fn a_layer_and_a_function_are_made() {
    let folder = project();
    std::fs::write(folder.path().join("bootstream.toml"), "# settings\n").unwrap();

    let output = succeed(&mut package(folder.path(), &[]));

    let dist = folder.path().join("dist");
    let layer = files(&dist.join("host-layer.zip"));
    assert_eq!(layer.len(), 1);
    assert_eq!((layer[0].0.as_str(), layer[0].1), ("bootstrap", 0o755));
    assert_eq!(layer[0].2, std::fs::read(bootstrap()).unwrap());
    let function = files(&dist.join("function.zip"));
    assert_eq!(
        names_and_modes(&dist.join("function.zip")),
        owned(&[
            ("bootstream.toml", 0o644),
            ("handler.cwasm", 0o644),
            ("handler.wasm", 0o644)
        ])
    );
    assert!(function[1].2.starts_with(b"\x7fELF"));
    assert_eq!(function[2].2, std::fs::read(scripted_guest()).unwrap());
    let said = text(&output.stdout);
    assert!(said.contains("dist/host-layer.zip ("), "{said}");
    assert_contains(&said, "the function's handler is handler,");
    assert!(text(&output.stderr).contains("compiling `hello.wasm`"));
}

#[test]
fn folder_umask_time_zone_and_times_leave_no_trace() {
    let mut sums = Vec::new();
    for (zone, mask) in [("UTC", "022"), ("Asia/Kolkata", "077")] {
        let folder = project();
        let component = folder.path().join("hello.wasm");
        let mode = if mask == "077" { 0o600 } else { 0o664 };
        std::fs::set_permissions(&component, Permissions::from_mode(mode)).unwrap();
        let args = "package hello.wasm --output json --out-dir";
        let output = succeed(
            Command::new("sh")
                .args([
                    "-c",
                    &format!("umask {mask}; exec \"$0\" {args} dist-{mask}"),
                ])
                .arg(env!("CARGO_BIN_EXE_bootstream"))
                .env("BOOTSTREAM_BOOTSTRAP", bootstrap())
                .env("TZ", zone)
                .current_dir(folder.path()),
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let of_one = ["host-layer", "function"].map(|name| {
            std::fs::read(folder.path().join(format!("dist-{mask}/{name}.zip"))).unwrap()
        });
        let artefacts = report["artefacts"].as_array().unwrap();
        sums.push((
            of_one,
            artefacts[0]["sha256"].clone(),
            artefacts[1]["sha256"].clone(),
        ));
    }
    assert!(sums[0] == sums[1], "the same content is not the same bytes");
}

#[test]
fn another_component_leaves_the_layer_as_it_is() {
    let folder = project();
    succeed(&mut package(folder.path(), &[]));
    let read = |name: &str| std::fs::read(folder.path().join("dist").join(name)).unwrap();
    let (layer, function) = (read("host-layer.zip"), read("function.zip"));

    let numbers = crate::support::component("streaming_numbers");
    std::fs::copy(numbers, folder.path().join("hello.wasm")).unwrap();
    succeed(&mut package(folder.path(), &[]));

    assert!(layer == read("host-layer.zip"), "the layer changed");
    assert!(
        function != read("function.zip"),
        "the function did not change"
    );
}

#[test]
fn one_zip_holds_everything_when_asked() {
    let folder = project();

    succeed(&mut package(
        folder.path(),
        &["--combined", "--compiler", "--name", "hello"],
    ));

    assert_eq!(
        names_and_modes(&folder.path().join("dist/combined.zip")),
        owned(&[
            ("bootstrap", 0o755),
            ("bootstream-compile", 0o755),
            ("hello.cwasm", 0o644),
            ("hello.wasm", 0o644)
        ])
    );
}

#[test]
fn a_part_can_be_made_alone() {
    let folder = project();

    succeed(&mut package(folder.path(), &["--only", "function"]));

    let made = std::fs::read_dir(folder.path().join("dist")).unwrap();
    let made: Vec<_> = made.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(made, ["function.zip"]);
}

#[test]
fn a_report_for_programs_names_every_file() {
    let folder = project();

    let output = succeed(&mut package(folder.path(), &["--output", "json"]));

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["handler"], "handler");
    let layer = &report["artefacts"][0];
    assert_eq!(layer["path"], "dist/host-layer.zip");
    assert_eq!(layer["files"][0]["name"], "bootstrap");
    assert_eq!(layer["files"][0]["mode"], "0755");
    let size = std::fs::metadata(bootstrap()).unwrap().len();
    assert_eq!(layer["unpackedBytes"], size);
    assert_eq!(report["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_bootstrap_for_another_processor_is_refused() {
    const ELF_MACHINE: usize = 18;
    let folder = project();
    let mut other = std::fs::read(bootstrap()).unwrap();
    let (found, machine) = if other[ELF_MACHINE] == 0x3e {
        ("arm64", 0xb7)
    } else {
        ("x86_64", 0x3e)
    };
    other[ELF_MACHINE] = machine;
    std::fs::write(folder.path().join("other"), other).unwrap();

    let message = refusal(folder.path(), &["--bootstrap", "other"]);

    let wanted = format!("error[architecture]: `bootstrap` is for {found}, the function is ");
    assert_contains(&message, &wanted);
    assert_contains(&message, "  fix: package it with `--arch ");
}

#[test]
fn a_bootstrap_that_needs_a_newer_system_is_refused() {
    let folder = project();
    // Any dynamically linked program will do, and this one is small.
    let mut newer = std::fs::read("/bin/true").unwrap();
    // The version is a string in the file; changing two digits makes it a later one.
    let at = newer
        .windows(11)
        .position(|window| window == b"GLIBC_2.34\0")
        .expect("this system is as new as Lambda's");
    newer[at..at + 10].copy_from_slice(b"GLIBC_2.99");
    std::fs::write(folder.path().join("newer"), newer).unwrap();

    let message = refusal(folder.path(), &["--bootstrap", "newer"]);

    assert_contains(
        &message,
        "error[system-libraries]: `bootstrap` needs glibc 2.99; `provided.al2023` has 2.34",
    );
}

#[test]
fn a_bootstrap_that_is_not_a_program_is_refused() {
    let folder = project();
    std::fs::write(folder.path().join("script"), "#!/bin/sh\n").unwrap();

    let message = refusal(folder.path(), &["--bootstrap", "script"]);

    assert_contains(
        &message,
        "error[bootstrap]: `bootstrap` is not an executable for Lambda: is not a 64-bit ELF file",
    );
}

#[test]
fn what_unpacks_to_more_than_lambda_takes_is_refused_before_it_is_packed() {
    let folder = project();
    let huge = std::fs::File::create(folder.path().join("huge")).unwrap();
    huge.set_len(251 * 1024 * 1024).unwrap();

    let message = refusal(folder.path(), &["--bootstrap", "huge"]);

    assert_eq!(
        message.lines().last().unwrap(),
        "error: `huge` has 263192576 bytes; Lambda takes 262144000 (250 MB) unpacked".replace(
            "`huge`",
            &format!("`{}`", canonical(folder.path()).join("huge").display())
        )
    );
    assert!(!folder.path().join("dist").exists());
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap()
}

#[test]
fn machine_code_for_another_processor_is_refused() {
    let folder = project();
    let compile = ["compile", "hello.wasm", "--arch", OTHER_ARCH];
    succeed(bootstream(&compile).current_dir(folder.path()));

    let args = ["hello.cwasm", "--only", "function", "--arch", ARCH];
    let said = failure(
        bootstream(&["package"])
            .args(args)
            .current_dir(folder.path()),
    );

    let wanted =
        "error[stale-precompiled]: the host will not run `handler.cwasm`: it was compiled for";
    assert_contains(&said, wanted);
}

#[test]
fn a_portable_package_wants_a_compiler_in_the_layer() {
    let folder = project();

    let message = refusal(folder.path(), &["--portable"]);

    assert_contains(
        &message,
        "`handler.wasm` is not precompiled, and there is no `bootstream-compile` beside `bootstrap`",
    );
    succeed(&mut package(folder.path(), &["--portable", "--compiler"]));
}

#[test]
fn a_file_that_is_not_a_handler_is_refused() {
    let folder = project();
    std::fs::write(folder.path().join("hello.wasm"), "garbage").unwrap();

    let message = refusal(folder.path(), &[]);

    assert_eq!(
        message,
        "error: `hello.wasm`: is not WebAssembly: \
         pass the `.wasm` file that `bootstream build` prints\n"
    );
    assert!(!folder.path().join("dist").exists());
}

#[test]
fn a_bootstrap_that_is_not_built_is_named_with_the_way_to_it() {
    let folder = project();
    let (other, way) = if cfg!(target_arch = "aarch64") {
        ("x86_64", "on an x86_64 machine")
    } else {
        ("arm64", "with `scripts/build-bootstrap.sh --arch arm64`")
    };

    let message = refusal(folder.path(), &["--arch", other, "--bootstrap", "nowhere"]);

    assert!(message.starts_with("error: there is no bootstrap at `nowhere`: build it with"));
    let output = run(bootstream(&["package", "hello.wasm", "--arch", other])
        .env_remove("BOOTSTREAM_BOOTSTRAP")
        .current_dir(folder.path()));
    // It may have been built already.
    let said = text(&output.stderr);
    assert!(output.status.success() || said.contains(way), "{said}");
}

#[test]
fn wrong_names_are_wrong_usage() {
    let folder = project();
    for name in ["", "a/b", "handler.wasm", "mit leerzeichen"] {
        wrong_usage(&mut package(folder.path(), &["--name", name]));
    }
}

/// Two builds of the host: WASI 0.3 makes one larger, and only components that need it get that one.
#[test]
fn the_component_decides_which_build_of_the_host_is_packaged() {
    let folder = tempfile::tempdir().unwrap();
    let service = guests::source("service_guest");
    std::fs::copy(service, folder.path().join("hello.wasm")).unwrap();
    let mut unnamed = package(folder.path(), &[]);
    unnamed.env_remove("BOOTSTREAM_BOOTSTRAP");

    succeed(&mut unnamed);

    let layer = files(&folder.path().join("dist/host-layer.zip"));
    let with_wasi_p3 = std::fs::read(built("lambda/bootstrap-wasi-p3")).unwrap();
    assert_eq!(layer[0].0, "bootstrap");
    assert!(layer[0].2 == with_wasi_p3, "another build");

    let bootstrap = bootstrap();
    let named = bootstrap.to_str().unwrap();
    let refusal = refusal(folder.path(), &["--bootstrap", named]);
    assert_contains(&refusal, "without WASI 0.3, which the component needs");
    assert_contains(&refusal, "scripts/build-bootstrap.sh --wasi-p3");
}
