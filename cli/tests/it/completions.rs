//! `completions` and `man`.

use std::process::Command;

use bootstream_test_support::assert_contains;

use crate::support::{bootstream, succeed, text};

/// What bash offers for the last of these words.
fn offered(words: &[&str]) -> Vec<String> {
    let command = bootstream(&[]);
    let script = format!(
        "source <({} completions bash)\n\
         COMP_WORDS=({}); COMP_CWORD={}\n\
         _bootstream bootstream \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        command.get_program().display(),
        words
            .iter()
            .map(|word| format!("'{word}' "))
            .collect::<String>(),
        words.len() - 1,
    );
    let output = succeed(Command::new("bash").args(["--norc", "-c", &script]));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_and_files() {
    assert_eq!(offered(&["bootstream", "pack"]), ["package"]);
    assert_eq!(
        offered(&["bootstream", "dev", "--bootstrap", "Cargo.t"]),
        ["Cargo.toml"]
    );
    // Bash itself offers files where the script offers nothing.
    assert_eq!(offered(&["bootstream", "dev", "Cargo.t"]), [""]);
    let script = succeed(&mut bootstream(&["completions", "bash"]));
    assert_contains(&text(&script.stdout), "-o default bootstream");
    assert_eq!(offered(&["bootstream", "package", "--arc"]), ["--arch"]);
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = succeed(&mut bootstream(&["completions", shell]));
        assert_contains(&text(&output.stdout), "package");
    }
}

#[test]
fn each_command_has_a_page_with_its_options() {
    let folder = tempfile::tempdir().unwrap();
    succeed(bootstream(&["man"]).arg(folder.path()));
    for command in [
        "new", "build", "dev", "invoke", "package", "doctor", "deploy", "demo",
    ] {
        let page = folder.path().join(format!("bootstream-{command}.1"));
        let page = std::fs::read_to_string(page).unwrap().replace('\\', "");
        let help = succeed(&mut bootstream(&[command, "--help"]));
        let help = text(&help.stdout);
        let options = help
            .split_whitespace()
            .filter(|word| word.starts_with("--"));
        for option in
            options.map(|word| word.trim_end_matches([',', '=', '`', ')', ';', ':', '.', '[']))
        {
            let name = option.split(['=', '[', '`', '\'']).next().unwrap();
            assert!(page.contains(name), "{command}: {name}");
        }
    }
}
