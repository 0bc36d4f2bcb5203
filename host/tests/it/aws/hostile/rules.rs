//! Rules for operations, buckets and reading, and what others are asked for in their place.

use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::super::service::Service;
use super::super::{allow, function, get_item, sign_for};
use super::DENIED;
use crate::reaching::outcomes;

/// A role's permission for some operations is not one for others that are asked for in other ways.
#[test]
fn an_operation_rule_accepts_one_way_to_ask() {
    let service = Service::verifying();
    let settings = allow("dynamodb", &service).replace("['dynamodb']", "['dynamodb:GetItem']");
    let lambda = Recorder::start();
    let running = function(&lambda, &settings).start();
    let asking = |change: &dyn Fn(&mut Value)| {
        let mut call = get_item(&service.url("/"));
        change(&mut call["fetch"]);
        call
    };
    let steps = json!([
        get_item(&service.url("/")),
        asking(&|fetch| fetch["headers"][1][1] = json!("DynamoDB_20120810.PutItem")),
        asking(&|fetch| fetch["headers"][1] = json!(["x-other", "x"])),
        asking(&|fetch| fetch["headers"][2][1] = json!("application/x-www-form-urlencoded")),
        asking(&|fetch| fetch["url"] = json!(service.url("/?Action=GetItem"))),
        asking(&|fetch| fetch["method"] = json!("PUT")),
        asking(&|fetch| fetch["url"] = json!(service.url("/service/DynamoDB/operation/PutItem"))),
        // Asks in two ways.
        asking(&|fetch| fetch["url"] = json!(service.url("/service/DynamoDB/operation/GetItem"))),
        asking(&|fetch| fetch["headers"][1][1] = json!("DynamoDB_20120810.GetItem,PutItem")),
        asking(&|fetch| fetch["headers"][1][1] = json!("dynamodb_20120810.getitem")),
        asking(&|fetch| fetch["headers"][1][1] = json!("PutItem.GetItem")),
        asking(&|fetch| fetch["url"] = json!(service.url("/%2e%2e/"))),
    ]);

    let outcomes = outcomes(&lambda, "id-1", &steps);

    assert_eq!(outcomes[0], "ok: 200 5 hello");
    assert_eq!(outcomes[1..], [DENIED; 11]);
    running.logged("`aws.allow` has no `dynamodb@eu-central-1:PutItem`");
    assert_eq!(service.received().len(), 1);
}

#[test]
fn a_rule_for_a_bucket_or_for_reading_opens_nothing_else() {
    let service = Service::verifying();
    let settings = allow("s3", &service).replace("['s3']", "['s3/mine:read']");
    let lambda = Recorder::start();
    let _running = function(&lambda, &settings).start();
    let step = |method: &str, path: &str| json!({"fetch": {"url": service.url(path), "method": method, "headers": [sign_for("s3")]}});
    let steps = json!([
        step("GET", "/mine/key"),
        step("HEAD", "/mine/key"),
        step("PUT", "/mine/key"),
        step("DELETE", "/mine/key"),
        step("GET", "/mine?session"),
        step("GET", "/others/key"),
        step("GET", "/mine/../others/key"),
        step("GET", "/mine/%2e%2e/others/key"),
        step("GET", "/mine%2F..%2Fothers/key"),
        step("GET", "//others/key"),
        step("GET", "/Mine/key"),
        step("GET", "/"),
    ]);

    let outcomes = outcomes(&lambda, "id-1", &steps);

    assert!(
        outcomes[..2].iter().all(|it| it.starts_with("ok: 200")),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[2..], [DENIED; 10]);
    assert_eq!(service.received().len(), 2);
}

/// A copy reads what it names.
#[test]
fn a_rule_for_a_bucket_copies_nothing_of_others() {
    let service = Service::verifying();
    let settings = allow("s3", &service).replace("['s3']", "['s3/mine']");
    let lambda = Recorder::start();
    let _running = function(&lambda, &settings).start();
    let copy = |sources: &[&str]| {
        let sources = sources.iter();
        let sources = sources.map(|source| json!(["x-amz-copy-source", source]));
        let headers: Vec<_> = [sign_for("s3")].into_iter().chain(sources).collect();
        json!({"fetch": {"url": service.url("/mine/key"), "method": "PUT", "headers": headers}})
    };
    let steps = json!([
        copy(&["/mine/other"]),
        copy(&["/others/key"]),
        copy(&["others/key"]),
        copy(&["/mine/../others/key"]),
        copy(&["%2Fothers%2Fkey"]),
        copy(&["mine%2F..%2Fothers/key"]),
        copy(&["arn:aws:s3:eu-central-1:1:accesspoint/others/object/key"]),
        copy(&["/mine/key", "/others/key"]),
    ]);

    let outcomes = outcomes(&lambda, "id-1", &steps);

    assert_eq!(outcomes[0], "ok: 200 5 hello");
    assert_eq!(outcomes[1..], [DENIED; 7]);
    assert_eq!(service.received().len(), 1);
}

/// A bucket in the name of the host is one in the path.
#[test]
fn a_bucket_in_the_host_is_one_of_the_rules() {
    let lambda = Recorder::start();
    let running = function(&lambda, "aws.allow = ['s3/mine']").start();
    let hosts = [
        "others.s3.eu-central-1.amazonaws.com",
        "others.s3.dualstack.eu-central-1.amazonaws.com",
        "mine.others.s3.eu-central-1.amazonaws.com",
        "others-123.s3-accesspoint.eu-central-1.amazonaws.com",
    ];
    let steps = hosts.map(
        |host| json!({"fetch": {"url": format!("https://{host}/mine/key"), "headers": [sign_for("s3")]}}),
    );

    assert_eq!(outcomes(&lambda, "id-1", &json!(steps)), [DENIED; 4]);
    for bucket in ["others", "mine.others", "others-123"] {
        running.logged(&format!("`aws.allow` has no `s3/{bucket}@eu-central-1`"));
    }
}
