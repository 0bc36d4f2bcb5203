use bootstream::{StreamError, testing};

const THREE: &str = "Number: 1\nNumber: 2\nNumber: 3\nStreaming complete!\n";

#[test]
fn each_number_is_a_chunk_of_its_own() {
    let (response, recording) = testing::response();

    super::handle(testing::get("/numbers"), response).unwrap();

    assert_eq!(recording.status(), Some(200));
    assert_eq!(
        recording.header("content-type").as_deref(),
        Some("text/plain")
    );
    assert_eq!(
        recording.header("x-my-custom-header").as_deref(),
        Some("streaming-example")
    );
    assert_eq!(recording.text(), THREE);
    assert_eq!(recording.chunks().len(), 4);
    assert!(recording.finished());
}

#[test]
fn the_query_may_ask_for_another_count() {
    let (response, recording) = testing::response();

    super::handle(testing::get("/numbers?count=1"), response).unwrap();

    assert_eq!(recording.text(), "Number: 1\nStreaming complete!\n");
}

#[test]
fn an_event_that_is_no_http_request_is_served_too() {
    let (response, recording) = testing::response();

    super::handle(testing::event(r#"{"hello":"world"}"#), response).unwrap();

    assert_eq!(recording.text(), THREE);
}

#[test]
fn a_caller_that_leaves_ends_the_count() {
    let (response, recording) = testing::response();
    recording.close_after_writes(2);

    let error = super::handle(testing::get("/numbers"), response).unwrap_err();

    assert_eq!(StreamError::find_in(&*error), Some(&StreamError::Closed));
    assert_eq!(recording.text(), "Number: 1\nNumber: 2\n");
}
