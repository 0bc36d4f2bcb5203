//! Through [`crate::ask`], as rules for operations are asked.

mod rest;
mod rpc;

use crate::testing::{answer, policy, signed_head};

const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.0");

/// Method, target and headers.
type Case<'a> = (&'a str, &'a str, Headers<'a>);
type Headers<'a> = &'a [(&'a str, &'a str)];

fn ask(allow: &str, method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let prefix = allow.split([':', '/']).next().unwrap();
    let service = aws_endpoints::signing_name(prefix);
    let uri = format!("https://{prefix}.eu-central-1.amazonaws.com{target}");
    let head = signed_head(method, &uri, (service, "eu-central-1"), headers);
    answer(&policy(&[allow]), &head)
}
