//! The rules about templates.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the tests themselves"
)]

use serde_json::Value;

use super::{ARCH, diagnose, line_of, project, repository};
use crate::support::{bootstream, run, text};

/// A folder with a template that has one fault.
#[track_caller]
pub(super) fn edited(template: &str, sound: &str, faulty: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(repository(template)).unwrap();
    assert_eq!(source.matches(sound).count(), 1, "`{sound}` is there once");
    let broken = source.replace(sound, faulty);
    // The zips are the subject of other tests.
    let broken = broken
        .replace("dist/function.zip", "s3://bucket/function.zip")
        .replace("dist/host-layer.zip", "s3://bucket/layer.zip");
    std::fs::write(folder.path().join(template), broken).unwrap();
    folder
}

/// Seeds one fault into a template, and expects exactly the one finding about it.
#[track_caller]
fn seed(template: &str, sound: &str, faulty: &str, rule: &str) -> Value {
    let folder = edited(template, sound, faulty);

    let (findings, code) = diagnose(folder.path(), &[]);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    let finding = findings[0].clone();
    assert_eq!(finding["rule"], rule, "{finding}");
    assert_eq!(finding["file"], template);
    let is_error = finding["severity"] == "error";
    assert_eq!(code, Some(i32::from(is_error)));
    assert!(!finding["fix"].as_str().unwrap().is_empty());
    let (allowed, code) = diagnose(folder.path(), &["--allow", rule]);
    assert_eq!((allowed.len(), code), (0, Some(0)), "it can be accepted");
    finding
}

#[test]
fn a_buffering_transfer_mode_is_found_at_its_line() {
    let sound = "responseTransferMode: STREAM";
    let finding = seed(
        "template.yaml",
        sound,
        "responseTransferMode: BUFFERED",
        "transfer-mode",
    );
    assert_eq!(finding["line"], line_of("template.yaml", sound));
    assert_eq!(finding["fix"], "set `responseTransferMode: STREAM`");
}

#[test]
fn the_uri_of_buffered_invocations_is_found() {
    let finding = seed(
        "template.yaml",
        "/response-streaming-invocations",
        "/invocations",
        "streaming-uri",
    );
    assert_eq!(
        finding["line"],
        line_of("template.yaml", "/response-streaming-invocations")
    );
}

#[test]
fn a_buffering_function_url_is_found() {
    let sound = "InvokeMode: RESPONSE_STREAM";
    let finding = seed(
        "template-url.yaml",
        sound,
        "InvokeMode: BUFFERED",
        "invoke-mode",
    );
    assert_eq!(finding["line"], line_of("template-url.yaml", sound));
}

#[test]
fn one_permission_of_the_two_for_urls_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(repository("template-url.yaml")).unwrap();
    let broken = source.replacen(
        "Action: lambda:InvokeFunction\n",
        "Action: lambda:GetFunction\n",
        1,
    );
    let broken = broken.replace("dist/", "s3://bucket/");
    std::fs::write(folder.path().join("template-url.yaml"), broken).unwrap();

    let args = ["-p", "DistributionArn=arn:aws:cloudfront::1:distribution/x"];
    let (findings, code) = diagnose(folder.path(), &args);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "url-permissions");
    let wanted = line_of("template-url.yaml", "Action: lambda:InvokeFunctionUrl");
    assert_eq!(findings[0]["line"], wanted);
    assert_eq!(code, Some(1));
}

#[test]
fn an_api_that_gives_up_before_the_function_is_found() {
    let finding = seed(
        "template.yaml",
        "timeoutInMillis: !Ref IntegrationTimeoutMillis",
        "timeoutInMillis: 30000",
        "timeout-order",
    );
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("is cut after 30000 ms"), "{message}");
    seed(
        "template.yaml",
        "                timeoutInMillis: !Ref IntegrationTimeoutMillis\n",
        "",
        "timeout-order",
    );
    seed(
        "template.yaml",
        "timeoutInMillis: !Ref IntegrationTimeoutMillis",
        "timeoutInMillis: 900001",
        "timeout-order",
    );
}

#[test]
fn a_timeout_beyond_lambda_s_is_found() {
    let (sound, faulty) = ("Timeout: !Ref FunctionTimeout", "Timeout: 901");
    let finding = seed("template-url.yaml", sound, faulty, "timeout-order");
    assert_eq!(finding["line"], line_of("template-url.yaml", sound));
    let faulty = "Description: streams";
    let finding = seed("template-url.yaml", sound, faulty, "timeout-order");
    assert_eq!(finding["severity"], "warning");
}

#[test]
fn an_edge_optimized_api_is_found() {
    let sound = "      EndpointConfiguration: {Type: REGIONAL}\n";
    let finding = seed("template.yaml", sound, "", "edge-idle-limit");
    assert_eq!(finding["line"], line_of("template.yaml", "  StreamingApi:"));
    let faulty = "      EndpointConfiguration: {Type: EDGE}\n";
    let finding = seed("template.yaml", sound, faulty, "edge-idle-limit");
    assert_eq!(finding["line"], line_of("template.yaml", sound.trim_end()));
}

#[test]
fn an_http_api_is_found() {
    let finding = seed(
        "template-url.yaml",
        "      FunctionUrlConfig:",
        "      Events: {Http: {Type: HttpApi}}\n      FunctionUrlConfig:",
        "http-api",
    );
    let wanted = line_of("template-url.yaml", "      FunctionUrlConfig:");
    assert_eq!(finding["line"], wanted);
}

#[test]
fn a_public_api_is_found() {
    let finding = seed(
        "template.yaml",
        "              x-amazon-apigateway-auth:\n                type: !Ref AuthType\n",
        "",
        "public-api",
    );
    assert!(
        finding["message"]
            .as_str()
            .unwrap()
            .contains("`ANY /stream`")
    );
    let (sound, faulty) = ("AuthType: !Ref AuthType", "AuthType: NONE");
    seed("template-url.yaml", sound, faulty, "public-api");
}

#[test]
fn a_parameter_is_judged_by_the_value_it_is_deployed_with() {
    let folder = project();
    let args = ["template.yaml", "-p", ARCH, "-p", "AuthType=NONE"];

    let (findings, code) = diagnose(folder.path(), &args);

    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["rule"], "public-api");
    assert_eq!(
        findings[0]["line"],
        line_of("template.yaml", "type: !Ref AuthType")
    );
    assert_eq!(code, Some(1));
}

#[test]
fn a_cache_in_front_of_a_stream_is_found() {
    let finding = seed(
        "template.yaml",
        "      AlwaysDeploy: true\n",
        "      AlwaysDeploy: true\n      CacheClusterEnabled: true\n",
        "stream-cache",
    );
    assert_eq!(finding["severity"], "warning");
}

#[test]
fn permissions_that_do_not_exist_or_are_too_wide_are_found() {
    seed(
        "template.yaml",
        "Action: sqs:SendMessage",
        "Action: [sqs:SendMessage, lambda:InvokeWithResponseStream]",
        "permission",
    );
    let wide = "  Wide:\n    Type: AWS::Lambda::Permission\n    Properties:\n      \
                Action: lambda:InvokeFunction\n      FunctionName: !Ref StreamingFunction\n      \
                Principal: apigateway.amazonaws.com\n\nOutputs:\n";
    seed("template.yaml", "Outputs:\n", wide, "permission");
}

#[test]
fn an_old_runtime_is_found() {
    let (sound, faulty) = (
        "      Runtime: provided.al2023",
        "      Runtime: provided.al2",
    );
    let finding = seed("template.yaml", sound, faulty, "runtime");
    assert_eq!(finding["line"], line_of("template.yaml", sound));
}

#[test]
fn a_layer_for_another_architecture_is_found() {
    seed(
        "template.yaml",
        "CompatibleArchitectures: [!Ref Architecture]",
        "CompatibleArchitectures: [x86_64]",
        "architecture",
    );
}

#[test]
fn what_is_no_template_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for (content, wanted) in [
        ("a: [", "is not YAML or JSON"),
        ("a: 1", "it has no `Resources`"),
    ] {
        std::fs::write(folder.path().join("template.yaml"), content).unwrap();

        let (findings, code) = diagnose(folder.path(), &[]);

        assert_eq!(findings[0]["rule"], "template");
        let message = findings[0]["message"].as_str().unwrap();
        assert!(message.contains(wanted), "{message}");
        assert_eq!(code, Some(1));
    }
    let output = run(bootstream(&["doctor", "nowhere.yaml"]).current_dir(folder.path()));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: there is no template at `nowhere.yaml`\n"
    );
}

#[test]
fn events_of_sam_and_plain_methods_are_read_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let template = "
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: provided.al2023, Timeout: 20, Handler: h.cwasm}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Stream:
          Type: Api
          Properties: {Path: /, Method: GET, ResponseTransferMode: STREAM}
  Plain:
    Type: AWS::ApiGateway::Method
    Properties:
      AuthorizationType: AWS_IAM
      HttpMethod: GET
      Integration:
        Type: AWS_PROXY
        Uri: !Sub arn:aws:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions/${Hello.Arn}/response-streaming-invocations
        ResponseTransferMode: STREAM
        TimeoutInMillis: 10000
";
    std::fs::write(folder.path().join("template.yaml"), template).unwrap();

    let (findings, _) = diagnose(folder.path(), &[]);

    let found: Vec<_> = findings
        .iter()
        .map(|it| (it["rule"].as_str().unwrap(), it["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            ("edge-idle-limit", 10),
            ("public-api", 10),
            ("transfer-mode", 12),
            ("timeout-order", 22),
        ]
    );
    // Each with the names of its own kind.
    let fixes = findings.iter().map(|it| it["fix"].as_str().unwrap());
    let fixes: Vec<_> = fixes.collect();
    assert_eq!(fixes[2], "set `ResponseTransferMode: RESPONSE_STREAM`");
    assert!(
        fixes[3].starts_with("set `TimeoutInMillis` to"),
        "{fixes:?}"
    );
}
