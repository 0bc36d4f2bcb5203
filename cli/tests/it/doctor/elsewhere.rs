//! Parts of a template in other places are read, or reported as unread.

use bootstream_test_support::assert_contains;

use super::packages::zip;
use super::{ARCH, NONE, assert_said, diagnose, folder, project, report, repository, said};
use crate::support::scripted_guest;

/// An API's document with a single method, which is buffered and public.
const DOCUMENT: &str = "openapi: 3.0.1
paths:
  /x:
    get:
      x-amazon-apigateway-integration:
        type: aws_proxy
        timeoutInMillis: 60000
        uri:
          Fn::Sub: arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Stream.Arn}/invocations
";

fn api(kind: &str, definition: &str) -> String {
    format!(
        "
Resources:
  Stream: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: handler.wasm, Timeout: 60}}}}
  Api:
    Type: {kind}
    Properties:
      EndpointConfiguration: {{Type: REGIONAL}}
      {definition}
"
    )
}

#[test]
fn an_api_s_document_in_a_file_of_its_own_is_judged_at_its_lines() {
    let (sam, plain) = ("AWS::Serverless::Api", "AWS::ApiGateway::RestApi");
    for (kind, definition) in [
        (
            sam,
            "DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: api/openapi.yaml}}}",
        ),
        (sam, "DefinitionUri: api/openapi.yaml"),
        (
            plain,
            "Body: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Sub 'api/openapi.yaml'}}}",
        ),
        (plain, "BodyS3Location: api/openapi.yaml"),
    ] {
        let folder = folder(&[
            ("template.yaml", &api(kind, definition)),
            ("api/openapi.yaml", DOCUMENT),
        ]);
        let (mut findings, notes) = said(folder.path(), &[]);
        findings.sort();
        let wanted = [
            "public-api api/openapi.yaml:4",
            "streaming-uri api/openapi.yaml:8",
            "transfer-mode api/openapi.yaml:5",
        ];
        assert_eq!(findings, wanted, "{definition}");
        assert_eq!(notes, NONE, "{definition}");
    }
}

#[test]
fn what_is_not_on_this_machine_is_named() {
    let sam = "AWS::Serverless::Api";
    for definition in [
        "DefinitionUri: s3://bucket/openapi.yaml",
        "DefinitionUri: {Bucket: b, Key: k}",
        "DefinitionUri: !Ref AWS::StackName",
        "DefinitionUri: nowhere.yaml",
        "DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: 's3://b/k'}}}",
        "DefinitionBody: {Fn::Transform: {Name: OwnMacro}}",
    ] {
        let folder = folder(&[("template.yaml", &api(sam, definition))]);
        assert_said(folder.path(), &[], &["template template.yaml:8"]);
    }
}

#[test]
fn included_resources_are_judged() {
    let template = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Other: {Type: AWS::SNS::Topic}
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: more.yaml}}
";
    let more = "Stream:
  Type: AWS::Serverless::Function
  Properties:
    Runtime: provided.al2023
    Handler: handler.wasm
    Timeout: 60
    FunctionUrlConfig: {AuthType: AWS_IAM}
";
    let of_whole = "
Transform: [AWS::Serverless-2016-10-31, {Name: AWS::Include, Parameters: {Location: more.yaml}}]
Resources:
  Other: {Type: AWS::SNS::Topic}
";
    let indented = more.replace('\n', "\n  ");
    for (template, more, line) in [
        (template, more, 7),
        (of_whole, format!("Resources:\n  {indented}").as_str(), 8),
    ] {
        let folder = folder(&[("template.yaml", template), ("more.yaml", more)]);
        assert_said(
            folder.path(),
            &[&format!("invoke-mode more.yaml:{line}")],
            &[],
        );
    }
}

const STACK: &str = "
Parameters:
  Auth: {Type: String, Default: NONE}
  Outer: {Type: String, Default: NONE}
Resources:
  Stream:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Handler: handler.wasm
      Timeout: 60
      FunctionUrlConfig:
        AuthType: !Ref Auth
        InvokeMode: RESPONSE_STREAM
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Stream, AuthType: !Ref Outer, InvokeMode: RESPONSE_STREAM}}
Outputs:
  Arn: {Value: !GetAtt Stream.Arn}
";

#[test]
fn stacks_in_stacks_are_judged_with_the_parameters_they_are_given() {
    for (kind, property) in [
        ("AWS::CloudFormation::Stack", "TemplateURL"),
        ("AWS::Serverless::Application", "Location"),
    ] {
        let template = format!(
            "
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Inner:
    Type: {kind}
    Properties:
      {property}: inner/stack.yaml
      Parameters: {{Auth: AUTH, Outer: !Ref Topic}}
  Url: {{Type: AWS::Lambda::Url, Properties: {{TargetFunctionArn: !GetAtt Inner.Outputs.Arn, AuthType: AWS_IAM}}}}
"
        );
        let both = [
            "public-api inner/stack.yaml:13",
            "invoke-mode template.yaml:9",
        ];
        for (auth, found) in [("AWS_IAM", &both[1..]), ("NONE", &both)] {
            let template = template.replace("AUTH", auth);
            let folder = folder(&[("template.yaml", &template), ("inner/stack.yaml", STACK)]);
            assert_said(folder.path(), found, &["public-api inner/stack.yaml:15"]);
        }
    }
}

#[test]
fn a_macro_that_changes_the_template_is_named() {
    let template = "
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31, OwnMacro]
Resources:
  Other: {Type: AWS::SNS::Topic}
";
    let folder = folder(&[("template.yaml", template)]);
    assert_said(folder.path(), &[], &["template template.yaml:2"]);
}

#[test]
fn a_stack_that_is_not_here_is_named() {
    let template = "
Resources:
  One: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://s3.amazonaws.com/b/k'}}
  Two: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: a, SemanticVersion: '1'}}}
";
    let folder = folder(&[("template.yaml", template)]);
    assert_said(
        folder.path(),
        &[],
        &["template template.yaml:3", "template template.yaml:4"],
    );
    let (report, code) = report(folder.path(), &["template.yaml"]);
    assert_eq!(report["withoutFunctions"][0], "template.yaml");
    assert_eq!(code, Some(0));
}

#[test]
fn a_stack_within_itself_ends() {
    let template = "
Resources:
  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}
";
    let folder = folder(&[("template.yaml", template)]);
    assert_said(folder.path(), &[], &["template template.yaml:3"]);
}

#[test]
fn stacks_that_name_each_other_in_many_ways_end() {
    use std::fmt::Write as _;

    let mut template = "Resources:\n".to_owned();
    for number in 0..8 {
        let up = "../inner/".repeat(number + 1);
        writeln!(
            template,
            "  S{number}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {up}template.yaml}}}}"
        )
        .unwrap();
    }
    let folder = folder(&[("inner/template.yaml", &template)]);
    let (findings, notes) = said(&folder.path().join("inner"), &[]);
    assert_eq!(findings, NONE);
    assert_eq!(notes.len(), 8, "{notes:#?}");
}

#[test]
fn no_more_stacks_are_read_than_a_bound() {
    use std::fmt::Write as _;

    let names: Vec<String> = (0..8).map(|level| format!("level{level}.yaml")).collect();
    let mut files = Vec::new();
    for (level, name) in names.iter().enumerate() {
        let mut template = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n".to_owned();
        for number in 0..10 {
            if let Some(below) = names.get(level + 1) {
                writeln!(
                    template,
                    "  S{number}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {below}}}}}"
                )
                .unwrap();
            }
        }
        files.push((name.as_str(), template));
    }
    files[0].0 = "template.yaml";
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let folder = folder(&files);
    let (report, _) = report(folder.path(), &["template.yaml"]);
    let notes = report["notes"].as_array().unwrap();
    let messages: Vec<_> = notes
        .iter()
        .filter_map(|it| it["message"].as_str())
        .collect();
    assert!(
        messages
            .iter()
            .any(|it| it.ends_with("there are more than 250 stacks")),
        "{messages:#?}"
    );
}

#[test]
fn code_in_a_folder_is_looked_at_as_the_zip_that_is_made_of_it() {
    let folder = project();
    let code = folder.path().join("code");
    std::fs::create_dir(&code).unwrap();
    std::fs::copy(scripted_guest(), code.join("handler.wasm")).unwrap();
    let source = std::fs::read_to_string(repository("template.yaml")).unwrap();
    let source = source.replace("CodeUri: dist/function.zip", "CodeUri: code/");
    std::fs::write(folder.path().join("template.yaml"), source).unwrap();

    let (findings, code) = diagnose(folder.path(), &["template.yaml", "-p", ARCH]);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "stale-precompiled");
    assert_eq!(code, Some(1));
}

#[test]
fn a_layer_without_bootstrap_is_not_a_host() {
    let folder = project();
    let layer = folder.path().join("data");
    std::fs::create_dir(&layer).unwrap();
    std::fs::write(layer.join("words.txt"), "x").unwrap();
    let source = std::fs::read_to_string(repository("template.yaml")).unwrap();
    let source = source.replace(
        "Layers: [!Ref HostLayer]",
        "Layers: [!Ref HostLayer, !Ref Data]",
    );
    let source = source.replace(
        "Resources:\n",
        "Resources:\n  Data: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: data/}}\n",
    );
    std::fs::write(folder.path().join("template.yaml"), source).unwrap();

    let args = ["template.yaml", "-p", ARCH];
    assert_eq!(diagnose(folder.path(), &args), (Vec::new(), Some(0)));
}

#[test]
fn a_package_that_is_elsewhere_is_named() {
    let template = "
Resources:
  Stream: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: handler.wasm, Timeout: 60, CodeUri: CODE}}
";
    for code in ["s3://b/k", "{Bucket: b, Key: k}", "!ImportValue shared"] {
        let folder = folder(&[("template.yaml", &template.replace("CODE", code))]);
        assert_said(folder.path(), &[], &["archive template.yaml:3"]);
    }
}

#[test]
fn what_the_cdk_uploads_is_looked_at() {
    let template = r#"{"Resources": {"Stream": {
        "Type": "AWS::Lambda::Function",
        "Metadata": {"aws:asset:path": "asset.0f.zip"},
        "Properties": {
            "Runtime": "provided.al2023", "Handler": "handler", "Timeout": 60,
            "Layers": ["arn:aws:lambda:eu-central-1:123456789012:layer:host:1"],
            "Code": {"S3Bucket": "b", "S3Key": "k"}
        }
    }}}"#;
    let folder = folder(&[("template.yaml", template)]);
    let files = [("bootstream.toml", 0o644, &b""[..])];
    zip(&folder.path().join("asset.0f.zip"), &files);
    assert_said(folder.path(), &["missing-handler asset.0f.zip:null"], &[]);
}

#[test]
fn what_is_often_taken_for_a_template_is_named() {
    for (content, words) in [
        (
            r#"{"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": {}}"#,
            "a Terraform plan",
        ),
        (
            "service: x\nprovider: {name: aws}\n",
            "Serverless Framework",
        ),
        ("openapi: 3.0.1\npaths: {}\n", "an API's document"),
        (r#"{"app": "node bin/app.js"}"#, "of the CDK"),
    ] {
        let folder = folder(&[("template.yaml", content)]);
        let (findings, code) = diagnose(folder.path(), &["template.yaml"]);
        let message = findings[0]["message"].as_str().unwrap();
        assert_contains(message, words);
        assert_eq!(code, Some(1));
    }
}
