//! The AWS SDK's own signer computes the same signatures.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::request::Parts;
use proptest::prelude::*;

use crate::testing::{authorization, credentials, granted, head, part, policy};
use crate::{Payload, PayloadHash};

/// Signs `head`, which we have signed, once more.
fn theirs(
    head: &Parts,
    is_s3: bool,
    body: SignableBody<'_>,
    token: Option<&str>,
    time: SystemTime,
) -> String {
    let mut settings = SigningSettings::default();
    if is_s3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if head.headers.contains_key(crate::payload::HEADER) {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = aws_credential_types::Credentials::new(
        "AKIDEXAMPLE",
        crate::testing::SECRET,
        token.map(str::to_owned),
        None,
        "test",
    )
    .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-central-1")
        .name(if is_s3 { "s3" } else { "dynamodb" })
        .time(time)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let signed: Vec<&str> = part(head, "SignedHeaders").split(';').collect();
    let own = ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];
    let headers = head
        .headers
        .iter()
        .filter(|(name, _)| signed.contains(&name.as_str()) && !own.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let uri = head.uri.to_string();
    let request = SignableRequest::new(head.method.as_str(), uri, headers, body).unwrap();
    sign(request, &params).unwrap().into_parts().1
}

/// A segment of a path, encoded or not.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => "[a-zA-Z0-9._~-]",
        2 => "[!$'()*,;:@]",
        2 => "%[2-7][0-9A-Fa-f]",
        // The SDK reads a query as UTF-8 and signs other bytes wrong.
        1 => Just("%c3%A9".to_owned()),
        1 => Just("..".to_owned()),
    ];
    prop::collection::vec(character, 0..6).prop_map(|parts| parts.concat())
}

fn target() -> impl Strategy<Value = String> {
    let pair = (text(), prop::option::of(text())).prop_map(|(key, value)| match value {
        Some(value) => format!("{key}={value}"),
        None => key,
    });
    let path = prop::collection::vec(prop_oneof![4 => text(), 1 => Just(".".to_owned())], 0..5);
    let query = prop::collection::vec(pair, 0..5);
    (path, query).prop_map(|(path, query)| format!("/{}?{}", path.join("/"), query.join("&")))
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        "x-amz-meta-[a-d]{1,2}",
        "x-custom-[a-c]",
        Just("content-type".to_owned())
    ];
    prop::collection::vec((name, "[ -~]{0,20}"), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn signatures_are_those_of_the_sdk(
        is_s3: bool,
        method in prop::sample::select(vec!["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
        target in target(),
        headers in headers(),
        body in "[a-z]{0,9}",
        token in prop::option::of("[a-zA-Z0-9/+=]{1,40}"),
        mode in 0..4,
        seconds in 0_u64..253_402_300_800,
    ) {
        let service = if is_s3 { "s3" } else { "dynamodb" };
        let asked = authorization(service, "eu-central-1")
            .replace("=host", "=host;x-custom-a;x-custom-b");
        let digest = crate::sha256_hex(body.as_bytes());
        let mut all = vec![("authorization", asked.as_str())];
        match mode {
            0 => all.push(("x-amz-content-sha256", &digest)),
            1 => all.push(("x-amz-content-sha256", "UNSIGNED-PAYLOAD")),
            2 => all.push(("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")),
            _ => {}
        }
        all.extend(headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let uri = format!("https://{service}.eu-central-1.amazonaws.com{target}");
        let mut head = head(method, &uri, &all);
        let grant = granted(&policy(&[service]), &head);
        grant.prepare(&mut head);
        let now = UNIX_EPOCH + Duration::from_secs(seconds);
        let hash = grant.payload().hash().unwrap_or_else(|| PayloadHash::of([&body]));
        grant.sign(&mut head, &hash, &credentials(token.as_deref()), now).unwrap();
        let signable = match grant.payload() {
            Payload::Held => SignableBody::Bytes(body.as_bytes()),
            Payload::Digest(_) => SignableBody::Precomputed(digest.clone()),
            Payload::Unsigned => SignableBody::UnsignedPayload,
            Payload::UnsignedTrailer => SignableBody::StreamingUnsignedPayloadTrailer,
        };
        let theirs = theirs(&head, is_s3, signable, token.as_deref(), now);
        prop_assert_eq!(part(&head, "Signature"), theirs, "{:?}", head);
    }
}
