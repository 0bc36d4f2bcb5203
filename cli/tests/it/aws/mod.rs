//! Handlers that call AWS: the stand-in verifies their signatures, and then answers.

mod dynamodb;
mod lost;
mod replayed;
mod requests;
mod s3;
mod sdk;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use bootstream_test_support::built;
use bootstream_test_support::moto::{KEY_ID, Moto, REGION, SECRET, TOKEN};
use tempfile::TempDir;

use crate::support::{Dev, component, succeed};

#[test]
fn the_stand_in_accepts_what_botocore_signs_and_nothing_that_was_changed() {
    succeed(
        Command::new(built("clients/python/bin/python"))
            .args(["-B", "-m", "unittest"])
            .current_dir(built("clients/python")),
    );
}

/// A handler under `bootstream dev`, with the stand-in in place of AWS. Stopped when dropped.
struct Function {
    dev: Dev,
    _folder: TempDir,
}

impl Function {
    /// An example under its own settings. `service` is at `endpoint`.
    #[track_caller]
    fn example(name: &str, endpoint: &str, variables: &[&str]) -> Self {
        let (folder, file) = package(name);
        std::fs::copy(settings_of(name), folder.path().join("bootstream.toml")).expect("settings");
        Self::start(folder, &file, endpoint, variables, SECRET)
    }

    /// The guest that sends any request, under these settings, and with this secret access key.
    #[track_caller]
    fn reaching(settings: &str, moto: &Moto, endpoint: &str, secret: &str) -> Self {
        let handler = component("reaching_guest");
        Self::guest(&handler, settings, moto, endpoint, secret)
    }

    /// This guest, under these settings, and with this secret access key.
    #[track_caller]
    fn guest(handler: &Path, settings: &str, moto: &Moto, endpoint: &str, secret: &str) -> Self {
        let (folder, file) = package_of(handler);
        std::fs::copy(moto.certificate(), folder.path().join("ca.pem")).expect("a certificate");
        std::fs::write(folder.path().join("bootstream.toml"), settings).expect("settings");
        Self::start(folder, &file, endpoint, &[], secret)
    }

    #[track_caller]
    fn start(
        folder: TempDir,
        file: &Path,
        endpoint: &str,
        variables: &[&str],
        secret: &str,
    ) -> Self {
        let endpoint = format!("BOOTSTREAM_AWS_ENDPOINTS={endpoint}");
        let mut args = vec!["--env", &endpoint];
        for variable in variables {
            args.extend(["--env", variable]);
        }
        args.push(file.to_str().expect("a path in UTF-8"));
        let credentials = [
            ("AWS_ACCESS_KEY_ID", KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_SESSION_TOKEN", TOKEN),
            ("AWS_REGION", REGION),
        ];
        let dev = Dev::run_with(
            &args,
            &credentials.map(|(name, value)| (name, OsStr::new(value))),
        );
        Self {
            dev,
            _folder: folder,
        }
    }
}

/// The settings of an example.
fn settings_of(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(example)
        .join("bootstream.toml")
}

/// A folder with the component of a handler.
#[track_caller]
fn package(name: &str) -> (TempDir, PathBuf) {
    package_of(&component(&name.replace('-', "_")))
}

/// A folder with this handler.
#[track_caller]
fn package_of(handler: &Path) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder for the handler");
    let file = folder.path().join(handler.file_name().expect("a file"));
    std::os::unix::fs::symlink(handler, &file).expect("a link");
    (folder, file)
}

/// Asserts that the stand-in got requests, and that each was signed for the service.
#[track_caller]
fn assert_signed(moto: &Moto, service: &str) {
    let requests = moto.requests_of(1);
    for request in requests {
        assert_eq!(request["service"], service, "{request:#}");
        assert_eq!(request["region"], REGION, "{request:#}");
    }
}
