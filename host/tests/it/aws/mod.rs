//! Handlers call AWS: the host signs, and the handler never has a key.

mod answers;
mod bodies;
mod credentials;
mod held;
mod hostile;
mod sdk;
pub(crate) mod service;
mod settings;
mod signature;
mod signing;

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use crate::reaching::host;
use service::Service;

const KEY_ID: &str = "AKIDOFTHETESTS";
const SECRET_KEY: &str = "the+secret/key+of+the+tests";
const SESSION_TOKEN: &str = "THE/SESSION+TOKEN//OF+THE+TESTS==";

const REGION: &str = "eu-central-1";

/// Settings that allow a service, which is at `service`.
pub(crate) fn allow(prefix: &str, service: &Service) -> String {
    format!(
        "[aws]\nallow = ['{prefix}']\n[aws.endpoints]\n'{prefix}' = '{}'\n",
        service.url("")
    )
}

/// A function with these settings, and with the credentials of the tests in its variables.
fn function(lambda: &Recorder, settings: &str) -> Bootstrap {
    with_credentials(host(lambda, settings))
}

/// Gives a function the credentials of the tests.
pub(crate) fn with_credentials(function: Bootstrap) -> Bootstrap {
    function
        .env("AWS_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("AWS_SESSION_TOKEN", SESSION_TOKEN)
}

fn without_credentials(lambda: &Recorder, settings: &str) -> Bootstrap {
    host(lambda, settings).env("AWS_REGION", REGION)
}

/// The header that asks the host to sign for a service.
pub(crate) fn sign_for(service: &str) -> Value {
    signed_by(&format!(
        "${{AWS_ACCESS_KEY_ID}}/00000000/{REGION}/{service}/aws4_request"
    ))
}

fn signed_by(credential: &str) -> Value {
    json!([
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0")
    ])
}

/// A step that calls DynamoDB at `url`.
fn get_item(url: &str) -> Value {
    json!({"fetch": {
        "url": url,
        "body": "{\"TableName\":\"t\"}",
        "headers": [
            sign_for("dynamodb"),
            ["x-amz-target", "DynamoDB_20120810.GetItem"],
            ["content-type", "application/x-amz-json-1.0"],
        ],
    }})
}
