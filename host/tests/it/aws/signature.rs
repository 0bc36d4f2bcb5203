//! Verifies signatures by AWS's documentation of Signature Version 4, from what was received.

use std::fmt::Write as _;

use ring::{digest, hmac};

use super::service::Received;
use super::{KEY_ID, SECRET_KEY, SESSION_TOKEN};

/// Returns why the signature of a request is not that of the test's keys.
pub(super) fn verify(request: &Received) -> Result<(), String> {
    let [authorization] = &request.headers("authorization")[..] else {
        return Err("there is not one authorization".to_owned());
    };
    let fields = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or("another algorithm")?;
    let mut fields = fields
        .split(',')
        .filter_map(|field| field.trim().split_once('='));
    let (
        Some(("Credential", credential)),
        Some(("SignedHeaders", signed)),
        Some(("Signature", signature)),
    ) = (fields.next(), fields.next(), fields.next())
    else {
        return Err(format!("not a signature: {authorization}"));
    };
    let (key_id, scope) = credential.split_once('/').ok_or("no scope")?;
    if key_id != KEY_ID {
        return Err(format!("another key: {key_id}"));
    }
    if request.headers("x-amz-security-token") != [SESSION_TOKEN] {
        return Err("not the session token".to_owned());
    }
    for name in ["host", "x-amz-date", "x-amz-security-token"] {
        if !signed.split(';').any(|signed| signed == name) {
            return Err(format!("`{name}` is not signed"));
        }
    }
    let [date, region, service, "aws4_request"] = scope.split('/').collect::<Vec<_>>()[..] else {
        return Err(format!("not a scope: {scope}"));
    };
    let timestamp = request.header("x-amz-date");
    if !timestamp.starts_with(date) {
        return Err(format!("{timestamp} is not on {date}"));
    }
    let canonical = canonical(request, signed, service);
    let text = format!(
        "AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{}",
        sha256(canonical.as_bytes())
    );
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for part in [date, region, service, "aws4_request", &text] {
        let signing = hmac::Key::new(hmac::HMAC_SHA256, &key);
        key = hmac::sign(&signing, part.as_bytes()).as_ref().to_vec();
    }
    let expected = hex(&key);
    if signature != expected {
        return Err(format!("{signature} is not {expected} of:\n{canonical}"));
    }
    Ok(())
}

fn canonical(request: &Received, signed: &str, service: &str) -> String {
    let mut line = request.head.split(' ');
    let (method, target) = (
        line.next().unwrap_or_default(),
        line.next().unwrap_or_default(),
    );
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = if service == "s3" {
        path.to_owned()
    } else {
        path.replace('%', "%25")
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let with_value = |pair: &str| match pair.contains('=') {
        true => pair.to_owned(),
        false => format!("{pair}="),
    };
    let mut pairs: Vec<String> = pairs.map(with_value).collect();
    pairs.sort_unstable();
    let mut canonical = format!("{method}\n{path}\n{}\n", pairs.join("&"));
    for name in signed.split(';') {
        let values = request.headers(name).join(",");
        writeln!(canonical, "{name}:{values}").expect("memory");
    }
    let stated = request.headers("x-amz-content-sha256");
    let payload = stated
        .first()
        .cloned()
        .unwrap_or_else(|| sha256(&request.body));
    canonical + "\n" + signed + "\n" + &payload
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
