//! Variables that the settings in a package require, and that a template has or lacks.

use serde_json::Value;

use super::packages::report_on;
use super::{assert_said, fields, folder};

const SETTINGS: &str =
    "pass-env = ['TABLE', 'AWS_EXECUTION_ENV']\n[secrets]\nKEY = ['api.example.com']\n";

/// The findings and notes about a function with these variables, whose package has these settings.
fn found(settings: &str, variables: &str) -> (Vec<Value>, Vec<Value>) {
    let template = format!(
        "
Parameters:
  Given: {{Type: String, NoEcho: true}}
Resources:
  Stream: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: handler, CodeUri: function.zip, Layers: ['arn:aws:lambda:eu-central-1:123456789012:layer:host:1'], Timeout: 60, Environment: {variables}}}}}
"
    );
    let report = report_on(&template, settings);
    let of = |list: &str| report[list].as_array().unwrap().clone();
    (of("findings"), of("notes"))
}

/// Severity and variable of each finding.
fn missing(variables: &str) -> Vec<(String, bool)> {
    let (findings, _) = found(SETTINGS, variables);
    findings
        .iter()
        .map(|it| {
            assert_eq!(it["rule"], "missing-variable");
            let of_key = it["message"].as_str().unwrap().contains("`KEY`");
            (it["severity"].as_str().unwrap().to_owned(), of_key)
        })
        .collect()
}

#[test]
fn a_secret_without_a_variable_is_an_error_and_a_passed_variable_a_warning() {
    let both = [("error".to_owned(), true), ("warning".to_owned(), false)];
    for variables in ["{}", "{Variables: {OTHER: x}}"] {
        assert_eq!(missing(variables), both, "{variables}");
    }
    let [secret, passed] = both;
    assert_eq!(missing("{Variables: {TABLE: t, KEY: ''}}"), [secret]);
    assert_eq!(missing("{Variables: {KEY: x}}"), [passed]);
}

#[test]
fn a_variable_counts_whatever_its_value_will_be() {
    for value in [
        "x",
        "!Ref Given",
        "'{{resolve:secretsmanager:s}}'",
        "!ImportValue s",
    ] {
        let variables = format!("{{Variables: {{TABLE: t, KEY: {value}}}}}");
        assert_eq!(missing(&variables), [], "{value}");
    }
}

#[test]
fn variables_of_this_runtime_take_back_what_the_file_says() {
    let variables = "{Variables: {BOOTSTREAM_SECRETS: '', BOOTSTREAM_PASS_ENV: ''}}";
    assert_eq!(missing(variables), []);
    let (findings, _) = found("", "{Variables: {BOOTSTREAM_SECRETS: 'K@a.example.com'}}");
    assert_eq!(findings.len(), 1, "{findings:#?}");
}

#[test]
fn variables_that_only_the_deployment_knows_are_a_note() {
    let (findings, notes) = found(SETTINGS, "!ImportValue shared");
    assert_eq!(findings, [Value::Null; 0]);
    assert_eq!(notes[0]["rule"], "missing-variable");
}

#[test]
fn without_a_package_the_template_alone_counts() {
    let template = "
Resources:
  Stream: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: handler, Timeout: 60, Environment: {Variables: {BOOTSTREAM_SECRETS: 'K@h'}}}}
";
    let folder = folder(&[("template.yaml", template)]);
    assert_said(folder.path(), &["missing-variable template.yaml:3"], &[]);
}

#[test]
fn a_variable_that_may_not_be_there_is_a_note() {
    let maybe = "{Variables: {TABLE: t, KEY: !If [Sometimes, v, !Ref AWS::NoValue]}}";
    let (findings, notes) = found(SETTINGS, maybe);
    assert_eq!(findings, [Value::Null; 0]);
    assert_eq!(notes.len(), 1, "{notes:#?}");
    assert!(notes[0]["message"].as_str().unwrap().contains("`KEY`"));
}

#[test]
fn lists_that_only_the_deployment_knows_are_a_note_each() {
    let lists = "{Variables: {TABLE: t, BOOTSTREAM_SECRETS: !ImportValue x, BOOTSTREAM_PASS_ENV: !ImportValue y}}";
    let (findings, notes) = found(SETTINGS, lists);
    assert_eq!(findings, [Value::Null; 0]);
    assert_eq!(
        fields(&notes, "message"),
        [
            "cannot tell the secrets of function `Stream`: `BOOTSTREAM_SECRETS` depends on `!ImportValue x`",
            "cannot tell what is passed to the handler of function `Stream`: `BOOTSTREAM_PASS_ENV` depends \
             on `!ImportValue y`",
        ]
    );
}
