use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_lite::{StreamExt as _, future::block_on};
use tower::ServiceExt as _;

/// Returns the status of a response, and the chunks of its body.
fn get(path: &str) -> (StatusCode, Vec<String>) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    block_on(async {
        let response = super::router().oneshot(request).await.unwrap();
        let status = response.status();
        let chunks = response.into_body().into_data_stream();
        let text = |chunk: Result<_, axum::Error>| -> String {
            let chunk: axum::body::Bytes = chunk.unwrap();
            String::from_utf8(chunk.to_vec()).unwrap()
        };
        (status, chunks.map(text).collect().await)
    })
}

#[test]
fn each_line_is_a_chunk_of_its_own() {
    let (status, chunks) = get("/numbers?count=2");

    assert_eq!(status, 200);
    assert_eq!(
        chunks,
        ["Number: 1\n", "Number: 2\n", "Streaming complete!\n"]
    );
}

#[test]
fn without_a_count_there_are_three() {
    assert_eq!(get("/numbers").1.len(), 4);
}

#[test]
fn a_count_that_is_no_number_is_the_caller_s_mistake() {
    assert_eq!(get("/numbers?count=many").0, StatusCode::BAD_REQUEST);
}
