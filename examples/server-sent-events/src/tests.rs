use bootstream::testing::{self, Recording};

fn recorded(event: bootstream::Event) -> Recording {
    let (response, recording) = testing::response();
    super::handle(event, response).unwrap();
    recording
}

#[test]
fn the_count_is_a_stream_of_events() {
    let recording = recorded(testing::get("/events?count=2"));

    assert_eq!(
        recording.header("content-type").as_deref(),
        Some("text/event-stream")
    );
    assert_eq!(
        recording.text(),
        "retry: 3000\n\n\
         : keep-alive\n\n\
         event: count\nid: 1\ndata: 1 of 2\n\n\
         : keep-alive\n\n\
         event: count\nid: 2\ndata: 2 of 2\n\n\
         event: done\ndata: that is all\n\n"
    );
    assert_eq!(recording.chunks().len(), 6);
    assert!(recording.finished());
}

#[test]
fn the_count_is_five_unless_asked_otherwise() {
    let text = recorded(testing::get("/events")).text();

    assert_eq!(text.matches("event: count").count(), 5);
}

#[test]
fn a_browser_that_comes_back_gets_the_rest() {
    let event = r#"{
        "requestContext": { "http": { "method": "GET" } },
        "rawPath": "/events",
        "rawQueryString": "count=4",
        "headers": { "last-event-id": "3" }
    }"#;

    let text = recorded(testing::event(event)).text();

    assert!(text.contains("4 of 4"), "{text}");
    assert!(!text.contains("3 of 4"), "{text}");
}

#[test]
fn a_count_that_is_no_number_fails_before_the_response_starts() {
    let (response, recording) = testing::response();

    let error = super::handle(testing::get("/events?count=many"), response).unwrap_err();

    assert_eq!(
        error.to_string(),
        "query parameter `count` is `many`: invalid digit found in string"
    );
    assert_eq!(recording.status(), None);
}
