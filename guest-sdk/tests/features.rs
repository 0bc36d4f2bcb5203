//! Every feature of `aws_lambda_events` is a feature of this crate.

use std::{collections::BTreeSet, process::Command};

use serde_json::{Value, json};

/// Returns the features of a package, less those that only switch on a dependency.
fn features(metadata: &Value, package: &str) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let found = packages.iter().find(|it| it["name"] == package);
    let package = found.expect("the package is in the graph");
    let features = package["features"].as_object().expect("a map of features");
    let chosen = features
        .iter()
        .filter(|(name, needs)| **needs != json!([format!("dep:{name}")]));
    chosen.map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_feature_of_aws_lambda_events_is_a_feature_of_the_sdk() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", "wasm32-wasip2", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();

    let mut of_the_sdk = features(&metadata, "bootstream");
    let of_the_types = features(&metadata, "aws_lambda_events");

    assert!(of_the_types.contains("sqs"), "{of_the_types:?}");
    // These are about logs.
    assert!(of_the_sdk.remove("kv") && of_the_sdk.remove("tracing"));
    assert_eq!(of_the_sdk, of_the_types);
}
