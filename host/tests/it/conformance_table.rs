//! `docs/reference/conformance.md` lists every case of `any_runtime` as `scripts/conformance.sh` prints it, and
//! the README agrees.

const TABLE: &str = include_str!("../../../docs/reference/conformance.md");
const README: &str = include_str!("../../../README.md");
const SOURCES: [&str; 5] = [
    include_str!("any_runtime/concurrency.rs"),
    include_str!("any_runtime/errors.rs"),
    include_str!("any_runtime/peers.rs"),
    include_str!("any_runtime/polling.rs"),
    include_str!("any_runtime/streaming.rs"),
];

#[test]
fn every_case_is_in_the_table_and_passed_here() {
    let tests = SOURCES.iter().flat_map(|source| {
        let after = source.split("#[test]\nfn ").skip(1);
        after.filter_map(|text| text.split('(').next())
    });
    let mut cases: Vec<String> = tests.map(|name| name.replace('_', " ")).collect();
    cases.sort_unstable();
    let rows = TABLE.lines().filter_map(|line| line.strip_prefix("| "));
    let mut rows: Vec<_> = rows
        .filter_map(|row| row.split_once(" | yes "))
        .map(|(case, _)| case.to_owned())
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, cases, "make it again with `scripts/conformance.sh`");
}

#[test]
fn the_readme_has_rows_of_the_table() {
    let rows: Vec<_> = README
        .lines()
        .filter(|line| line.contains(" | yes | "))
        .collect();
    assert!(!rows.is_empty());
    for row in rows {
        assert!(TABLE.lines().any(|line| line == row), "{row}");
    }
    let cases = TABLE
        .lines()
        .filter(|line| line.contains(" | yes "))
        .count();
    assert!(README.contains(&format!("Of {cases}, ")), "{cases} cases");
}
