//! A service of WASI 0.3 that does what the path of a request tells it.

#![expect(clippy::print_stdout, reason = "the tests read the output")]

mod answers;
mod ends;
mod outside;

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{FutureReader, FutureWriter, StreamWriter};
use wasip3::{wit_future, wit_stream};

struct Service;

wasip3::http::service::export!(Service);

type Answer = Result<Response, ErrorCode>;
type Trailers = Result<Option<Fields>, ErrorCode>;

/// The writing half of a response.
struct Body {
    bytes: StreamWriter<u8>,
    trailers: FutureWriter<Trailers>,
    /// What became of the response.
    transmitted: FutureReader<Result<(), ErrorCode>>,
}

/// Creates a response with these headers.
fn respond(headers: &[(&str, &str)]) -> (Response, Body) {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let headers = Fields::from_list(&headers).expect("valid headers");
    let (bytes, contents) = wit_stream::new();
    let (trailers, end) = wit_future::new(|| Ok(None));
    let (response, transmitted) = Response::new(headers, Some(contents), end);
    let body = Body {
        bytes,
        trailers,
        transmitted,
    };
    (response, body)
}

impl Body {
    /// Writes all of `bytes`. Returns how many were not taken, because the receiver is gone.
    async fn write(&mut self, bytes: impl Into<Vec<u8>>) -> usize {
        self.bytes.write_all(bytes.into()).await.len()
    }
}

/// Responds with a text.
fn text(text: impl Into<Vec<u8>>) -> Answer {
    let (response, mut body) = respond(&[("content-type", "text/plain")]);
    let text = text.into();
    wasip3::wit_bindgen::spawn_local(async move {
        body.write(text).await;
    });
    Ok(response)
}

impl wasip3::exports::http::handler::Guest for Service {
    async fn handle(request: Request) -> Answer {
        let path = request.get_path_with_query().unwrap_or_default();
        let (path, query) = path.split_once('?').unwrap_or((&path, ""));
        if let Some(answer) = answers::answer(path, query, &request) {
            return answer;
        }
        if let Some(answer) = ends::end(path, query).await {
            return answer;
        }
        match path {
            "/echo" => answers::echo(request),
            "/rest" => answers::rest(request, query).await,
            "/copy" => answers::copy(request),
            "/send-with" => outside::send_with(request, query).await,
            _ => outside::outside(path, query).await,
        }
    }
}
