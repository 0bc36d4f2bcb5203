//! Records the answers to requests.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, WasiBody};

use super::hooks::{Answer, Sending};
use crate::capsule::{AnswerPart, Tape};

/// Returns the answer of `sending`, which `tape` records as that to request number `call`.
pub(super) fn record(sending: Sending, tape: Arc<Tape>, call: u32) -> Sending {
    let sending = Box::into_pin(sending);
    Box::new(async move {
        let answer: Answer = sending.await;
        match answer {
            Ok((response, io)) => Ok((recorded(response, tape, call), io)),
            Err(error) => {
                tape.answered(call, AnswerPart::Failed(&encode(&error)));
                Err(error)
            }
        }
    })
}

fn recorded(response: Response<WasiBody>, tape: Arc<Tape>, call: u32) -> Response<WasiBody> {
    tape.answered(
        call,
        AnswerPart::Head(response.status(), response.headers()),
    );
    response.map(|body| {
        let recorded = RecordedBody {
            body,
            tape,
            call,
            has_ended: false,
        };
        recorded.boxed_unsync()
    })
}

/// A body whose frames are recorded when the guest gets them.
struct RecordedBody {
    body: WasiBody,
    tape: Arc<Tape>,
    call: u32,
    has_ended: bool,
}

impl RecordedBody {
    fn note(&mut self, frame: Option<&Result<Frame<Bytes>, Error>>) {
        if std::mem::replace(&mut self.has_ended, !matches!(frame, Some(Ok(_)))) {
            return;
        }
        let code;
        let part = match frame {
            None => AnswerPart::End,
            Some(Err(error)) => {
                code = encode(error);
                AnswerPart::Failed(&code)
            }
            Some(Ok(frame)) => match (frame.data_ref(), frame.trailers_ref()) {
                (Some(data), _) => AnswerPart::Data(data),
                (None, Some(trailers)) => AnswerPart::Trailers(trailers),
                (None, None) => return,
            },
        };
        self.tape.answered(self.call, part);
    }
}

impl Body for RecordedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.note(frame.as_ref());
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Returns an error with details as JSON.
fn encode_with_details(error: &Error) -> String {
    let text = |text: &Option<String>| serde_json::to_string(text).unwrap_or_default();
    let number = |number: Option<u64>| number.map_or("null".to_owned(), |it| it.to_string());
    match error {
        Error::DnsError { rcode, info_code } => {
            let info_code = number(info_code.map(u64::from));
            format!("[\"DnsError\",{},{info_code}]", text(rcode))
        }
        Error::HttpRequestBodySize(size) => {
            format!("[\"HttpRequestBodySize\",{}]", number(*size))
        }
        Error::HttpResponseHeaderSectionSize(size) => {
            let size = number(size.map(u64::from));
            format!("[\"HttpResponseHeaderSectionSize\",{size}]")
        }
        Error::HttpResponseContentCoding(coding) => {
            format!("[\"HttpResponseContentCoding\",{}]", text(coding))
        }
        other => format!("[\"InternalError\",{}]", text(&Some(other.to_string()))),
    }
}

/// The errors that have no details.
macro_rules! errors {
    ($($name:ident),+ $(,)?) => {
        /// Returns an error as JSON: its name, and its details if the guest can see them.
        fn encode(error: &Error) -> String {
            let name = match error {
                $(Error::$name => stringify!($name),)+
                // What the guest gets for them.
                Error::Hyper(_) => "HttpProtocolError",
                Error::Connect(_) => "ConnectionRefused",
                Error::Tls(_) => "TlsProtocolError",
                other => return encode_with_details(other),
            };
            format!("[\"{name}\"]")
        }

        /// Returns the error of [`encode`].
        #[cfg(feature = "rehearsal")]
        pub(super) fn decode(json: &serde_json::Value) -> Error {
            let text = |index: usize| json.get(index).and_then(serde_json::Value::as_str);
            let number = json.get(1).and_then(serde_json::Value::as_u64);
            match text(0).unwrap_or_default() {
                $(stringify!($name) => Error::$name,)+
                "DnsError" => Error::DnsError {
                    rcode: text(1).map(ToOwned::to_owned),
                    info_code: json.get(2).and_then(serde_json::Value::as_u64)
                        .and_then(|it| u16::try_from(it).ok()),
                },
                "HttpRequestBodySize" => Error::HttpRequestBodySize(number),
                "HttpResponseHeaderSectionSize" => Error::HttpResponseHeaderSectionSize(
                    number.and_then(|it| u32::try_from(it).ok()),
                ),
                "HttpResponseContentCoding" => {
                    Error::HttpResponseContentCoding(text(1).map(ToOwned::to_owned))
                }
                _ => Error::InternalError(text(1).map(ToOwned::to_owned)),
            }
        }

        #[cfg(all(test, feature = "rehearsal"))]
        const WITHOUT_DETAILS: &[&str] = &[$(stringify!($name)),+];
    };
}

errors!(
    DnsTimeout,
    DestinationNotFound,
    DestinationUnavailable,
    DestinationIpProhibited,
    DestinationIpUnroutable,
    ConnectionRefused,
    ConnectionTerminated,
    ConnectionTimeout,
    ConnectionReadTimeout,
    ConnectionWriteTimeout,
    ConnectionLimitReached,
    TlsProtocolError,
    TlsCertificateError,
    HttpRequestDenied,
    HttpRequestLengthRequired,
    HttpRequestMethodInvalid,
    HttpRequestUriInvalid,
    HttpRequestUriTooLong,
    HttpResponseIncomplete,
    HttpResponseTimeout,
    HttpUpgradeFailed,
    HttpProtocolError,
    LoopDetected,
    ConfigurationError,
);

#[cfg(all(test, feature = "rehearsal"))]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_same_after_it_was_recorded() {
        let mut errors: Vec<Error> = WITHOUT_DETAILS
            .iter()
            .map(|name| decode(&serde_json::json!([name])))
            .collect();
        errors.extend([
            Error::DnsError {
                rcode: Some("no such \"host\"".to_owned()),
                info_code: Some(3),
            },
            Error::HttpRequestBodySize(Some(7)),
            Error::HttpResponseHeaderSectionSize(None),
            Error::HttpResponseContentCoding(Some("gzip".to_owned())),
            Error::InternalError(Some("x".to_owned())),
        ]);
        for error in errors {
            let decoded = decode(&serde_json::from_str(&encode(&error)).unwrap());
            match &error {
                Error::InternalError(_) => assert!(matches!(decoded, Error::InternalError(_))),
                _ => assert_eq!(format!("{error:?}"), format!("{decoded:?}")),
            }
        }
    }
}
