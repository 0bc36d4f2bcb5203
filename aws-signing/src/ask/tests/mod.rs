mod attacks;
mod hosts;
mod scope;

use crate::testing::{answer, authorization, head, placeholder, policy, signed_head};

const SCOPE: (&str, &str) = ("dynamodb", "eu-central-1");
const DYNAMODB: &str = "https://dynamodb.eu-central-1.amazonaws.com/";

#[test]
fn only_the_placeholder_asks_for_a_signature() {
    let policy = policy(&["dynamodb"]);
    let own = authorization("dynamodb", "eu-central-1");
    let key = placeholder();
    let key = key.as_str();
    for (authorization, answered) in [
        (own.clone(), "granted"),
        (own.replace(key, "AKIDEXAMPLE"), "not ours"),
        (own.replace(key, &key.to_lowercase()), "not ours"),
        (own.replace(key, &format!("{key}A")), "not ours"),
        (own.replace(key, &format!("A{key}")), "not ours"),
        (own.replace(key, key.get(..35).unwrap()), "not ours"),
        (own.replace("BOOTSTREAM", "BOOTSTREAN"), "not ours"),
        ("Bearer token".to_owned(), "not ours"),
    ] {
        let head = head("POST", DYNAMODB, &[("authorization", &authorization)]);
        assert_eq!(answer(&policy, &head), answered, "{authorization}");
    }
    assert_eq!(answer(&policy, &head("POST", DYNAMODB, &[])), "not ours");
}

#[test]
fn each_character_of_the_placeholder_counts() {
    let policy = policy(&["dynamodb"]);
    let own = authorization("dynamodb", "eu-central-1");
    let key = placeholder();
    for at in 0..key.as_str().len() {
        let mut changed: Vec<char> = key.as_str().chars().collect();
        changed[at] = if changed[at] == 'Q' { 'R' } else { 'Q' };
        let changed: String = changed.into_iter().collect();
        let authorization = own.replace(key.as_str(), &changed);
        let head = head("POST", DYNAMODB, &[("authorization", &authorization)]);
        assert_eq!(answer(&policy, &head), "not ours", "{at}");
    }
}

#[test]
fn a_thin_client_and_a_whole_sdk_are_granted() {
    let policy = policy(&["dynamodb"]);
    let scope = ("dynamodb", "eu-central-1");
    let thin = signed_head("POST", DYNAMODB, scope, &[]);
    assert_eq!(answer(&policy, &thin), "granted");
    let authorization = authorization("dynamodb", "eu-central-1")
        .replace("00000000", "20261129")
        .replace("=host", "=content-type;host;x-amz-date;x-amz-target")
        .replace(
            "Signature=0",
            &format!("Signature={}", crate::testing::EMPTY),
        );
    let whole = head(
        "POST",
        DYNAMODB,
        &[
            ("authorization", &authorization),
            ("content-type", "application/x-amz-json-1.0"),
            ("x-amz-date", "20261129T000000Z"),
            ("x-amz-security-token", "the handler's own"),
            ("x-amz-target", "DynamoDB_20120810.GetItem"),
            ("amz-sdk-request", "attempt=1; max=3"),
        ],
    );
    assert_eq!(answer(&policy, &whole), "granted");
}
