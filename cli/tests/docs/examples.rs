//! The page of the examples shows the handlers as they are.

use crate::session::repository;

#[test]
fn the_page_of_the_examples_shows_the_same_handler_in_each_language() {
    let read = |path: &str| std::fs::read_to_string(repository("examples").join(path)).unwrap();
    let page = read("README.md");
    let sections: Vec<&str> = page.split("\n### [").skip(1).collect();
    assert_eq!(sections.len(), 6, "languages");
    for section in sections {
        let (_, link) = section.split_once("](").unwrap();
        let (path, text) = link.split_once(")\n").unwrap();
        let (_, block) = text.split_once("```").unwrap();
        let (_, code) = block.split_once('\n').unwrap();
        let (code, _) = code.split_once("\n```").unwrap();
        assert_eq!(code, read(path).trim_end(), "{path}");
    }
}
