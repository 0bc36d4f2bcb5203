//! Values in the template are resolved; those known only at deployment are reported as unknown.

use super::{NONE, assert_said_of, folder, report, said, said_of};
use crate::support::{bootstream, succeed, text};

#[test]
fn everything_may_come_from_mappings() {
    let template = "
Mappings:
  M: {prod: {runtime: provided.al2023, arch: arm64, endpoint: [REGIONAL], auth: AWS_IAM, mode: STREAM, url: RESPONSE_STREAM, seconds: 60}}
Resources:
  Layer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: {S3Bucket: b, S3Key: k}, CompatibleArchitectures: [!FindInMap [M, prod, arch]]}}
  Stream:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: !FindInMap [M, prod, runtime]
      Architectures: [!FindInMap [M, prod, arch]]
      Layers: [!Ref Layer]
      Handler: handler.wasm
      CodeUri: s3://b/k
      Timeout: !FindInMap [M, prod, seconds]
      FunctionUrlConfig: {AuthType: !FindInMap [M, prod, auth], InvokeMode: !FindInMap [M, prod, url]}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {EndpointConfiguration: {Types: !FindInMap [M, prod, endpoint]}}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      AuthorizationType: !FindInMap [M, prod, auth]
      Integration:
        Type: AWS_PROXY
        TimeoutInMillis: 60000
        ResponseTransferMode: !FindInMap [M, prod, mode]
        Uri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions/${Stream.Arn}/response-streaming-invocations
";
    assert_eq!(said_of(template).0, NONE);
    let longer = template.replace("seconds: 60", "seconds: 120");
    assert_eq!(said_of(&longer).0, ["timeout-order template.yaml:24"]);
    let public = template.replace("auth: AWS_IAM", "auth: NONE");
    assert_eq!(
        said_of(&public).0,
        ["public-api template.yaml:15", "public-api template.yaml:21"]
    );
}

/// A function with a URL whose `AuthType` is `auth`.
fn with_auth(auth: &str) -> String {
    format!(
        "
Parameters:
  Open: {{Type: String}}
  Stored: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: NONE}}
Conditions:
  Regional: !Equals [!Ref AWS::Region, x]
Resources:
  Stream: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: handler.wasm, Timeout: 60, FunctionUrlConfig: {{InvokeMode: RESPONSE_STREAM, AuthType: {auth}}}}}}}
"
    )
}

#[test]
fn what_only_the_deployment_knows_is_one_note() {
    for auth in [
        "!ImportValue shared-auth",
        "!Ref Open",
        "!Ref Stored",
        "'{{resolve:ssm:/auth}}'",
        "!If [Regional, NONE, AWS_IAM]",
        "!Sub '${Open}'",
    ] {
        assert_said_of(&with_auth(auth), &[], &["public-api template.yaml:8"]);
    }
    let folder = folder(&[("template.yaml", &with_auth("!ImportValue shared-auth"))]);
    let output = succeed(bootstream(&["doctor", "--only", "templates"]).current_dir(folder.path()));
    assert_eq!(
        text(&output.stdout),
        "template.yaml:8: note[public-api]: cannot tell whether anybody may call the function URL of \
         `Stream`: `AuthType` depends on `!ImportValue shared-auth`\n\
         ok but for what the notes name: template.yaml\n"
    );
    assert_eq!(text(&output.stderr), "errors: 0, warnings: 0, notes: 1\n");
    let (_, notes) = said(folder.path(), &["--allow", "public-api"]);
    assert_eq!(notes, NONE, "it can be accepted");
}

#[test]
fn a_value_that_is_given_is_judged() {
    let folder = folder(&[("template.yaml", &with_auth("!Ref Open"))]);
    for (value, findings) in [
        ("Open=NONE", vec!["public-api template.yaml:8".to_owned()]),
        ("Open=AWS_IAM", Vec::new()),
    ] {
        assert_eq!(said(folder.path(), &["-p", value]), (findings, Vec::new()));
    }
}

#[test]
fn loops_are_written_out() {
    let template = "
Parameters:
  Names: {Type: CommaDelimitedList, Default: 'Chat,Search'}
Resources:
  Fn::ForEach::Fns:
    - Name
    - !Ref Names
    - ${Name}Function:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: provided.al2023
          Handler: handler.wasm
          Timeout: 60
          FunctionUrlConfig: {AuthType: NONE}
  Fn::ForEach::Urls:
    - Name
    - [Chat, Search]
    - ${Name}Url:
        Type: AWS::Lambda::Url
        Properties:
          TargetFunctionArn: !GetAtt
            - !Sub '${Name}Function'
            - Arn
          InvokeMode: RESPONSE_STREAM
          Fn::ForEach::Own:
            - Key
            - [AuthType]
            - ${Key}: AWS_IAM
";
    let (report, _) = report(
        folder(&[("template.yaml", template)]).path(),
        &["template.yaml"],
    );
    let found: Vec<_> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let messages: Vec<_> = found
        .iter()
        .filter_map(|it| it["message"].as_str())
        .collect();
    assert_eq!(messages.len(), 4, "{messages:#?}");
    for name in ["ChatFunction", "SearchFunction"] {
        let named = messages.iter().filter(|it| it.contains(name)).count();
        assert_eq!(named, 2, "{messages:#?}");
    }
}

#[test]
fn a_loop_over_what_is_unknown_is_a_note() {
    let template = "
Parameters:
  Names: {Type: CommaDelimitedList}
Resources:
  Fn::ForEach::Fns: [Name, !Ref Names, {'${Name}': {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: handler.wasm}}}]
";
    assert_said_of(template, &[], &["template template.yaml:5"]);
}

#[test]
fn globals_of_sam_are_merged_as_sam_merges_them() {
    let template = "
Globals:
  Function:
    Runtime: provided.al2023
    Handler: handler.wasm
    Timeout: 60
    Environment: {Variables: {BOOTSTREAM_SECRETS: KEY@a.example.com}}
Resources:
  With: {Type: AWS::Serverless::Function, Properties: {Environment: {Variables: {KEY: x}}}}
  Without: {Type: AWS::Serverless::Function, Properties: {Environment: {Variables: {OTHER: x}}}}
";
    assert_eq!(said_of(template).0, ["missing-variable template.yaml:10"]);
}
