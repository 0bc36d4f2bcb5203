//! The error codes of `wasi:http`.

use std::fmt;

macro_rules! codes {
    ($($variant:ident $name:literal $meaning:literal,)*) => {
        /// Why the host did not get a response, or not all of it: the error codes of `wasi:http`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $name, "`: ", $meaning, ".")] $variant,)*
        }

        impl ErrorCode {
            /// Returns the name in `wasi:http`, such as `HTTP-request-denied`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(crate) fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }

            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];
        }

        #[cfg(target_arch = "wasm32")]
        impl From<&wasip2::http::types::ErrorCode> for ErrorCode {
            fn from(code: &wasip2::http::types::ErrorCode) -> Self {
                use wasip2::http::types::ErrorCode as Wasi;
                match code {
                    $(Wasi::$variant { .. } => Self::$variant,)*
                }
            }
        }
    };
}

codes! {
    DnsTimeout "DNS-timeout" "the lookup of the host's name took too long",
    DnsError "DNS-error" "the host's name could not be resolved",
    DestinationNotFound "destination-not-found" "there is no such host",
    DestinationUnavailable "destination-unavailable" "the host is unavailable",
    DestinationIpProhibited "destination-IP-prohibited" "the address of the host is not allowed",
    DestinationIpUnroutable "destination-IP-unroutable" "no route leads to the host",
    ConnectionRefused "connection-refused" "the connection was refused",
    ConnectionTerminated "connection-terminated" "the connection broke",
    ConnectionTimeout "connection-timeout" "there was no connection in time",
    ConnectionReadTimeout "connection-read-timeout" "the other side sent nothing for too long",
    ConnectionWriteTimeout "connection-write-timeout" "the other side took nothing for too long",
    ConnectionLimitReached "connection-limit-reached" "too many requests are open",
    TlsProtocolError "TLS-protocol-error" "the TLS handshake failed",
    TlsCertificateError "TLS-certificate-error" "the certificate of the host is not trusted",
    TlsAlertReceived "TLS-alert-received" "the host ended the TLS connection",
    HttpRequestDenied "HTTP-request-denied" "the request is not allowed",
    HttpRequestLengthRequired "HTTP-request-length-required" "the request needs a `content-length`",
    HttpRequestBodySize "HTTP-request-body-size" "the size of the request's body is wrong",
    HttpRequestMethodInvalid "HTTP-request-method-invalid" "the method is not allowed",
    HttpRequestUriInvalid "HTTP-request-URI-invalid" "the URL is not valid",
    HttpRequestUriTooLong "HTTP-request-URI-too-long" "the URL is too long",
    HttpRequestHeaderSectionSize "HTTP-request-header-section-size" "the head of the request is too large",
    HttpRequestHeaderSize "HTTP-request-header-size" "a header of the request is too large",
    HttpRequestTrailerSectionSize "HTTP-request-trailer-section-size" "the trailers of the request are too large",
    HttpRequestTrailerSize "HTTP-request-trailer-size" "a trailer of the request is too large",
    HttpResponseIncomplete "HTTP-response-incomplete" "the response is incomplete",
    HttpResponseHeaderSectionSize "HTTP-response-header-section-size" "the head of the response is too large",
    HttpResponseHeaderSize "HTTP-response-header-size" "a header of the response is too large",
    HttpResponseBodySize "HTTP-response-body-size" "the body of the response is too large",
    HttpResponseTrailerSectionSize "HTTP-response-trailer-section-size" "the trailers of the response are too large",
    HttpResponseTrailerSize "HTTP-response-trailer-size" "a trailer of the response is too large",
    HttpResponseTransferCoding "HTTP-response-transfer-coding" "the transfer coding of the response is unknown",
    HttpResponseContentCoding "HTTP-response-content-coding" "the content coding of the response is unknown",
    HttpResponseTimeout "HTTP-response-timeout" "the response took too long",
    HttpUpgradeFailed "HTTP-upgrade-failed" "the upgrade failed",
    HttpProtocolError "HTTP-protocol-error" "the connection failed, or the other side broke the rules of HTTP",
    LoopDetected "loop-detected" "the request came back to its sender",
    ConfigurationError "configuration-error" "the host is not set up for this request; its log says why",
    InternalError "internal-error" "the host failed",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
