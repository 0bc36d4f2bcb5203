//! The examples of Amazon S3's documentation, "Authenticating Requests: Using the Authorization Header".

use std::time::{Duration, UNIX_EPOCH};

use crate::testing::{EMPTY, SECRET, authorization, granted, head, part, policy};
use crate::{Credentials, PayloadHash};

fn check(
    method: &str,
    target: &str,
    named: &str,
    headers: &[(&str, &str)],
    body: &str,
    signature: &str,
) {
    let uri = format!("https://examplebucket.s3.amazonaws.com{target}");
    let asked = authorization("s3", "us-east-1").replace("=host", &format!("={named}"));
    let mut all = vec![("authorization", asked.as_str())];
    all.extend(headers);
    let mut head = head(method, &uri, &all);
    let grant = granted(&policy(&["s3@us-east-1"]), &head);
    grant.prepare(&mut head);
    let credentials =
        Credentials::new("AKIAIOSFODNN7EXAMPLE".to_owned(), SECRET.to_owned(), None).unwrap();
    let hash = grant
        .payload()
        .hash()
        .unwrap_or_else(|| PayloadHash::of([body]));
    // 2013-05-24, 0:00 UTC.
    let now = UNIX_EPOCH + Duration::from_secs(1_369_353_600);
    grant.sign(&mut head, &hash, &credentials, now).unwrap();
    assert_eq!(part(&head, "Signature"), signature, "{method} {target}");
}

#[test]
fn the_documented_signatures_are_ours() {
    check(
        "GET",
        "/test.txt",
        "host;range;x-amz-content-sha256;x-amz-date",
        &[("range", "bytes=0-9"), ("x-amz-content-sha256", EMPTY)],
        "",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    check(
        "PUT",
        "/test$file.text",
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        &[
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ],
        "Welcome to Amazon S3.",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    check(
        "GET",
        "/?lifecycle",
        "host",
        &[],
        "",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    );
    check(
        "GET",
        "/?max-keys=2&prefix=J",
        "host",
        &[("x-amz-content-sha256", EMPTY)],
        "",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    );
}
