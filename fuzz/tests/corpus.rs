//! Everything in the corpus passes its check, on the stable compiler and without a fuzzer.

use std::fs;
use std::path::Path;

use bootstream_fuzz::CHECKS;

#[test]
fn the_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut folders: Vec<_> = fs::read_dir(&corpus)
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut names = CHECKS.map(|(name, _)| name);
    names.sort_unstable();
    assert_eq!(folders, names);

    for (name, check) in CHECKS {
        let mut inputs = 0;
        for entry in fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            // Shows the name of a failing input in the test's output.
            println!("{}", path.display());
            check(&fs::read(path).unwrap());
            inputs += 1;
        }
        assert!(inputs > 0, "{name}");
    }
}
