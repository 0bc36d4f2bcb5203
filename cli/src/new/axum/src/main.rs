//! Streams numbers, one each second: three, or as many as `?count=` asks for.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_lite::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use wstd::time::Duration;

#[wstd_axum::http_server]
fn main() -> Router {
    router()
}

fn router() -> Router {
    Router::new().route("/numbers", get(numbers))
}

#[derive(Deserialize)]
struct Wanted {
    count: Option<u32>,
}

async fn numbers(Query(wanted): Query<Wanted>) -> Response {
    let headers = [
        ("content-type", "text/plain"),
        ("x-my-custom-header", "streaming-axum"),
    ];
    // The caller gets each item at once. An `Err` in place of a line would break the response, and the caller
    // would see that its end is missing.
    let lines = lines(wanted.count.unwrap_or(3)).map(Ok::<_, Infallible>);
    (headers, Body::from_stream(lines)).into_response()
}

fn lines(count: u32) -> impl Stream<Item = String> {
    let numbers = stream::iter(1..=count).then(|number| async move {
        if number > 1 {
            pause().await;
        }
        format!("Number: {number}\n")
    });
    let end = stream::once_future(async move {
        if count > 0 {
            pause().await;
        }
        "Streaming complete!\n".to_owned()
    });
    numbers.chain(end)
}

async fn pause() {
    // Tests are native programs, where WASI's clock does not exist.
    if cfg!(target_family = "wasm") {
        wstd::task::sleep(Duration::from_secs(1)).await;
    }
}

#[cfg(test)]
mod tests;
