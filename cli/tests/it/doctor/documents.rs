//! Callers that require a JSON document are found if the handler cannot return one.

use std::path::Path;

use super::packages::zip;
use super::{NONE, assert_said, folder, report, said};
use crate::support::component;

/// A handler that only streams.
const STREAMS_ONLY: &str = "streaming_numbers";

/// A component that imports the function for documents.
fn with_documents() -> Vec<u8> {
    wat::parse_str(
        r#"(component
            (import "bootstream:handler/response-stream@0.1.0"
                (instance (export "start-document" (func (result u32))))))"#,
    )
    .unwrap()
}

/// A component that serves `wasi:http`.
fn of_wasi_http() -> Vec<u8> {
    let text = r#"(component
        (instance $it)
        (export "wasi:http/incoming-handler@0.2.6" (instance $it)))"#;
    wat::parse_str(text).unwrap()
}

/// Two functions, the first of this runtime, and a caller: SAM's events, or a resource.
fn template(caller: &str) -> String {
    let (events, resources) = match caller.starts_with('{') {
        true => (caller, ""),
        false => ("{}", caller),
    };
    format!(
        "
Resources:
  Stream:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      Handler: handler
      CodeUri: function.zip
      Layers: [arn:aws:lambda:eu-central-1:123456789012:layer:host:1]
      Timeout: 60
      FunctionName: stream
      Events: {events}
  Orders: {{Type: AWS::Serverless::Function, Properties: {{Runtime: nodejs22.x, Handler: index.handler, CodeUri: .}}}}
{resources}
"
    )
}

fn packed(template: &str, component: &[u8]) -> tempfile::TempDir {
    let folder = folder(&[("template.yaml", template)]);
    pack(folder.path(), &[("handler.wasm", 0o644, component)]);
    folder
}

fn pack(folder: &Path, files: &[(&str, u32, &[u8])]) {
    zip(&folder.join("function.zip"), files);
}

/// Each kind of caller.
const CALLERS: [&str; 25] = [
    "{Q: {Type: SQS, Properties: {Queue: q, FunctionResponseTypes: [ReportBatchItemFailures]}}}",
    "{Q: {Type: Kinesis, Properties: {Stream: q, FunctionResponseTypes: [ReportBatchItemFailures]}}}",
    "{Q: {Type: MSK, Properties: {Stream: q, FunctionResponseTypes: [ReportBatchItemFailures]}}}",
    "{Q: {Type: Cognito, Properties: {UserPool: p, Trigger: PreSignUp}}}",
    "  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Stream, FunctionResponseTypes: [ReportBatchItemFailures]}}",
    "  A: {Type: AWS::ApiGateway::Authorizer, Properties: {AuthorizerUri: !Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Stream.Arn}/invocations'}}",
    "  A: {Type: AWS::ApiGatewayV2::Authorizer, Properties: {AuthorizerUri: !Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Stream.Arn}/invocations'}}",
    "  A: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {Authorizers: {Own: {FunctionArn: !GetAtt Stream.Arn}}}}}",
    "  A: {Type: AWS::ApiGateway::RestApi, Properties: {Body: {securityDefinitions: {own: {x-amazon-apigateway-authorizer: {authorizerUri: !Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Stream.Arn}/invocations'}}}}}}",
    "  A: {Type: AWS::AppSync::GraphQLApi, Properties: {LambdaAuthorizerConfig: {AuthorizerUri: !GetAtt Stream.Arn}}}",
    "  A: {Type: AWS::AppSync::DataSource, Properties: {LambdaConfig: {LambdaFunctionArn: !GetAtt Stream.Arn}}}",
    "  A: {Type: AWS::Cognito::UserPool, Properties: {LambdaConfig: {PreSignUp: !GetAtt Stream.Arn}}}",
    "  A: {Type: AWS::Cognito::UserPool, Properties: {LambdaConfig: {PreTokenGenerationConfig: {LambdaArn: !GetAtt Stream.Arn}}}}",
    "  A: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionString: !Sub '{\"Resource\": \"${Orders.Arn}\", \"Then\": \"${Stream.Arn}\"}'}}",
    "  A: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionString: {Fn::ToJsonString: {States: {A: {Resource: !GetAtt Stream.Arn}}}}}}",
    "  A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionSubstitutions: {Arn: !GetAtt Stream.Arn}, Definition: {}}}",
    "  W: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET}}\n  A: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref W, IntegrationUri: !GetAtt Stream.Arn}}",
    "  A: {Type: AWS::Pipes::Pipe, Properties: {Enrichment: !GetAtt Stream.Arn}}",
    "  A: {Type: AWS::IoT::Authorizer, Properties: {AuthorizerFunctionArn: !GetAtt Stream.Arn}}",
    "  A: {Type: AWS::EC2::ClientVpnEndpoint, Properties: {ClientConnectOptions: {Enabled: true, LambdaFunctionArn: !GetAtt Stream.Arn}}}",
    "  A: {Type: AWS::SES::ReceiptRule, Properties: {Rule: {Actions: [{LambdaAction: {FunctionArn: !GetAtt Stream.Arn, InvocationType: RequestResponse}}]}}}",
    "  A: {Type: AWS::KinesisFirehose::DeliveryStream, Properties: {RedshiftDestinationConfiguration: {ProcessingConfiguration: {Processors: [{Parameters: [{ParameterName: LambdaArn, ParameterValue: !GetAtt Stream.Arn}]}]}}}}",
    "  A: {Type: AWS::Serverless::StateMachine, Properties: {Definition: {States: {A: {Resource: 'arn:aws:states:::lambda:invoke', Parameters: {FunctionName: stream}}}}}}",
    "  A: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionString: '{\"States\": {\"A\": {\"Resource\": \"arn:aws:states:::lambda:invoke\", \"Arguments\": {\"FunctionName\": \"stream:live\"}}}}'}}",
    "  A: {Type: AWS::ApiGateway::Method, Properties: {AuthorizationType: AWS_IAM, Integration: {Type: AWS, Uri: !Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Stream.Arn}/invocations'}}}",
];

fn rules(folder: &Path) -> Vec<(String, String)> {
    let (report, _) = report(folder, &["template.yaml"]);
    let findings = report["findings"].as_array().unwrap().iter();
    let field = |it: &serde_json::Value, key: &str| it[key].as_str().unwrap().to_owned();
    findings
        .map(|it| (field(it, "rule"), field(it, "severity")))
        .collect()
}

#[test]
fn a_handler_that_only_streams_is_found_behind_each_kind_of_caller() {
    let component = std::fs::read(component(STREAMS_ONLY)).unwrap();
    for caller in CALLERS {
        let folder = packed(&template(caller), &component);
        let found = rules(folder.path());
        let wanted = [("document".to_owned(), "error".to_owned())];
        assert_eq!(found, wanted, "{caller}");
    }
}

#[test]
fn a_handler_that_answers_with_documents_is_in_order() {
    for caller in CALLERS {
        let folder = packed(&template(caller), &with_documents());
        assert_said(folder.path(), &[], &[]);
        // The host turns its responses into documents.
        let folder = packed(&template(caller), &of_wasi_http());
        assert_said(folder.path(), &[], &[]);
    }
}

#[test]
fn other_functions_and_callers_that_ignore_the_response_are_ignored() {
    let component = std::fs::read(component(STREAMS_ONLY)).unwrap();
    for caller in [
        "{Q: {Type: SQS, Properties: {Queue: q}}}",
        "{Q: {Type: S3, Properties: {Bucket: q}}}",
        "  M: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Orders, FunctionResponseTypes: [ReportBatchItemFailures]}}",
        "  A: {Type: AWS::Cognito::UserPool, Properties: {LambdaConfig: {PreSignUp: !GetAtt Orders.Arn}}}",
        "  A: {Type: AWS::Serverless::StateMachine, Properties: {Definition: {States: {A: {Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', Parameters: {FunctionName: !GetAtt Stream.Arn}}}}}}",
        "  A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionSubstitutions: {Fn: !GetAtt Stream.Arn}, Definition: {States: {A: {Resource: 'arn:aws:states:::lambda:invoke', Parameters: {FunctionName: '${Fn}', InvocationType: Event}}}}}}",
        "  A: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionString: !Sub '{\"States\": {\"A\": {\"Resource\": \"arn:${AWS::Partition}:states:::lambda:invoke.waitForTaskToken\", \"Parameters\": {\"FunctionName\": \"${Stream.Arn}\"}}}}'}}",
        "  A: {Type: AWS::SES::ReceiptRule, Properties: {Rule: {Actions: [{LambdaAction: {FunctionArn: !GetAtt Stream.Arn}}]}}}",
        "  A: {Type: AWS::Lambda::EventInvokeConfig, Properties: {FunctionName: !Ref Stream, DestinationConfig: {OnFailure: {Destination: q}}}}",
        "  A: {Type: AWS::ApiGateway::Method, Properties: {Integration: {Type: AWS, RequestParameters: {integration.request.header.X-Amz-Invocation-Type: \"'Event'\"}, Uri: !Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${Stream.Arn}/invocations'}}}",
    ] {
        let folder = packed(&template(caller), &component);
        assert_eq!(said(folder.path(), &[]).0, NONE, "{caller}");
    }
}

#[test]
fn a_state_machine_in_a_file_of_its_own_is_read() {
    let machine = "  A: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: steps.asl.json, DefinitionSubstitutions: {Arn: !GetAtt Stream.Arn}}}";
    let component = std::fs::read(component(STREAMS_ONLY)).unwrap();
    let folder = packed(&template(machine), &component);
    let steps =
        r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${Arn}", "End": true}}}"#;
    std::fs::write(folder.path().join("steps.asl.json"), steps).unwrap();

    assert_eq!(rules(folder.path()).len(), 1);
}

#[test]
fn custom_resources_and_destinations_for_a_response_are_warnings() {
    let component = std::fs::read(component(STREAMS_ONLY)).unwrap();
    for caller in [
        "  A: {Type: 'Custom::Thing', Properties: {ServiceToken: !GetAtt Stream.Arn}}",
        "  A: {Type: AWS::Lambda::EventInvokeConfig, Properties: {FunctionName: !Ref Stream, DestinationConfig: {OnSuccess: {Destination: q}}}}",
    ] {
        let folder = packed(&template(caller), &component);
        let wanted = [("document".to_owned(), "warning".to_owned())];
        assert_eq!(rules(folder.path()), wanted, "{caller}");
    }
}

#[test]
fn without_a_component_to_look_at_there_is_a_note() {
    let folder = folder(&[("template.yaml", &template(CALLERS[0]))]);
    pack(
        folder.path(),
        &[
            ("handler.txt", 0o644, b"x"),
            ("bootstream.toml", 0o644, b""),
        ],
    );
    let (_, notes) = said(folder.path(), &[]);
    assert_eq!(notes, ["document template.yaml:12"]);

    let elsewhere = template(CALLERS[0])
        .replace("function.zip", "s3://b/k")
        .replace("layer:host:1", "layer:bootstream-host:1");
    let folder = super::folder(&[("template.yaml", &elsewhere)]);
    assert_said(
        folder.path(),
        &[],
        &["archive template.yaml:8", "document template.yaml:12"],
    );
}
