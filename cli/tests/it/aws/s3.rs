//! `examples/s3-download`: objects, ranges and conditions.

use std::collections::HashSet;

use bootstream_test_support::moto::Moto;
use bootstream_test_support::process::peak_resident_kib;
use serde_json::Value;

use super::{Function, assert_signed};
use crate::support::{End, Response};

pub(super) const MIB: usize = 1024 * 1024;

/// A stand-in with a bucket and these objects.
pub(super) fn bucket(objects: &[(&str, &[u8])]) -> Moto {
    let moto = Moto::start();
    moto.make_bucket("music");
    for (key, content) in objects {
        moto.put_object(&format!("/music{key}"), content);
    }
    moto
}

fn downloading(moto: &Moto) -> Function {
    Function::example(
        "s3-download",
        &format!("s3={}", moto.http()),
        &["BUCKET_NAME=music"],
    )
}

fn get(function: &Function, key: &str, headers: &[(&str, &str)]) -> Response {
    function.dev.send("GET", key, headers, "")
}

#[test]
fn an_object_comes_through_under_every_name() {
    let names = [
        "/a%20b/%C3%BC%402x.png",
        "/100%2525.txt",
        "/a//b/c",
        "/x%2By%3Dz%26%281%29%27%2A%21",
    ];
    let content: Vec<_> = (0..3 * MIB + 5).map(|i| i.to_le_bytes()[1]).collect();
    let objects = names.map(|name| (name, content.as_slice()));
    let moto = bucket(&objects);
    let function = downloading(&moto);
    for name in names {
        let response = get(&function, name, &[]);

        assert_eq!(response.status, 200, "{name}");
        assert_eq!(response.header("content-type"), ["text/plain"], "{name}");
        let (body, end) = response.raw_rest();
        assert_eq!(end, End::Complete, "{name}");
        assert!(body == content, "{name}: {} bytes", body.len());
    }
    assert_signed(&moto, "s3");
    // Connections are kept. A request that arrives before the first environment polls again gets another one.
    let requests = moto.requests_of(names.len());
    let connections: HashSet<_> = requests
        .iter()
        .map(|it| it["connection"].as_u64())
        .collect();
    assert!(connections.len() < names.len(), "{requests:#?}");
}

#[test]
fn ranges_and_conditions_are_decided_by_s3() {
    let moto = bucket(&[("/song", b"0123456789")]);
    let function = downloading(&moto);

    let part = get(&function, "/song", &[("range", "bytes=2-4")]);
    assert_eq!(part.status, 206);
    assert_eq!(part.header("content-range"), ["bytes 2-4/10"]);
    part.assert_body("234");

    let whole = get(&function, "/song", &[]);
    let tag = whole.header("etag")[0].to_owned();
    whole.assert_body("0123456789");
    let same = get(&function, "/song", &[("if-none-match", &tag)]);
    assert_eq!(same.status, 304);
    let other = get(&function, "/song", &[("if-none-match", "\"other\"")]);
    assert_eq!(other.status, 200);
    let changed = get(&function, "/song", &[("if-match", "\"other\"")]);
    assert_eq!(changed.status, 412);
    changed.assert_body("");
    let beyond = get(&function, "/song", &[("range", "bytes=20-30")]);
    assert_eq!(beyond.status, 416);
    beyond.assert_body("");
    assert_signed(&moto, "s3");
}

#[test]
fn head_and_keys_that_do_not_exist() {
    let moto = bucket(&[("/song", b"0123456789")]);
    let function = downloading(&moto);

    let head = function.dev.send("HEAD", "/song", &[], "");
    assert_eq!(head.status, 200);
    assert_eq!(head.header("x-amzn-remapped-content-length"), ["10"]);

    let missing = get(&function, "/nothing", &[]);
    assert_eq!(missing.status, 404);
    missing.assert_body("{\"message\":\"no such object\"}");
    assert_signed(&moto, "s3");
}

#[test]
fn an_object_that_breaks_off_is_a_stream_that_failed() {
    let mut moto = bucket(&[("/song", &[7; 2 * MIB])]);
    let mut function = downloading(&moto);
    moto.cut_next(MIB as u64);

    let response = get(&function, "/song", &[]);

    assert_eq!(response.status, 200);
    let (body, end) = response.raw_rest();
    assert_eq!((body.len(), end), (MIB, End::Cut));
    function.dev.wait_for("Function.Error");
}

#[test]
fn the_memory_of_a_download_does_not_grow_with_the_object() {
    let moto = bucket(&[("/small", &[7; MIB]), ("/large", &vec![7; 64 * MIB])]);
    let function = downloading(&moto);
    let peak = |key: &str, bytes: usize| {
        assert_eq!(get(&function, key, &[]).raw_rest().0.len(), bytes);
        let hosts = function.dev.environments();
        let peaks = hosts
            .into_iter()
            .map(|pid| peak_resident_kib(pid.try_into().expect("a pid")));
        peaks.max().expect("a host runs")
    };
    let small = peak("/small", MIB);

    let large = peak("/large", 64 * MIB);

    assert!(
        large < small + 4 * 1024,
        "{small} KiB for 1 MiB, {large} KiB for 64 MiB"
    );
}

#[test]
fn nothing_but_reading_is_allowed() {
    let moto = bucket(&[("/song", b"0123456789")]);
    let function = downloading(&moto);

    let refused = function.dev.send("PUT", "/song", &[], "other");

    assert_eq!(refused.status, 405);
    assert_eq!(moto.requests(), Vec::<Value>::new());
    assert_eq!(moto.object("/music/song"), b"0123456789");
}
