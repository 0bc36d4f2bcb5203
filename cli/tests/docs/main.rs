//! Runs the commands of the documents in order, and compares their output with the documented one.
//!
//! A block marked `console` holds commands after `$ ` and their expected output. Numbers may differ, sizes of
//! files by a tenth, and a line `...` stands for anything. A block whose language is followed by a path is
//! a file to write. A comment `<!-- run by hand: reason -->` before a block excludes it.
#![cfg(test)]

mod book;
mod document;
mod excerpts;
mod links;
mod projects;
mod servers;
mod session;

use std::path::Path;

use document::{Block, parse};
use session::{Session, repository};

/// Follows one document from the folder where the reader is.
fn follow(reader: &mut Session, path: &str) {
    for block in parse(&reader.read(path)) {
        match block {
            Block::File { path, text } => reader.write(&path, &text),
            Block::Commands(commands) => {
                for command in commands {
                    reader.run(&command);
                }
            }
        }
    }
}

/// A reader at the root of the repository, who uses what the tests have built.
fn reader() -> Session {
    Session::new(&repository(".")).with(&projects::PROFILE)
}

/// Documents to follow from the root of the repository, each with the name of its test.
macro_rules! followed {
    ($($test:ident: $path:literal,)*) => {
        const FOLLOWED: &[&str] = &[$($path),*];
        $(
            #[test]
            fn $test() {
                follow(&mut reader(), $path);
            }
        )*
    };
}

followed! {
    the_page_on_installing_can_be_followed: "docs/guide/install.md",
    getting_started_can_be_followed: "docs/guide/getting-started.md",
    the_page_on_handlers_can_be_followed: "docs/guide/handlers.md",
    the_page_on_the_local_lambda_can_be_followed: "docs/guide/local-lambda.md",
    the_page_on_event_sources_can_be_followed: "docs/guide/event-sources.md",
    the_readme_of_streaming_numbers_can_be_followed: "examples/streaming-numbers/README.md",
    the_readme_of_server_sent_events_can_be_followed: "examples/server-sent-events/README.md",
    the_readme_of_large_download_can_be_followed: "examples/large-download/README.md",
    the_readme_of_s3_download_can_be_followed: "examples/s3-download/README.md",
    the_readme_of_llm_proxy_can_be_followed: "examples/llm-proxy/README.md",
    the_readme_of_streaming_javascript_can_be_followed: "examples/streaming-javascript/README.md",
    the_readme_of_the_scripted_guest_can_be_followed: "test-guests/README.md",
}

/// Shows the sizes of what users build.
const DEPLOYING: &str = "docs/guide/deploy.md";

#[test]
fn the_page_on_deploying_can_be_followed() {
    follow(&mut Session::new(&repository(".")), DEPLOYING);
}

/// Takes minutes to build with the AWS SDK.
const DYNAMODB_EXPORT: &str = "examples/dynamodb-export/README.md";

#[test]
fn the_readme_of_dynamodb_export_can_be_followed() {
    // As `scripts/test.sh` has built it.
    let level = [("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")];
    follow(
        &mut reader().with(&level).with(&projects::TESTS),
        DYNAMODB_EXPORT,
    );
}

/// A project that a command in the README creates.
const PROJECT_OF_THE_README: &str = "hello";

#[test]
fn the_readme_can_be_followed() {
    follow(&mut reader().makes(PROJECT_OF_THE_README), README);
}

const README: &str = "README.md";

/// Folders that builds and tools create.
const NOT_OURS: [&str; 5] = [".git", ".venv", "dist", "node_modules", "target"];

/// Calls `visit` with every document below `folder`, by its path relative to `root`.
fn documents(root: &Path, folder: &Path, visit: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let is_ours = NOT_OURS.iter().all(|name| entry.file_name() != *name)
            && path != Path::new(PROJECT_OF_THE_README);
        if is_ours && entry.file_type().unwrap().is_dir() {
            documents(root, &path, visit);
        } else if path.extension().is_some_and(|it| it == "md") {
            visit(path.to_str().unwrap());
        }
    }
}

/// The paths of all documents in the repository.
fn all_documents() -> Vec<String> {
    let mut paths = Vec::new();
    documents(&repository("."), Path::new(""), &mut |path| {
        paths.push(path.to_owned());
    });
    paths
}

/// The lines of a document that are not code.
fn outside_code(markdown: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    markdown.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

#[test]
fn every_command_in_a_document_is_run_or_left_to_the_reader() {
    let mut left_out = all_documents();
    left_out.retain(|path| {
        let path = path.as_str();
        let is_followed = [README, DEPLOYING, DYNAMODB_EXPORT].contains(&path)
            || FOLLOWED.contains(&path)
            || projects::FOLLOWED.contains(&path)
            || book::FOLLOWED.contains(&path);
        let text = std::fs::read_to_string(repository(path)).unwrap();
        let has_commands = parse(&text)
            .iter()
            .any(|block| matches!(block, Block::Commands(_)));
        !is_followed && has_commands
    });
    assert!(
        left_out.is_empty(),
        "neither followed nor marked: {left_out:?}"
    );
}
