//! Only callers of functions of this runtime are judged, however they name the function.

use super::packages::zip;
use super::{NONE, assert_said, assert_said_of, folder, report, said_of};
use crate::support::{bootstream, run, text};

/// A function of this runtime whose package is missing, and one of another runtime.
const FUNCTIONS: &str = "
Resources:
  Stream: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: handler.wasm, CodeUri: s3://b/k, Timeout: 60, FunctionName: stream}}
  Orders: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x, Handler: index.handler, CodeUri: orders/}}
";

/// The findings in a template with these two functions and other resources.
fn found(resources: &str) -> Vec<String> {
    said_of(&format!("{FUNCTIONS}{resources}")).0
}

/// A method of a REST API, in an OpenAPI document.
fn api(of_method: &str) -> String {
    format!(
        "  Api:
    Type: AWS::Serverless::Api
    Properties:
      EndpointConfiguration: {{Type: REGIONAL}}
      Auth: {{DefaultAuthorizer: AWS_IAM}}
      DefinitionBody:
        paths:
          /x: {{get: {{x-amazon-apigateway-integration: {of_method}}}}}
"
    )
}

#[test]
fn methods_of_other_functions_and_services_are_ignored() {
    for method in [
        "{type: aws_proxy, httpMethod: POST, uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Orders.Arn}/invocations'}",
        "{type: http_proxy, httpMethod: GET, uri: 'https://legacy.example.com/'}",
        "{type: aws, httpMethod: GET, uri: !Sub 'arn:aws:apigateway:${AWS::Region}:s3:path/files'}",
        "{type: mock}",
    ] {
        assert_eq!(found(&api(method)), NONE, "{method}");
    }
}

/// Each form in which a method can name the function.
const URIS: [&str; 8] = [
    "!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Stream.Arn}/invocations'",
    "!Sub ['arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${it}/invocations', {it: !GetAtt Stream.Arn}]",
    "!Join ['', ['arn:', !Ref AWS::Partition, ':apigateway:x:lambda:path/2015-03-31/functions/', !GetAtt [Stream, Arn], /invocations]]",
    "{'Fn::Join': ['', ['arn:aws:apigateway:x:lambda:path/2015-03-31/functions/', {'Fn::GetAtt': [Stream, Arn]}, /invocations]]}",
    "'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/arn:aws:lambda:x:123456789012:function:stream/invocations'",
    "!Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/arn:aws:lambda:x:${AWS::AccountId}:function:stream:live/invocations'",
    "!Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Live}/invocations'",
    "!Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Stream.Alias}/invocations'",
];

const ALIAS: &str = "  Live: {Type: AWS::Lambda::Alias, Properties: {Name: live, FunctionName: !Ref Stream, FunctionVersion: '1'}}\n";

#[test]
fn a_buffering_method_is_found_in_whatever_form_it_names_the_function() {
    for uri in URIS {
        let resources = format!(
            "{}{ALIAS}",
            api(&format!(
                "{{type: aws_proxy, httpMethod: POST, timeoutInMillis: 60000, uri: {uri}}}"
            ))
        );
        assert_eq!(
            found(&resources),
            [
                "transfer-mode template.yaml:12",
                "streaming-uri template.yaml:12"
            ],
            "{uri}"
        );
    }
}

#[test]
fn a_method_of_the_cdk_s_is_found_as_well() {
    let template = r#"{"Resources": {
"Stream": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "provided.al2023", "Handler": "handler.wasm", "Timeout": 20, "Code": {"S3Bucket": "b", "S3Key": "k"}}},
"Orders": {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "nodejs22.x", "Handler": "index.handler", "Code": {"ZipFile": "1"}}},
"Get": {"Type": "AWS::ApiGateway::Method", "Properties": {"HttpMethod": "GET", "AuthorizationType": "NONE", "Integration": {"Type": "AWS_PROXY",
  "Uri": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":apigateway:", {"Ref": "AWS::Region"}, ":lambda:path/2015-03-31/functions/", {"Fn::GetAtt": ["Orders", "Arn"]}, "/invocations"]]}}}},
"Chat": {"Type": "AWS::ApiGateway::Method", "Properties": {"HttpMethod": "POST", "AuthorizationType": "AWS_IAM", "Integration": {"Type": "AWS_PROXY",
  "Uri": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":apigateway:", {"Ref": "AWS::Region"}, ":lambda:path/2015-03-31/functions/", {"Fn::GetAtt": ["Stream", "Arn"]}, "/invocations"]]}}}}
}}"#;
    assert_said_of(
        template,
        &[
            "transfer-mode template.yaml:6",
            "streaming-uri template.yaml:7",
        ],
        &["archive template.yaml:2"],
    );
}

#[test]
fn a_function_that_only_the_stage_knows_is_unknown() {
    let method = api(
        "{type: aws_proxy, uri: 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/arn:aws:lambda:x:1:function:${stageVariables.name}/invocations'}",
    );
    let (findings, notes) = said_of(&format!("{FUNCTIONS}{method}"));
    assert_eq!(findings, NONE);
    assert!(
        notes.contains(&"transfer-mode template.yaml:12".to_owned()),
        "{notes:?}"
    );
}

#[test]
fn a_method_that_may_not_be_there_is_unknown() {
    let method = api("!If [Regional, {type: mock}, {type: aws_proxy}]");
    let conditions = "Conditions: {Regional: !Equals [!Ref AWS::Region, x]}\n";
    let template = format!("{FUNCTIONS}{method}{conditions}");
    let notes = ["archive template.yaml:3", "transfer-mode template.yaml:12"];
    assert_said_of(&template, &[], &notes);
}

#[test]
fn urls_and_permissions_of_other_functions_are_ignored() {
    let resources = "
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Orders, AuthType: NONE}}
  Wide: {Type: AWS::Lambda::Permission, Properties: {Action: lambda:InvokeFunction, FunctionName: !Ref Orders, Principal: '*'}}
";
    assert_eq!(found(resources), NONE);
    assert_eq!(
        found(&resources.replace("Orders", "Stream")),
        [
            "invoke-mode template.yaml:6",
            "public-api template.yaml:6",
            "permission template.yaml:7"
        ]
    );
}

#[test]
fn conditions_on_the_caller_narrow_a_permission() {
    let permission = |more: &str| {
        format!(
            "  P: {{Type: AWS::Lambda::Permission, Properties: {{Action: lambda:InvokeFunction, \
             FunctionName: !Ref Stream, {more}}}}}\n"
        )
    };
    for narrow in [
        "Principal: s3.amazonaws.com, SourceAccount: !Ref AWS::AccountId",
        "Principal: s3.amazonaws.com, SourceArn: !Sub 'arn:aws:s3:::${AWS::StackName}'",
        "Principal: '*', PrincipalOrgID: o-a1b2c3d4e5",
        "Principal: '*', FunctionUrlAuthType: AWS_IAM",
        "Principal: alexa-appkit.amazon.com, EventSourceToken: skill",
        "Principal: !Ref AWS::AccountId",
        "Principal: !GetAtt Role.Arn",
        "Principal: sns.amazonaws.com, SourceArn: 'arn:aws:sns:*:123456789012:*'",
        "Principal: apigateway.amazonaws.com, SourceArn: !Sub 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:*'",
        "Principal: s3.amazonaws.com, SourceArn: 'arn:aws:s3:::bucket'",
    ] {
        assert_eq!(found(&permission(narrow)), NONE, "{narrow}");
    }
    for wide in [
        "Principal: s3.amazonaws.com",
        "Principal: !Sub 's3.${AWS::URLSuffix}'",
        "Principal: s3.amazonaws.com, SourceArn: '*'",
        "Principal: s3.amazonaws.com, SourceArn: 'arn:aws:s3:::*'",
        "Principal: '*', SourceArn: 'arn:aws:s3:::*'",
        "Principal: sns.amazonaws.com, SourceArn: !Sub 'arn:${AWS::Partition}:sns:*:*:*'",
        "Principal: apigateway.amazonaws.com.cn",
        "Principal: '*'",
    ] {
        assert_eq!(
            found(&permission(wide)),
            ["permission template.yaml:5"],
            "{wide}"
        );
    }
}

#[test]
fn two_permissions_name_the_same_function_in_different_forms() {
    let permissions = |other: &str| {
        format!(
            "
  One: {{Type: AWS::Lambda::Permission, Properties: {{Action: lambda:InvokeFunctionUrl, FunctionName: !Ref Stream, Principal: '123456789012', FunctionUrlAuthType: AWS_IAM}}}}
  Two: {{Type: AWS::Lambda::Permission, Properties: {{Action: lambda:InvokeFunction, FunctionName: {other}, Principal: '123456789012', InvokedViaFunctionUrl: true}}}}
"
        )
    };
    for same in [
        "!GetAtt Stream.Arn",
        "stream",
        "!Sub '${Stream}'",
        "!Sub 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:stream'",
    ] {
        assert_eq!(found(&permissions(same)), NONE, "{same}");
    }
    assert_eq!(
        found(&permissions("!Ref Orders")),
        ["url-permissions template.yaml:6"]
    );
}

#[test]
fn an_api_with_a_policy_of_its_own_is_not_reported_as_public() {
    let events = |auth: &str, own: &str| {
        format!(
            "
Resources:
  Stream: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: handler.wasm, Timeout: 20, Events: {{Get: {{Type: Api, Properties: {{Path: /, Method: GET, RestApiId: !Ref Api, ResponseTransferMode: RESPONSE_STREAM{own}}}}}}}}}}}
  Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: x, EndpointConfiguration: REGIONAL{auth}}}}}
"
        )
    };
    let public = &["public-api template.yaml:3"][..];
    let default = ", Auth: {DefaultAuthorizer: Own}";
    let key = ", Auth: {ApiKeyRequired: true}";
    let policy = ", Auth: {ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}}";
    for (auth, own, findings, notes) in [
        ("", "", public, &[][..]),
        (default, "", &[], &[]),
        (key, "", &[], &[]),
        (policy, "", &[], public),
        (default, ", Auth: {Authorizer: NONE}", public, &[]),
        ("", key, &[], &[]),
    ] {
        assert_said_of(&events(auth, own), findings, notes);
    }
}

#[test]
fn a_permission_that_does_not_exist_does_no_harm_beside_the_one_that_works() {
    let policy = |actions: &str| {
        format!(
            "  Role: {{Type: AWS::IAM::Role, Properties: {{Policies: [{{Action: {actions}}}]}}}}\n"
        )
    };
    let wrong = policy("[lambda:InvokeWithResponseStream]");
    assert_eq!(found(&wrong), ["permission template.yaml:5"]);
    let both = policy("[lambda:InvokeFunction, lambda:InvokeWithResponseStream]");
    assert_eq!(found(&both), NONE);
}

#[test]
fn functions_of_other_runtimes_are_recognized_by_their_properties() {
    let template = "
Resources:
  Rust: {Type: AWS::Serverless::Function, Metadata: {BuildMethod: rust-cargolambda}, Properties: {Runtime: provided.al2, Handler: main, CodeUri: rust/}}
  Go: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: bootstrap, CodeUri: s3://b/k}}
  Php: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: public/index.php, CodeUri: .}}
  Cpp: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: hello, CodeUri: cpp}}
  Aot: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: Assembly, CodeUri: aot.zip}}
  Image: {Type: AWS::Serverless::Function, Properties: {PackageType: Image, ImageUri: x}}
  Inline: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Handler: index.f, Code: {ZipFile: x}}}
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Rust, AuthType: NONE}}
";
    let folder = folder(&[
        ("template.yaml", template),
        ("cpp/CMakeLists.txt", "project(hello)"),
    ]);
    let files = [("bootstrap", 0o755, &b"\x7fELF"[..])];
    zip(&folder.path().join("aot.zip"), &files);

    assert_said(folder.path(), &[], &[]);
    let (report, code) = report(folder.path(), &["template.yaml"]);
    assert_eq!(report["withoutFunctions"][0], "template.yaml");
    assert_eq!(code, Some(0));
    let args = ["doctor", "--only", "templates"];
    let output = run(bootstream(&args).current_dir(folder.path()));
    assert_eq!(
        text(&output.stdout),
        "template.yaml: no function of this runtime\n"
    );
}

#[test]
fn a_function_whose_package_and_layers_are_elsewhere_has_an_unknown_runtime() {
    let template = "
Resources:
  Artisan: {Type: AWS::Lambda::Function, Properties: {Runtime: provided.al2, Handler: artisan, Layers: ['arn:aws:lambda:x:1:layer:php-81:73'], Code: {S3Bucket: b, S3Key: k}}}
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Artisan, AuthType: NONE}}
";
    assert_said_of(template, &[], &["runtime template.yaml:3"]);
}

#[test]
fn a_front_end_that_buffers_is_a_warning() {
    for resource in [
        "  G: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {TargetType: lambda, Targets: [{Id: !GetAtt Stream.Arn}]}}",
        "  G: {Type: AWS::VpcLattice::TargetGroup, Properties: {Type: LAMBDA, Targets: [{Id: !GetAtt Stream.Arn}]}}",
        "  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationUri: !GetAtt Stream.Arn}}",
        "  A: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, Target: !GetAtt Stream.Arn}}",
    ] {
        let template = format!("{FUNCTIONS}{resource}\n");
        let folder = folder(&[("template.yaml", &template)]);
        let (report, code) = report(folder.path(), &["template.yaml"]);
        assert_eq!(report["findings"][0]["rule"], "http-api", "{resource}");
        assert_eq!(report["findings"][0]["severity"], "warning", "{resource}");
        assert_eq!(report["findings"][0]["line"], 5);
        assert_eq!(code, Some(0));
        assert_eq!(
            found(&format!("{}\n", resource.replace("Stream", "Orders"))),
            NONE
        );
    }
}

#[test]
fn targets_other_than_functions_behind_a_front_end_are_ignored() {
    let parameters = "Parameters: {Elsewhere: {Type: String}}\n";
    for resource in [
        "  G: {Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: {Targets: [{Id: !Ref Elsewhere}]}}\n",
        "  G: {Type: AWS::VpcLattice::TargetGroup, Properties: {Type: IP, Targets: [{Id: !Ref Elsewhere}]}}\n",
        "  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {IntegrationType: HTTP_PROXY, IntegrationUri: !Ref Elsewhere}}\n",
        "  A: {Type: AWS::Serverless::HttpApi, Properties: {DefinitionBody: {paths: {/: {get: {x-amazon-apigateway-integration: {type: http_proxy, uri: !Ref Elsewhere}}}}}}}\n",
    ] {
        let template = format!("{FUNCTIONS}{resource}{parameters}");
        assert_said_of(&template, &[], &["archive template.yaml:3"]);
    }
}

#[test]
fn the_setting_of_buffered_responses_decides_what_a_front_end_has_to_be() {
    let with = |setting: &str, more: &str| {
        format!(
            "
Resources:
  Stream: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: handler.wasm, Timeout: 60, Environment: {{Variables: {{BOOTSTREAM_RESPONSE_BUFFERED: {setting}}}}}, {more}}}}}
"
        )
    };
    let url = |mode: &str| format!("FunctionUrlConfig: {{AuthType: AWS_IAM, InvokeMode: {mode}}}");
    let http = "Events: {Http: {Type: HttpApi}}";
    for (setting, more, severity) in [
        ("auto", url("BUFFERED"), Some("error")),
        ("auto", url("RESPONSE_STREAM"), None),
        ("always", url("BUFFERED"), None),
        ("always", url("RESPONSE_STREAM"), Some("warning")),
        ("never", url("RESPONSE_STREAM"), None),
        ("auto", http.to_owned(), Some("warning")),
        ("always", http.to_owned(), None),
        ("never", http.to_owned(), Some("error")),
    ] {
        let folder = folder(&[("template.yaml", &with(setting, &more))]);
        let (report, _) = report(folder.path(), &["template.yaml"]);
        let found = report["findings"].as_array().unwrap().first();
        let found = found.map(|it| it["severity"].as_str().unwrap());
        assert_eq!(found, severity, "{setting}, {more}: {report:#}");
    }
}

/// An API with a streaming method, and the authorization settings of API, document and method.
fn guarded(of_api: &str, of_document: &str, of_method: &str) -> String {
    format!(
        "{FUNCTIONS}  Api:
    Type: AWS::Serverless::Api
    Properties:
      EndpointConfiguration: {{Type: REGIONAL}}
      AlwaysDeploy: yes
      CacheClusterEnabled: no
      {of_api}
      DefinitionBody:
        {of_document}
        paths:
          /x:
            get:
              {of_method}
              x-amazon-apigateway-integration: {{type: aws_proxy, responseTransferMode: STREAM, timeoutInMillis: 60000, uri: !Sub 'arn:aws:apigateway:x:lambda:path/2021-11-15/functions/${{Stream.Arn}}/response-streaming-invocations'}}
"
    )
}

#[test]
fn the_authorization_of_a_method_overrides_the_api_s_default() {
    let (key, none) = ("security: [{key: []}]", "security: []");
    let no_auth = "x-amazon-apigateway-auth: {type: NONE}";
    let default = "Auth: {DefaultAuthorizer: Own}";
    for (of_api, of_document, of_method, is_public) in [
        ("", key, "", false),
        ("", none, "", true),
        ("", none, key, false),
        ("", key, none, true),
        ("", key, no_auth, true),
        ("", key, "x-amazon-apigateway-auth: {type: AWS_IAM}", false),
        (default, "", "", false),
        // SAM fills in the default.
        (default, "", none, false),
        (default, "", "security: [{NONE: []}]", true),
        (default, "", no_auth, true),
        ("Auth: {ApiKeyRequired: yes}", "", no_auth, false),
        ("Auth: {ApiKeyRequired: no}", "", "", true),
    ] {
        let found = said_of(&guarded(of_api, of_document, of_method)).0;
        let found: Vec<_> = found
            .iter()
            .filter_map(|it| it.split_whitespace().next())
            .collect();
        let wanted: &[&str] = if is_public { &["public-api"] } else { &[] };
        assert_eq!(found, wanted, "{of_api} {of_document} {of_method}");
    }
}

#[test]
fn an_alias_that_sam_makes_is_the_function() {
    let functions = FUNCTIONS.replacen("Timeout: 60", "Timeout: 60, AutoPublishAlias: live", 1);
    let url = |target: &str| {
        let url = format!(
            "  Url: {{Type: AWS::Lambda::Url, Properties: {{TargetFunctionArn: !Ref {target}, AuthType: NONE, InvokeMode: RESPONSE_STREAM}}}}\n"
        );
        said_of(&format!("{functions}{url}"))
    };
    for target in ["StreamAliaslive", "StreamVersion0123abcdef"] {
        assert_eq!(url(target).0, ["public-api template.yaml:5"], "{target}");
    }
    let (findings, notes) = url("MadeByAMacro");
    assert_eq!(findings, NONE);
    assert!(
        notes.contains(&"invoke-mode template.yaml:5".to_owned()),
        "{notes:?}"
    );
    assert_eq!(url("Orders").0, NONE);
}

#[test]
fn a_function_without_a_sign_of_this_runtime_is_one_note() {
    for function in [
        "Handler: provided, CodeUri: .build/plugins/function.zip",
        "Handler: main, CodeUri: cmd/",
        "Handler: main, CodeUri: s3://b/k",
        "Handler: handler, CodeUri: s3://b/k",
        "Handler: hello",
    ] {
        let template = format!(
            "
Resources:
  Own: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2, {function}}}}}
  Url: {{Type: AWS::Lambda::Url, Properties: {{TargetFunctionArn: !Ref Own, AuthType: NONE}}}}
  Wide: {{Type: AWS::Lambda::Permission, Properties: {{Action: lambda:InvokeFunction, FunctionName: !Ref Own, Principal: '*'}}}}
  Stream: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: handler.wasm, Timeout: 60}}}}
"
        );
        assert_said_of(&template, &[], &["runtime template.yaml:3"]);
    }
}

#[test]
fn a_function_with_a_sign_of_this_runtime_is_judged() {
    for function in [
        "Handler: handler, CodeUri: dist/function.zip",
        "Handler: handler.wasm",
        "Handler: hello.cwasm, CodeUri: s3://b/k",
        "Handler: hello, Layers: ['arn:aws:lambda:x:123456789012:layer:bootstream-host:1']",
        "Handler: hello, Environment: {Variables: {BOOTSTREAM_LOG_LEVEL: debug}}",
        "Handler: hello, Environment: {Variables: !If [Never, {}, {BOOTSTREAM_LOG_LEVEL: debug}]}",
    ] {
        let template = format!(
            "
Conditions: {{Never: !Equals [a, b]}}
Resources:
  Own: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2, Timeout: 60, {function}}}}}
"
        );
        let found = said_of(&template).0;
        assert!(
            found.contains(&"runtime template.yaml:4".to_owned()),
            "{function}: {found:?}"
        );
    }
    let of_all = "
Globals: {Function: {Environment: {Variables: {BOOTSTREAM_LOG_LEVEL: debug}}}}
Resources:
  Own: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Timeout: 60, Handler: hello}}
";
    assert_eq!(said_of(of_all).0, ["runtime template.yaml:4"]);
}

#[test]
fn a_program_of_another_runtime_is_not_this_one_for_a_library_in_webassembly() {
    let template = "
Resources:
  Own: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: HANDLER, CodeUri: own.zip}}
";
    let elf = ("bootstrap", 0o755, &b"\x7fELF"[..]);
    let library = ("sqlite.wasm", 0o644, &b"\0asm"[..]);
    for (handler, files, notes) in [
        ("bootstrap", &[elf, library][..], &[][..]),
        ("sqlite", &[elf, library], &[]),
        ("hello", &[library], &["runtime template.yaml:3"]),
    ] {
        let folder = folder(&[("template.yaml", &template.replace("HANDLER", handler))]);
        zip(&folder.path().join("own.zip"), files);
        assert_said(folder.path(), &[], notes);
    }
}

#[test]
fn an_unknown_runtime_is_one_note_whatever_calls_the_function() {
    let uri = "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Own.Arn}/invocations";
    let template = format!(
        "
Parameters: {{Rt: {{Type: String}}}}
Resources:
  Own: {{Type: AWS::Serverless::Function, Properties: {{Runtime: !Ref Rt, Handler: hello, CodeUri: s3://b/k}}}}
  One: {{Type: AWS::ApiGateway::Method, Properties: {{Integration: {{Type: AWS_PROXY, Uri: !Sub '{uri}'}}}}}}
  Two: {{Type: AWS::ApiGateway::Method, Properties: {{Integration: {{Type: AWS_PROXY, Uri: !Sub '{uri}'}}}}}}
  Queue: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{FunctionName: !Ref Own, FunctionResponseTypes: [ReportBatchItemFailures]}}}}
  Stream: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: handler.wasm, Timeout: 60}}}}
"
    );
    assert_said_of(&template, &[], &["runtime template.yaml:4"]);
}

#[test]
fn a_setting_that_unknown_variables_may_have_is_unknown() {
    let template = "
Resources:
  Stream: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, Handler: handler.wasm, Timeout: 60, Environment: !ImportValue e, FunctionUrlConfig: {AuthType: AWS_IAM, InvokeMode: BUFFERED}}}
";
    assert_said_of(template, &[], &["invoke-mode template.yaml:3"]);
}
