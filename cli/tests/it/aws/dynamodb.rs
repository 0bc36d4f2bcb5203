//! `examples/dynamodb-export`: the unmodified AWS SDK for Rust in a component.

use std::collections::HashSet;

use bootstream_test_support::assert_contains;
use bootstream_test_support::moto::{Moto, TOKEN};
use bootstream_test_support::process::peak_resident_kib;
use serde_json::{Value, json};

use super::{Function, assert_signed, package};
use crate::support::{End, Response};

const TABLE: &str = "TABLE_NAME=songs";

/// Most items in one call of DynamoDB.
const BATCH: u32 = 25;

/// Items of the example's pages.
const PAGE_ITEMS: usize = 250;

/// A stand-in with a table of `count` items with a text of `bytes` bytes.
pub(super) fn table(count: u32, bytes: usize) -> Moto {
    let moto = Moto::start();
    let call = |operation: &str, body: Value| {
        moto.call("dynamodb", &format!("DynamoDB_20120810.{operation}"), &body)
    };
    call(
        "CreateTable",
        json!({
            "TableName": "songs",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}],
            "BillingMode": "PAY_PER_REQUEST",
        }),
    );
    let text = "la ".repeat(bytes / 3);
    let ids: Vec<_> = (0..count).collect();
    for ids in ids.chunks(BATCH as usize) {
        let puts: Vec<_> = ids
            .iter()
            .map(|id| json!({"PutRequest": {"Item": {"id": {"N": id.to_string()}, "text": {"S": text}}}}))
            .collect();
        call("BatchWriteItem", json!({"RequestItems": {"songs": puts}}));
    }
    moto
}

fn exporting(moto: &Moto) -> Function {
    Function::example(
        "dynamodb-export",
        &format!("dynamodb={}", moto.http()),
        &[TABLE],
    )
}

fn get(function: &Function) -> Response {
    function.dev.send("GET", "/songs", &[], "")
}

#[test]
fn the_pages_of_a_scan_become_one_stream_over_one_connection() {
    let moto = table(2 * 250 + 7, 30);
    let function = exporting(&moto);

    let response = get(&function);

    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), ["application/x-ndjson"]);
    let (body, end) = response.rest();
    assert_eq!(end, End::Complete);
    let items = body.lines().map(|line| {
        let item: Value = serde_json::from_str(line).expect("a line of JSON");
        assert_eq!(item["text"], "la la la la la la la la la la ");
        item["id"].as_u64().expect("a number")
    });
    let ids: HashSet<_> = items.collect();
    assert_eq!(ids, (0..2 * 250 + 7).collect());
    assert_signed(&moto, "dynamodb");
    let pages = 2 * 250 / PAGE_ITEMS + 1;
    let requests = moto.requests_of(pages);
    assert_eq!(requests.len(), pages);
    for request in requests {
        assert_eq!(request["connection"], 1, "{request:#}");
    }
}

/// Pages of the scan of a large table: 2000 items of 10 kB, and 1 MB is the most in a page of DynamoDB.
pub(super) const LARGE_PAGES: usize = 20;

/// A table of 20 MB.
pub(super) fn large() -> Moto {
    table(2000, 10_000)
}

#[test]
fn an_error_in_the_middle_of_the_scan_is_a_stream_that_failed() {
    let moto = large();
    let mut function = exporting(&moto);
    let mut response = get(&function);
    assert_eq!(response.status, 200);
    response.raw_chunk().expect("the first lines");

    // The caller does not read, so the handler cannot be far.
    moto.call(
        "dynamodb",
        "DynamoDB_20120810.DeleteTable",
        &json!({"TableName": "songs"}),
    );

    assert_eq!(response.raw_rest().1, End::Cut);
    let line = function.dev.wait_for("Function.Error");
    assert_contains(&line, "ResourceNotFoundException");
}

#[test]
fn the_memory_of_an_export_does_not_grow_with_the_table() {
    let small = peak_of_export(&table(100, 10_000));

    let large = peak_of_export(&large());

    assert!(
        large < small + 12 * 1024,
        "{small} KiB for 1 MB, {large} KiB for 20 MB"
    );
}

/// Peak resident memory of a host that exports the table, in KiB.
fn peak_of_export(moto: &Moto) -> u64 {
    let function = exporting(moto);
    assert_eq!(get(&function).raw_rest().1, End::Complete);
    let hosts = function.dev.environments();
    hosts
        .into_iter()
        .map(|pid| peak_resident_kib(pid.try_into().expect("a pid")))
        .max()
        .expect("a host runs")
}

#[test]
fn a_table_that_does_not_exist_fails_before_the_response() {
    let moto = Moto::start();
    let mut function = exporting(&moto);

    assert_eq!(get(&function).status, 502);

    let line = function.dev.wait_for("Function.Error");
    assert_contains(&line, "ResourceNotFoundException");
}

#[test]
fn a_wrong_secret_fails_without_a_word_of_the_credentials() {
    let moto = table(1, 3);
    let (folder, file) = package("dynamodb-export");
    std::fs::write(
        folder.path().join("bootstream.toml"),
        "pass-env = ['TABLE_NAME']\n[aws]\nallow = ['dynamodb']\n",
    )
    .expect("settings");
    let endpoint = format!("dynamodb={}", moto.http());
    let mut function = Function::start(folder, &file, &endpoint, &[TABLE], "another");

    assert_eq!(get(&function).status, 502);

    let line = function.dev.wait_for("Function.Error");
    assert_contains(&line, "SignatureDoesNotMatch");
    // The stand-in repeats the headers it has compared.
    let refused = moto.request("the refusal", |request| request["refused"] != Value::Null);
    assert_contains(refused["why"].as_str().expect("a text"), TOKEN);
    assert!(
        function
            .dev
            .lines()
            .iter()
            .all(|line| !line.contains(TOKEN))
    );
}
