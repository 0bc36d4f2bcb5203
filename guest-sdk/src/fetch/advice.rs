//! Which setting changes the outcome of a request.

use super::ErrorCode;
use super::error::About;

/// Says why there is no response, and what to do about it.
pub(super) fn no_response(code: ErrorCode, about: &About) -> String {
    let origin = about.origin();
    match code {
        ErrorCode::HttpRequestDenied => denied(about),
        ErrorCode::DestinationIpProhibited => format!(
            "the address of `{origin}` is not public: add it to `outbound.private-addresses`"
        ),
        ErrorCode::ConnectionLimitReached => {
            "too many requests are open: read responses to their end or drop them, or raise \
             `outbound.requests`"
                .to_owned()
        }
        ErrorCode::ConnectionTimeout => format!(
            "there was no connection to `{origin}` within `connect_timeout` and \
             `outbound.connect-ms`"
        ),
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            "there was no response within `first_byte_timeout` and `outbound.first-byte-ms`"
                .to_owned()
        }
        ErrorCode::TlsCertificateError => format!(
            "the certificate of `{origin}` is not trusted: add its authority with \
             `outbound.ca-file`"
        ),
        ErrorCode::HttpResponseHeaderSectionSize | ErrorCode::HttpRequestHeaderSectionSize => {
            format!("{}: raise `outbound.header-kib`", code.meaning())
        }
        ErrorCode::HttpRequestBodySize if about.aws_rule.is_some() => {
            "the body of a signed request is too large: raise `aws.body-kib`, or send its SHA-256 as \
             `x-amz-content-sha256` to stream it"
                .to_owned()
        }
        ErrorCode::HttpRequestMethodInvalid => {
            "the host does not send requests of this method".to_owned()
        }
        ErrorCode::DnsError | ErrorCode::DestinationNotFound | ErrorCode::ConnectionRefused => {
            format!("{} (`{origin}`)", code.meaning())
        }
        other => other.meaning().to_owned(),
    }
}

fn denied(about: &About) -> String {
    let origin = about.origin();
    if let Some(rule) = &about.aws_rule {
        return format!(
            "the host does not sign requests to `{origin}`: add `{rule}` to `aws.allow`; the \
             function's log has the reason"
        );
    }
    let denied =
        format!("the host does not allow requests to `{origin}`: add it to `outbound.allow`");
    if about.has_secret {
        return format!("{denied} and to the hosts of its secret in `secrets`");
    }
    denied
}

/// Says why a response broke off, and what to do about it.
pub(super) fn broke_off(code: ErrorCode) -> String {
    match code {
        ErrorCode::ConnectionReadTimeout => {
            "the response paused for longer than `between_bytes_timeout` or `outbound.idle-ms`"
                .to_owned()
        }
        other => format!("the response broke off: {}", other.meaning()),
    }
}
