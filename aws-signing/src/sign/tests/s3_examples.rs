//! The examples of Amazon S3's documentation, "Authenticating Requests: Using the Authorization Header".

use std::time::{Duration, UNIX_EPOCH};

use crate::testing::{EMPTY, SECRET, authorization, granted, head, part, policy};
use crate::{Credentials, PayloadHash};

struct Example {
    method: &'static str,
    target: &'static str,
    named: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signature: &'static str,
}

const EXAMPLES: [Example; 4] = [
    Example {
        method: "GET",
        target: "/test.txt",
        named: "host;range;x-amz-content-sha256;x-amz-date",
        headers: &[("range", "bytes=0-9"), ("x-amz-content-sha256", EMPTY)],
        body: "",
        signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
    Example {
        method: "PUT",
        target: "/test$file.text",
        named: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        headers: &[
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ],
        body: "Welcome to Amazon S3.",
        signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    },
    Example {
        method: "GET",
        target: "/?lifecycle",
        named: "host",
        headers: &[],
        body: "",
        signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    },
    Example {
        method: "GET",
        target: "/?max-keys=2&prefix=J",
        named: "host",
        headers: &[("x-amz-content-sha256", EMPTY)],
        body: "",
        signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    },
];

#[test]
fn the_documented_signatures_are_ours() {
    for example in EXAMPLES {
        let uri = format!("https://examplebucket.s3.amazonaws.com{}", example.target);
        let asked =
            authorization("s3", "us-east-1").replace("=host", &format!("={}", example.named));
        let mut all = vec![("authorization", asked.as_str())];
        all.extend(example.headers);
        let mut head = head(example.method, &uri, &all);
        let grant = granted(&policy(&["s3@us-east-1"]), &head);
        grant.prepare(&mut head);
        let key_id = "AKIAIOSFODNN7EXAMPLE".to_owned();
        let credentials = Credentials::new(key_id, SECRET.to_owned(), None).unwrap();
        let hash = grant.payload().hash();
        let hash = hash.unwrap_or_else(|| PayloadHash::of([example.body]));
        // 2013-05-24, 0:00 UTC.
        let now = UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        grant.sign(&mut head, &hash, &credentials, now).unwrap();
        assert_eq!(part(&head, "Signature"), example.signature, "{uri}");
    }
}
