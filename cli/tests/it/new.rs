//! `new`: its refusals. `tests/docs` follows the READMEs of new projects.

use crate::support::{bootstream, failure};
use bootstream_test_support::assert_contains;

#[test]
fn what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();

    let said = failure(bootstream(&["new", "mine"]).current_dir(folder.path()));

    assert_eq!(
        said,
        "error: `mine` is there already: choose another name, or remove it\n"
    );
    assert_eq!(
        std::fs::read_dir(folder.path().join("mine"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_wrong_name_or_sdk_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    for (args, wanted) in [
        (
            &["new", "No_Name"][..],
            "`No_Name` is not a valid project name",
        ),
        (&["new", "test"], "`test` is the name of another crate"),
        (&["new", "hello", "--sdk", "/nowhere"], "not at `/nowhere`"),
    ] {
        let said = failure(bootstream(args).current_dir(folder.path()));

        assert_contains(&said, wanted);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
