//! The rules about templates.

use bootstream_test_support::assert_contains;
use serde_json::Value;

use super::{ARCH, diagnose, fields, line_of, project, repository};
use crate::support::{bootstream, failure};

/// A folder with a template that has one fault.
#[track_caller]
pub(super) fn edited(template: &str, sound: &str, faulty: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(repository(template)).unwrap();
    assert_eq!(source.matches(sound).count(), 1, "`{sound}` is there once");
    let broken = source.replace(sound, faulty);
    // Other tests are about the zips.
    let broken = broken
        .replace("dist/function.zip", "s3://bucket/function.zip")
        .replace("dist/host-layer.zip", "s3://bucket/layer.zip");
    std::fs::write(folder.path().join(template), broken).unwrap();
    folder
}

/// A fault in a template of this project, and its finding.
pub(super) struct Seed {
    pub(super) rule: &'static str,
    template: &'static str,
    sound: &'static str,
    faulty: &'static str,
    /// Text of the finding's line in the sound template, if known.
    line: &'static str,
    /// Text of the finding's message.
    says: &'static str,
}

const REST: &str = "template.yaml";
const URL: &str = "template-url.yaml";

const fn seed(
    rule: &'static str,
    template: &'static str,
    [sound, faulty]: [&'static str; 2],
    line: &'static str,
    says: &'static str,
) -> Seed {
    Seed {
        rule,
        template,
        sound,
        faulty,
        line,
        says,
    }
}

const MODE: &str = "responseTransferMode: STREAM";
const URI_END: &str = "/response-streaming-invocations";
const INVOKE_MODE: &str = "InvokeMode: RESPONSE_STREAM";
const API_TIMEOUT: &str = "timeoutInMillis: !Ref IntegrationTimeoutMillis";
const TIMEOUT: &str = "Timeout: !Ref FunctionTimeout";
const REGIONAL: &str = "      EndpointConfiguration: {Type: REGIONAL}\n";
const URL_CONFIG: &str = "      FunctionUrlConfig:";
const DEPLOY: &str = "      AlwaysDeploy: true\n";
const RUNTIME: &str = "      Runtime: provided.al2023";
const WIDE: &str = "  Wide:\n    Type: AWS::Lambda::Permission\n    Properties:\n      \
                    Action: lambda:InvokeFunction\n      FunctionName: !Ref StreamingFunction\n      \
                    Principal: apigateway.amazonaws.com\n\nOutputs:\n";

#[rustfmt::skip]
pub(super) const SEEDS: &[Seed] = &[
    seed("transfer-mode", REST, [MODE, "responseTransferMode: BUFFERED"], MODE,
        "set `responseTransferMode: STREAM`"),
    seed("transfer-mode", REST, [MODE, "responseTransferMode: RESPONSE_STREAM"], MODE, ""),
    seed("transfer-mode", REST, ["                responseTransferMode: STREAM\n", ""], "", ""),
    seed("streaming-uri", REST, [URI_END, "/invocations"], URI_END, ""),
    seed("invoke-mode", URL, [INVOKE_MODE, "InvokeMode: BUFFERED"], INVOKE_MODE, ""),
    seed("invoke-mode", URL, ["        InvokeMode: RESPONSE_STREAM\n", ""], "", ""),
    seed("url-in-vpc", URL,
        [URL_CONFIG, "      VpcConfig: {SubnetIds: [s], SecurityGroupIds: [g]}\n      FunctionUrlConfig:"],
        "", ""),
    seed("timeout-order", REST, [API_TIMEOUT, "timeoutInMillis: 30000"], "", "is cut after 30000 ms"),
    seed("timeout-order", REST,
        ["                timeoutInMillis: !Ref IntegrationTimeoutMillis\n", ""], "", ""),
    seed("timeout-order", REST, [API_TIMEOUT, "timeoutInMillis: 900001"], "", ""),
    seed("timeout-order", URL, [TIMEOUT, "Timeout: 901"], TIMEOUT, ""),
    seed("timeout-order", URL, [TIMEOUT, "Description: streams"], "", "\"severity\":\"warning\""),
    seed("edge-idle-limit", REST, [REGIONAL, ""], "  StreamingApi:", ""),
    seed("edge-idle-limit", REST, [REGIONAL, "      EndpointConfiguration: {Type: EDGE}\n"],
        "      EndpointConfiguration: {Type: REGIONAL}", ""),
    seed("http-api", URL,
        [URL_CONFIG, "      Events: {Http: {Type: HttpApi}}\n      FunctionUrlConfig:"], URL_CONFIG, ""),
    seed("missing-variable", URL,
        ["          BOOTSTREAM_PASS_ENV:",
         "          BOOTSTREAM_SECRETS: KEY@api.example.com\n          BOOTSTREAM_PASS_ENV:"], "", ""),
    seed("missing-action", URL,
        ["          BOOTSTREAM_AWS_ALLOW: !If [HasAwsAllow, !Ref AwsAllow, !Ref AWS::NoValue]",
         "          BOOTSTREAM_AWS_ALLOW: dynamodb:Scan"], "  FunctionRole:", "`dynamodb:Scan`"),
    seed("public-api", REST,
        ["              x-amazon-apigateway-auth:\n                type: !Ref AuthType\n", ""], "",
        "`ANY /stream`"),
    seed("public-api", URL, ["AuthType: !Ref AuthType", "AuthType: NONE"], "", ""),
    seed("stage-update", REST, [DEPLOY, ""], "", ""),
    seed("stream-cache", REST, [DEPLOY, "      AlwaysDeploy: true\n      CacheClusterEnabled: true\n"], "",
        "\"severity\":\"warning\""),
    seed("permission", REST,
        ["Action: sqs:SendMessage", "Action: [sqs:SendMessage, lambda:InvokeWithResponseStream]"], "", ""),
    seed("permission", REST, ["Outputs:\n", WIDE], "", ""),
    seed("runtime", REST, [RUNTIME, "      Runtime: provided.al2"], RUNTIME, ""),
    seed("architecture", REST,
        ["CompatibleArchitectures: [!Ref Architecture]", "CompatibleArchitectures: [x86_64]"], "", ""),
];

#[test]
fn each_fault_in_a_template_is_found_once_at_its_line_with_a_fix_and_can_be_accepted() {
    for seed in SEEDS {
        let folder = edited(seed.template, seed.sound, seed.faulty);

        let (findings, code) = diagnose(folder.path(), &[]);

        let case = format!("{}: `{}`", seed.rule, seed.faulty);
        assert_eq!(findings.len(), 1, "{case}: {findings:#?}");
        let finding = &findings[0];
        assert_eq!(finding["rule"], seed.rule, "{case}");
        assert_eq!(finding["file"], seed.template, "{case}");
        assert!(finding.to_string().contains(seed.says), "{case}: {finding}");
        if !seed.line.is_empty() {
            assert_eq!(finding["line"], line_of(seed.template, seed.line), "{case}");
        }
        let is_error = finding["severity"] == "error";
        assert_eq!(code, Some(i32::from(is_error)), "{case}");
        assert!(!finding["fix"].as_str().unwrap().is_empty(), "{case}");
        let (allowed, code) = diagnose(folder.path(), &["--allow", seed.rule]);
        assert_eq!((allowed.len(), code), (0, Some(0)), "{case}");
    }
}

#[test]
fn one_permission_of_the_two_for_urls_is_found() {
    let distribution = "DistributionArn=arn:aws:cloudfront::1:distribution/x";
    for (principal, parameter) in [
        ("cloudfront.amazonaws.com", distribution),
        ("'*'", "AuthType=NONE"),
    ] {
        let of = |action: &str| {
            format!(
                "Action: lambda:{action}\n      FunctionName: !Ref StreamingFunction\n      \
                 Principal: {principal}"
            )
        };
        let folder = edited(URL, &of("InvokeFunction"), &of("GetFunction"));

        let args = ["--allow", "public-api", "-p", parameter];
        let (findings, code) = diagnose(folder.path(), &args);

        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!(findings[0]["rule"], "url-permissions");
        let source = std::fs::read_to_string(repository(URL)).unwrap();
        let (before, _) = source.split_once(&of("InvokeFunctionUrl")).unwrap();
        assert_eq!(findings[0]["line"], before.lines().count());
        assert_eq!(code, Some(1));
    }
}

/// Settings of these templates that no rule demands, each by its text.
#[test]
fn the_templates_trace_log_throttle_and_name_what_the_documentation_names() {
    let source = |template| std::fs::read_to_string(repository(template)).unwrap();
    let (rest, url) = (source(REST), source(URL));
    for template in [&rest, &url] {
        for wanted in [
            "      Tracing: Active\n",
            "      LoggingConfig:\n",
            "\n  LambdaArn:\n",
        ] {
            assert!(template.contains(wanted), "no `{wanted}`");
        }
        for parameter in [
            "Architecture",
            "HandlerFile",
            "AuthType",
            "FunctionTimeout",
            "MemorySize",
            "PassEnv",
            "AwsAllow",
            "HandlerActions",
            "HandlerResourceArns",
        ] {
            let wanted = format!("\n  {parameter}:\n    Type: ");
            assert!(template.contains(&wanted), "no parameter `{parameter}`");
        }
    }
    assert!(url.contains("\n  FunctionUrl:\n"));
    for wanted in [
        "\n  ApiUrl:\n",
        "      TracingEnabled: true\n",
        "          ThrottlingRateLimit: !Ref ThrottlingRateLimit\n",
        "                type: aws_proxy\n                httpMethod: POST\n",
        // Through this event, SAM lets only this API invoke the function.
        "          Type: Api\n          Properties:\n            RestApiId: !Ref StreamingApi\n",
    ] {
        assert!(rest.contains(wanted), "no `{wanted}`");
    }
    let (_, format) = rest.split_once("        Format: >-\n").unwrap();
    let (format, _) = format.split_once("      MethodSettings:").unwrap();
    let fields: Value = serde_json::from_str(format).unwrap();
    let mode = "$context.integration.responseTransferMode";
    assert_eq!(fields["transferMode"], mode);
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
fn files_that_are_not_templates_are_found() {
    let folder = tempfile::tempdir().unwrap();
    for (content, wanted) in [
        ("a: [", "is not YAML or JSON"),
        ("a: 1", "it has no `Resources`"),
    ] {
        std::fs::write(folder.path().join("template.yaml"), content).unwrap();

        let (findings, code) = diagnose(folder.path(), &[]);

        assert_eq!(findings[0]["rule"], "template");
        let message = findings[0]["message"].as_str().unwrap();
        assert_contains(message, wanted);
        assert_eq!(code, Some(1));
    }
    let said = failure(bootstream(&["doctor", "nowhere.yaml"]).current_dir(folder.path()));
    assert_eq!(said, "error: there is no template at `nowhere.yaml`\n");
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
    // Each uses the property names of its own kind.
    let fixes = fields(&findings, "fix");
    assert_eq!(fixes[2], "set `ResponseTransferMode: RESPONSE_STREAM`");
    assert!(
        fixes[3].starts_with("set `TimeoutInMillis` to"),
        "{fixes:?}"
    );
}
