//! The events that the command prints are valid: the types of `aws_lambda_events` accept them, and
//! the SDK reads those of HTTP front ends as requests.

use std::{path::Path, process::Command};

use aws_lambda_events::{
    alb::AlbTargetGroupRequest,
    apigw::{
        ApiGatewayCustomAuthorizerRequest, ApiGatewayCustomAuthorizerRequestTypeRequest,
        ApiGatewayProxyRequest, ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayV2httpRequest,
        ApiGatewayWebsocketProxyRequest,
    },
    appsync::AppSyncDirectResolverEvent,
    cloudformation::CloudFormationCustomResourceRequest,
    cognito::CognitoEventUserPoolsPreSignup,
    dynamodb,
    eventbridge::EventBridgeEvent,
    firehose::KinesisFirehoseEvent,
    kafka::KafkaEvent,
    kinesis::KinesisEvent,
    lambda_function_urls::LambdaFunctionUrlRequest,
    s3::S3Event,
    sns::SnsEvent,
    sqs::SqsEvent,
    vpc_lattice::VpcLatticeRequestV2,
};
use bootstream::{Event, RequestExt as _, RequestKind, testing};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// Returns the output of `bootstream event`.
fn printed(args: &[&str]) -> Event {
    let command = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/bootstream");
    let output = Command::new(&command)
        .arg("event")
        .args(args)
        .output()
        .unwrap_or_else(|_| {
            let path = command.display();
            panic!("no `{path}`: run `cargo build --release -p bootstream-cli`")
        });
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    testing::event(output.stdout)
}

fn read<T: DeserializeOwned>(kind: &str) -> T {
    match printed(&[kind]).json() {
        Ok(event) => event,
        Err(error) => panic!("{kind}: {error}"),
    }
}

#[test]
fn each_front_end_sends_a_request() {
    for (front_end, kind) in [
        ("url", RequestKind::ApiGatewayV2),
        ("http", RequestKind::ApiGatewayV2),
        ("rest", RequestKind::ApiGatewayV1),
        ("alb", RequestKind::Alb),
        ("alb-multi", RequestKind::Alb),
        ("lattice", RequestKind::VpcLatticeV2),
    ] {
        let request = printed(&[front_end]).request().unwrap();

        assert_eq!(request.kind(), Some(kind), "{front_end}");
        assert_eq!(request.method(), "POST", "{front_end}");
        assert_eq!(request.uri().path(), "/hello", "{front_end}");
        let name = request.query_value("name");
        assert_eq!(name.as_deref(), Some("world"), "{front_end}");
        let body: Value = request.json().unwrap();
        assert_eq!(body["name"], "world", "{front_end}");
    }
}

#[test]
fn a_front_end_takes_another_path_and_body() {
    let event = printed(&["lattice", "--path", "/a%20b?c=1&c=2", "-d", "hi"]);

    let request = event.request().unwrap();

    assert_eq!(request.uri().path(), "/a%20b");
    assert_eq!(request.uri().query(), Some("c=1&c=2"));
    assert_eq!(*request.body(), b"hi");
}

#[test]
fn each_front_end_has_its_own_document() {
    let url: LambdaFunctionUrlRequest = read("url");
    let http: ApiGatewayV2httpRequest = read("http");
    let rest: ApiGatewayProxyRequest = read("rest");
    let alb: AlbTargetGroupRequest = read("alb");
    let multi: AlbTargetGroupRequest = read("alb-multi");
    let lattice: VpcLatticeRequestV2 = read("lattice");

    assert_eq!(url.raw_path.as_deref(), Some("/hello"));
    assert_eq!(http.raw_query_string.as_deref(), Some("name=world"));
    assert_eq!(rest.http_method, "POST");
    assert_eq!(alb.path.as_deref(), Some("/hello"));
    assert_eq!(multi.multi_value_headers["host"], "localhost");
    assert!(
        lattice
            .request_context
            .service_arn
            .contains(":service/svc-")
    );
}

#[test]
fn messages_and_records_have_the_data() {
    let sqs: SqsEvent = read("sqs");
    let sns: SnsEvent = read("sns");
    let kinesis: KinesisEvent = read("kinesis");
    let kafka: KafkaEvent = read("kafka");
    let firehose: KinesisFirehoseEvent = read("firehose");
    let websocket: ApiGatewayWebsocketProxyRequest = read("websocket");

    let data = r#"{"name":"world"}"#;
    assert_eq!(sqs.records[0].body.as_deref(), Some(data));
    assert_eq!(
        sqs.records[0].md5_of_body.as_deref(),
        Some("78271c43e711afbf01f7bf7eecfc0336")
    );
    assert_eq!(sns.records[0].sns.message, data);
    assert_eq!(*kinesis.records[0].kinesis.data, data.as_bytes());
    let record = &kafka.records["orders-0"][0];
    assert_eq!(record.value.as_deref(), Some("eyJuYW1lIjoid29ybGQifQ=="));
    assert_eq!(*firehose.records[0].data, data.as_bytes());
    assert_eq!(websocket.body.as_deref(), Some(data));
    assert!(websocket.request_context.connection_id.is_some());
}

#[test]
fn what_happened_in_a_service_is_told_as_it_tells_it() {
    let s3: S3Event = read("s3");
    let event: EventBridgeEvent = read("eventbridge");
    let schedule: EventBridgeEvent = read("schedule");
    let table: dynamodb::Event = read("dynamodb");

    assert_eq!(
        s3.records[0].s3.object.key.as_deref(),
        Some("photos/summer+2026.jpg")
    );
    assert_eq!(event.detail["name"], "world");
    assert_eq!(schedule.detail_type, "Scheduled Event");
    let item: dynamodb::EventRecord = table.records.into_iter().next().unwrap();
    assert_eq!(item.event_name, "MODIFY");
    assert!(!item.change.new_image.is_empty());
}

#[test]
fn who_waits_for_a_document_asks_as_documented() {
    let cognito: CognitoEventUserPoolsPreSignup = read("cognito");
    let token: ApiGatewayCustomAuthorizerRequest = read("authorizer-token");
    let rest: ApiGatewayCustomAuthorizerRequestTypeRequest = read("authorizer-rest");
    let http: ApiGatewayV2CustomAuthorizerV2Request = read("authorizer-http");
    let resolver: AppSyncDirectResolverEvent = read("appsync");
    let resource: CloudFormationCustomResourceRequest = read("custom-resource");

    assert_eq!(cognito.request.user_attributes["email"], "ada@example.com");
    assert_eq!(token.authorization_token.as_deref(), Some("Bearer EXAMPLE"));
    assert!(rest.method_arn.unwrap().ends_with("/POST/hello"));
    assert!(http.route_arn.unwrap().ends_with("/POST/hello"));
    assert_eq!(http.identity_source.unwrap(), ["Bearer EXAMPLE"]);
    assert_eq!(resolver.info.field_name, "order");
    let CloudFormationCustomResourceRequest::Create(resource) = resource else {
        panic!("{resource:?}");
    };
    assert_eq!(resource.resource_properties["name"], "world");
}

#[test]
fn a_task_of_a_state_machine_gets_its_input() {
    #[derive(Deserialize)]
    struct Input {
        name: String,
    }

    assert_eq!(read::<Input>("step-functions").name, "world");
}

#[test]
fn every_kind_is_looked_at_here() {
    let command = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/bootstream");
    let help = Command::new(command).args(["event", "--help"]).output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let kinds: Vec<_> = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- ")?.split_once(':'))
        .map(|(kind, _)| kind)
        .collect();

    assert!(kinds.len() > 20, "{kinds:?}");
    let tests = include_str!("events.rs");
    for kind in kinds {
        assert!(tests.contains(&format!("\"{kind}\"")), "{kind}");
    }
}
