//! Runs what the documents tell a reader to type, in order, and compares what they say comes out.
//!
//! A block marked `console` holds commands after `$ ` and their expected output. Numbers may
//! differ, and a line `...` stands for anything. A block whose language is followed by a path is a
//! file to write. A comment `<!-- run by hand: reason -->` before a block leaves it to the reader.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the tests themselves"
)]

mod document;
mod session;

use document::{Block, parse};
use session::Session;

/// Follows one document from the root of the repository, where its reader is.
fn follow(path: &str) {
    let mut session = Session::new();
    for block in parse(&session.read(path)) {
        match block {
            Block::File { path, text } => session.write(&path, &text),
            Block::Commands(commands) => {
                for command in commands {
                    session.run(&command);
                }
            }
        }
    }
}

#[test]
fn the_readme_can_be_followed() {
    follow("README.md");
}

#[test]
fn the_page_on_the_local_lambda_can_be_followed() {
    follow("docs/local-lambda.md");
}

#[test]
fn the_readme_of_streaming_numbers_can_be_followed() {
    follow("examples/streaming-numbers/README.md");
}

#[test]
fn the_readme_of_server_sent_events_can_be_followed() {
    follow("examples/server-sent-events/README.md");
}

#[test]
fn the_readme_of_large_download_can_be_followed() {
    follow("examples/large-download/README.md");
}

#[test]
fn the_readme_of_streaming_javascript_can_be_followed() {
    follow("examples/streaming-javascript/README.md");
}

#[test]
fn the_readme_of_the_scripted_guest_can_be_followed() {
    follow("test-guests/README.md");
}

#[test]
fn the_page_on_deploying_can_be_followed() {
    follow("docs/deploy.md");
}
