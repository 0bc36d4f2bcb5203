use bootstream::{
    StreamError,
    testing::{self, Recording},
};

use super::{CHUNK_BYTES, DEFAULT_BYTES, LINE};

fn recorded(target: &str) -> Recording {
    let (response, recording) = testing::response();
    super::handle(testing::get(target), response).unwrap();
    recording
}

#[test]
fn the_file_is_of_200_mb_unless_asked_otherwise() {
    let (response, recording) = testing::response();
    // Stops early to save the test's memory.
    recording.close_after_writes(2);

    let error = super::handle(testing::get("/file"), response).unwrap_err();

    assert_eq!(DEFAULT_BYTES, 200_000_000);
    assert_eq!(StreamError::find_in(&*error), Some(&StreamError::Closed));
    assert_eq!(recording.body().len(), 2 * CHUNK_BYTES);
}

#[test]
fn the_answer_is_saved_under_a_name() {
    let recording = recorded("/file?bytes=64");

    assert_eq!(recording.status(), Some(200));
    assert_eq!(
        recording.header("content-disposition").as_deref(),
        Some("attachment; filename=\"large-download.txt\"")
    );
    assert_eq!(recording.body(), LINE);
    assert!(recording.finished());
}

#[test]
fn the_last_chunk_is_as_short_as_it_has_to_be() {
    let recording = recorded(&format!("/file?bytes={}", CHUNK_BYTES + 70));

    let sizes: Vec<_> = recording.chunks().iter().map(Vec::len).collect();
    assert_eq!(sizes, [CHUNK_BYTES, 70]);
    assert!(
        recording
            .body()
            .chunks(LINE.len())
            .all(|line| LINE.starts_with(line))
    );
}

#[test]
fn no_bytes_at_all_is_an_empty_file() {
    let recording = recorded("/file?bytes=0");

    assert_eq!(recording.status(), Some(200));
    assert!(recording.chunks().is_empty());
    assert!(recording.finished());
}

#[test]
fn a_size_that_is_no_number_fails_before_the_response_starts() {
    let (response, recording) = testing::response();

    let error = super::handle(testing::get("/file?bytes=-1"), response).unwrap_err();

    assert_eq!(
        error.to_string(),
        "query parameter `bytes` is `-1`: invalid digit found in string"
    );
    assert_eq!(recording.status(), None);
}
