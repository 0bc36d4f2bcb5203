//! The list of rules: each finds a fault, and no two rules find the same one.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::packages::{host_for_newer_libraries, machine_code, zip_one};
use super::templates::{SEEDS, edited};
use super::{ARCH, bare_machine, diagnose, fields, project};
use crate::support::{bootstream, component, run, succeed, text};

/// The name of a rule, and the findings for a fault that breaks it.
type Fault = (&'static str, fn() -> Vec<Value>);

const FUNCTION: &str = "dist/function.zip";
const REST: &str = "template.yaml";
const URL: &str = "template-url.yaml";

/// One fault for each rule that is not broken by a line of a template, by name of the rule.
const FAULTS: [Fault; 10] = [
    ("url-permissions", || {
        let [sound, faulty] = ["InvokeFunction", "GetFunction"].map(|action| {
            format!(
                "Action: lambda:{action}\n      FunctionName: !Ref StreamingFunction\n      \
                 Principal: cloudfront.amazonaws.com"
            )
        });
        let distribution = "DistributionArn=arn:aws:cloudfront::1:distribution/x";
        let folder = edited(URL, &sound, &faulty);
        diagnose(folder.path(), &["-p", distribution]).0
    }),
    ("document", || {
        let event = "      Events: {Q: {Type: Cognito, Properties: {UserPool: x}}}\n";
        spoil(&[], |folder| {
            let template = folder.join(REST);
            let source = std::fs::read_to_string(&template).unwrap();
            let faulty = source.replacen("      Events:\n", event, 1);
            let (start, end) = faulty.split_once(event).unwrap();
            let (_, end) = end.split_once("\n\n").unwrap();
            std::fs::write(template, format!("{start}{event}\n{end}")).unwrap();
            // A component that only streams.
            succeed(
                bootstream(&["package", "--only", "function", "--out-dir"])
                    .arg(folder.join("dist"))
                    .arg(component("streaming_numbers")),
            );
        })
    }),
    ("template", || edit(REST, "Resources:", "Sources:")),
    ("archive", || {
        spoil(&[], |folder| {
            std::fs::remove_file(folder.join(FUNCTION)).unwrap();
        })
    }),
    ("missing-handler", || {
        spoil(&["-p", "HandlerFile=other"], |_| {})
    }),
    ("bootstrap", || {
        spoil(&[], |folder| {
            zip_one(folder, "host-layer.zip", ("bin/bootstrap", 0o755, b"#!"));
        })
    }),
    ("system-libraries", || {
        spoil(&[], |folder| {
            zip_one(
                folder,
                "host-layer.zip",
                ("bootstrap", 0o755, &host_for_newer_libraries()),
            );
        })
    }),
    ("stale-precompiled", || {
        spoil(&[], |folder| {
            let code = machine_code();
            let cut = &code[..code.len() - 1];
            zip_one(folder, "function.zip", ("handler.cwasm", 0o644, cut));
        })
    }),
    ("package-size", || {
        spoil(&[], |folder| {
            // Too large for a direct upload. A zip may have leading bytes.
            let package = std::fs::read(folder.join(FUNCTION)).unwrap();
            let large = [vec![0; 50 * 1024 * 1024], package].concat();
            std::fs::write(folder.join(FUNCTION), large).unwrap();
        })
    }),
    ("machine", || bare_machine().0),
];

/// Seeds a fault into a template.
fn edit(template: &str, sound: &str, faulty: &str) -> Vec<Value> {
    let (findings, _) = diagnose(edited(template, sound, faulty).path(), &[]);
    findings
}

/// Seeds a fault into a correct project, including its packages.
fn spoil(args: &[&str], change: impl FnOnce(&Path)) -> Vec<Value> {
    let folder = project();
    change(folder.path());
    let (findings, _) = diagnose(folder.path(), &[&[REST, "-p", ARCH], args].concat());
    findings
}

/// The names of the rules, as `--allow` takes them.
fn rules() -> BTreeSet<String> {
    let output = run(&mut bootstream(&["doctor", "--allow", "none-of-this-name"]));
    let refusal = text(&output.stderr);
    let (_, names) = refusal.split_once("[possible values: ").expect("the rules");
    let (names, _) = names.split_once(']').expect("an end of the rules");
    names.split(", ").map(ToOwned::to_owned).collect()
}

/// A new rule needs a fault here.
#[test]
fn there_is_a_fault_for_each_rule() {
    let faults = FAULTS.iter().map(|(rule, _)| *rule);
    let with_fault = faults.chain(SEEDS.iter().map(|seed| seed.rule));
    let with_fault: BTreeSet<_> = with_fault.map(ToOwned::to_owned).collect();
    assert_eq!(with_fault, rules());
}

#[test]
fn each_rule_notices_its_fault_and_no_other_does() {
    for (rule, fault) in FAULTS {
        let findings = fault();
        let noticed = BTreeSet::from_iter(fields(&findings, "rule"));
        assert_eq!(noticed, BTreeSet::from([rule]), "{findings:#?}");
    }
}

/// The help groups the rules and omits none.
#[test]
fn the_help_has_each_rule() {
    let help = text(&run(&mut bootstream(&["doctor", "--help"])).stdout);
    let (_, listed) = help
        .split_once("Rules of the templates:")
        .expect("the rules");
    let words: BTreeSet<_> = listed.split_whitespace().collect();
    let left_out: Vec<_> = rules()
        .into_iter()
        .filter(|rule| !words.contains(rule.as_str()))
        .collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}
