//! Recorded invocations of the examples that call AWS are replayed without it.

use std::path::{Path, PathBuf};

use bootstream_test_support::assert_contains;
use bootstream_test_support::moto::Moto;
use tempfile::TempDir;

use super::{Function, dynamodb, package, s3};
use crate::replay::equal;

/// Records a request to an example, ends what it calls, and replays it.
#[track_caller]
fn replayed(example: &str, moto: Moto, service: &str, variable: &str, path: &str) {
    let folder = TempDir::new().expect("a folder for capsules");
    let kept = format!("BOOTSTREAM_RECORD_FOLDER={}", folder.path().display());
    let endpoint = format!("{service}={}", moto.http());
    let function = Function::example(example, &endpoint, &[variable, &kept]);
    let response = function.dev.send("GET", path, &[], "");
    assert_eq!(response.status, 200);
    response.raw_rest();
    drop(function);
    drop(moto);

    let (_folder, handler) = package(example);
    let said = equal(&capsule(folder.path()), &handler);
    assert_contains(&said, "and the same end");
}

/// The only capsule in a folder.
fn capsule(folder: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(folder).expect("a folder");
    let file = files.next().expect("a capsule").expect("a file").path();
    assert!(files.next().is_none(), "one capsule");
    file
}

#[test]
fn a_scan_by_the_sdk() {
    let moto = dynamodb::table(257, 30);
    replayed(
        "dynamodb-export",
        moto,
        "dynamodb",
        "TABLE_NAME=songs",
        "/songs",
    );
}

#[test]
fn an_object() {
    let content: Vec<_> = (0..300_000_u32).map(|i| i.to_le_bytes()[1]).collect();
    let moto = s3::bucket(&[("/song", &content)]);
    replayed("s3-download", moto, "s3", "BUCKET_NAME=music", "/song");
}
