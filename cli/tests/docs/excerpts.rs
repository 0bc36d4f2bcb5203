//! The page of examples shows parts of files.

use std::path::Path;

use crate::session::repository;

const PAGE: &str = "examples/README.md";

/// Returns the path of a heading that is a link, `## [Go](streaming-go/main.go)`.
fn path_of(heading: &str) -> Option<&str> {
    let (_, link) = heading.strip_prefix("## [")?.split_once("](")?;
    link.strip_suffix(')')
}

/// The blocks of code of a page, each with the path of the heading above it.
fn excerpts(page: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    let (mut path, mut is_code) = (None, false);
    for line in page.lines() {
        if let Some(of_heading) = path_of(line) {
            path = Some(of_heading);
        } else if line.starts_with("```") {
            is_code = !is_code;
            if is_code {
                found.push((path.expect("a heading with a link"), String::new()));
            }
        } else if let (true, Some((_, text))) = (is_code, found.last_mut()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

#[test]
fn the_examples_side_by_side_are_those_of_their_folders() {
    let page = std::fs::read_to_string(repository(PAGE)).unwrap();
    let folder = repository(Path::new(PAGE).parent().unwrap().to_str().unwrap());

    let excerpts = excerpts(&page);

    assert!(excerpts.len() >= 6, "{excerpts:?}");
    for (path, excerpt) in excerpts {
        let source = std::fs::read_to_string(folder.join(path)).unwrap();
        assert!(source.contains(&excerpt), "{path}:\n{excerpt}");
    }
}
