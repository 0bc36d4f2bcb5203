//! Every relative link in a document leads to a file, and its anchor to a heading there.

use std::path::Path;

use crate::session::repository;
use crate::{all_documents, outside_code};

/// The targets of the links in a document, as written.
fn targets(markdown: &str) -> Vec<String> {
    let text: Vec<&str> = outside_code(markdown).collect();
    let text = text.join("\n");
    let mut targets: Vec<String> = Vec::new();
    for (at, _) in text.match_indices("](") {
        let rest = text.get(at + 2..).unwrap_or_default();
        targets.extend(rest.split_once(')').map(|(target, _)| target.to_owned()));
    }
    targets.retain(|target| !target.contains("://"));
    targets
}

/// GitHub's anchor for a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    heading
        .chars()
        .filter(kept)
        .collect::<String>()
        .replace(' ', "-")
}

/// Returns why `target` in `document` leads nowhere, if it does.
fn broken(document: &Path, target: &str) -> Option<String> {
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() {
        document.to_owned()
    } else {
        document.parent().unwrap_or(document).join(path)
    };
    if !file.exists() {
        return Some(format!("{}: no file `{target}`", document.display()));
    }
    if fragment.is_empty() {
        return None;
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let mut headings = outside_code(&text).filter(|line| line.starts_with('#'));
    if headings.any(|heading| anchor(heading) == fragment) {
        return None;
    }
    Some(format!("{}: no heading `{target}`", document.display()))
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut all = Vec::new();
    for path in all_documents() {
        let document = repository(&path);
        let text = std::fs::read_to_string(&document).unwrap();
        all.extend(targets(&text).iter().filter_map(|it| broken(&document, it)));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let readme = repository("README.md");
    assert_eq!(broken(&readme, "docs/README.md#guide"), None);
    assert!(broken(&readme, "docs/nowhere.md").is_some());
    assert!(broken(&readme, "docs/README.md#nowhere").is_some());
    let text = "[a](b.md#c), [d](https://e)\n```\n[f](g)\n```\n";
    assert_eq!(targets(text), ["b.md#c"]);
}
