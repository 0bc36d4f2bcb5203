//! The deployed `bootstrap` spends no more instructions on an invocation and a write than recorded. That for Graviton is
//! counted by `scripts/bench.sh instructions`, because another build with link-time optimisation takes minutes.

use std::process::Command;

#[test]
fn an_invocation_takes_no_more_instructions_than_on_record() {
    let bench = env!("CARGO_BIN_EXE_bench");
    let output = Command::new(bench)
        .args(["instructions", "--with", "callgrind"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
}
