//! Handlers that call AWS: the stand-in verifies their signatures, and then answers.

use std::process::Command;

use bootstream_test_support::built;

use crate::support::{run, success};

#[test]
fn the_stand_in_accepts_what_botocore_signs_and_nothing_that_was_changed() {
    success(&run(Command::new(built("clients/python/bin/python"))
        .args(["-B", "-m", "unittest"])
        .current_dir(built("clients/python"))));
}
