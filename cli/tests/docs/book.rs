//! The pages of the book that are followed in a project of their own, and its list of pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::projects::{PROFILE, TESTS};
use crate::session::{Session, repository};
use crate::{all_documents, follow};

/// Pages that are followed in a packaged project, with the examples of deployments beside it.
macro_rules! in_a_project {
    ($($test:ident: $path:literal,)*) => {
        /// Pages that this module follows.
        pub(crate) const FOLLOWED: &[&str] = &[
            "docs/tutorial/stream.md",
            "docs/tutorial/chat.md",
            $($path),*
        ];
        $(
            #[test]
            fn $test() {
                let project = packaged_project();
                let page = repository($path);
                follow(&mut Session::new(project.path()), page.to_str().unwrap());
            }
        )*
    };
}

in_a_project! {
    the_page_on_function_urls_can_be_followed: "docs/front-ends/function-url.md",
    the_page_on_rest_apis_can_be_followed: "docs/front-ends/rest-api.md",
    the_page_on_cloudfront_can_be_followed: "docs/front-ends/cloudfront.md",
    the_page_on_front_ends_with_documents_can_be_followed: "docs/front-ends/documents.md",
    the_page_on_sdks_can_be_followed: "docs/front-ends/sdk.md",
    the_page_on_authentication_can_be_followed: "docs/how-to/authentication.md",
    the_page_on_cors_can_be_followed: "docs/how-to/cors.md",
    the_page_on_secrets_can_be_followed: "docs/how-to/secrets.md",
    the_page_on_vpcs_can_be_followed: "docs/how-to/vpc.md",
    the_page_on_canaries_can_be_followed: "docs/how-to/canary.md",
    the_page_on_rollbacks_can_be_followed: "docs/how-to/rollback.md",
    the_page_on_ci_can_be_followed: "docs/how-to/ci.md",
    the_page_on_sam_can_be_followed: "docs/infrastructure/sam.md",
    the_page_on_cloudformation_can_be_followed: "docs/infrastructure/cloudformation.md",
}

/// The component of the projects, and its packages for x86_64, as in the pages.
fn packages() -> &'static Path {
    static FOLDER: OnceLock<&Path> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/book"));
        fs::create_dir_all(folder).unwrap();
        let component = repository("target/guests/wasm32-wasip2/release/streaming_numbers.wasm");
        fs::copy(component, folder.join("handler.wasm")).unwrap();
        Session::new(folder).type_line("bootstream package handler.wasm --arch x86_64");
        folder
    })
}

/// A project with its packages.
fn packaged_project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let deployments = repository("examples/iac");
    for template in ["template.yaml", "template-url.yaml"] {
        fs::copy(repository(template), folder.path().join(template)).unwrap();
    }
    for name in ["sam", "cloudformation", "github"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        for file in fs::read_dir(deployments.join(name)).unwrap() {
            let file = file.unwrap();
            let copy = folder.path().join(name).join(file.file_name());
            fs::copy(file.path(), copy).unwrap();
        }
    }
    fs::create_dir(folder.path().join("dist")).unwrap();
    for file in ["handler.wasm", "dist/host-layer.zip", "dist/function.zip"] {
        fs::copy(packages().join(file), folder.path().join(file)).unwrap();
    }
    folder
}

#[test]
fn the_tutorial_of_a_stream_can_be_followed() {
    follow_in_an_empty_folder("docs/tutorial/stream.md");
}

#[test]
fn the_tutorial_of_a_chat_can_be_followed() {
    follow_in_an_empty_folder("docs/tutorial/chat.md");
}

fn follow_in_an_empty_folder(page: &str) {
    let folder = tempfile::tempdir().unwrap();
    let page = repository(page);
    let mut reader = Session::new(folder.path()).with(&PROFILE).with(&TESTS);
    follow(&mut reader, page.to_str().unwrap());
}

#[test]
fn the_book_lists_every_page_once() {
    let summary = fs::read_to_string(repository("docs/SUMMARY.md")).unwrap();
    let mut listed: Vec<&str> = summary
        .lines()
        .filter_map(|line| {
            line.strip_suffix(")")?
                .rsplit_once("](")
                .map(|(_, page)| page)
        })
        .collect();
    listed.sort_unstable();
    let pages: BTreeSet<String> = all_documents()
        .iter()
        .filter_map(|path| path.strip_prefix("docs/").map(str::to_owned))
        .filter(|page| page != "SUMMARY.md")
        .collect();
    assert_eq!(listed, Vec::from_iter(&pages));
}

#[test]
fn the_book_calls_its_pages_by_their_titles() {
    let summary = fs::read_to_string(repository("docs/SUMMARY.md")).unwrap();
    for line in summary.lines() {
        let Some((title, page)) = line.trim_start_matches("- [").split_once("](") else {
            continue;
        };
        let page = Path::new("docs").join(page.trim_end_matches(')'));
        let text = fs::read_to_string(repository(page.to_str().unwrap())).unwrap();
        let title = format!("# {}", title.trim_start_matches('['));
        assert_eq!(text.lines().next(), Some(&*title), "{}", page.display());
    }
}
