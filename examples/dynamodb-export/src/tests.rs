use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bootstream::StreamError;
use bootstream::testing::{self, Recording};

use super::*;

/// What DynamoDB answers to one request: a status and a document.
type Answer = (u16, String);

fn page(items: &str, next: Option<&str>) -> Answer {
    let next = next.map(|id| format!(r#","LastEvaluatedKey":{{"id":{{"N":"{id}"}}}}"#));
    (
        200,
        format!(r#"{{"Items":[{items}]{}}}"#, next.unwrap_or_default()),
    )
}

fn song(id: u32) -> String {
    format!(r#"{{"id":{{"N":"{id}"}},"title":{{"S":"Song {id}"}}}}"#)
}

fn refusal() -> Answer {
    let document = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        "message":"Requested resource not found"}"#;
    (400, document.to_owned())
}

/// Gives these answers in turn, and keeps the bodies of the requests.
#[derive(Clone, Debug)]
struct DynamoDb {
    answers: Arc<Mutex<std::vec::IntoIter<Answer>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl HttpConnector for DynamoDb {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap().to_vec();
        let mut requests = self.requests.lock().unwrap();
        requests.push(String::from_utf8(body).unwrap());
        let (status, document) = self.answers.lock().unwrap().next().unwrap();
        let status = status.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(document))))
    }
}

fn client(dynamodb: &DynamoDb) -> Client {
    let connector = SharedHttpConnector::new(dynamodb.clone());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .sleep_impl(TokioSleep::new())
        .build();
    Client::from_conf(config)
}

/// Exports the table, and loses the response after `writes` writes.
async fn exported(
    answers: Vec<Answer>,
    writes: Option<usize>,
) -> (Result<(), Error>, Recording, Vec<String>) {
    let dynamodb = DynamoDb {
        answers: Arc::new(Mutex::new(answers.into_iter())),
        requests: Arc::default(),
    };
    let (response, recording) = testing::response();
    if let Some(writes) = writes {
        recording.close_after_writes(writes);
    }
    let result = export(&client(&dynamodb), "songs", response).await;
    let requests = dynamodb.requests.lock().unwrap().clone();
    (result, recording, requests)
}

#[tokio::test]
async fn pages_become_lines_of_one_response() {
    let answers = vec![
        page(&format!("{},{}", song(1), song(2)), Some("2")),
        page("", Some("7")),
        page(&song(8), None),
    ];

    let (result, recording, requests) = exported(answers, None).await;

    result.unwrap();
    assert_eq!(recording.status(), Some(200));
    assert_eq!(
        recording.header("content-type").as_deref(),
        Some("application/x-ndjson")
    );
    assert_eq!(
        recording.text(),
        "{\"id\":1,\"title\":\"Song 1\"}\n{\"id\":2,\"title\":\"Song 2\"}\n{\"id\":8,\"title\":\"Song 8\"}\n"
    );
    assert!(recording.finished());
    assert_eq!(requests.len(), 3);
    assert!(
        requests[0].contains(r#""TableName":"songs""#),
        "{requests:?}"
    );
    assert!(!requests[0].contains("ExclusiveStartKey"), "{requests:?}");
    assert!(requests[1].contains(r#""ExclusiveStartKey":{"id":{"N":"2"}}"#));
    assert!(requests[2].contains(r#""ExclusiveStartKey":{"id":{"N":"7"}}"#));
}

#[tokio::test]
async fn an_empty_table_is_an_empty_response() {
    let (result, recording, _) = exported(vec![page("", None)], None).await;

    result.unwrap();
    assert_eq!(recording.status(), Some(200));
    assert!(recording.body().is_empty());
    assert!(recording.finished());
}

#[tokio::test]
async fn a_table_that_does_not_exist_is_an_error_before_the_response() {
    let (result, recording, _) = exported(vec![refusal()], None).await;

    let error = aws_sdk_dynamodb::error::DisplayErrorContext(&*result.unwrap_err()).to_string();
    assert!(error.contains("Requested resource not found"), "{error}");
    assert_eq!(recording.status(), None);
}

#[tokio::test]
async fn an_error_in_the_middle_of_the_scan_leaves_the_response_unfinished() {
    let (result, recording, _) = exported(vec![page(&song(1), Some("1")), refusal()], None).await;

    result.unwrap_err();
    assert_eq!(recording.text(), "{\"id\":1,\"title\":\"Song 1\"}\n");
    assert!(!recording.finished());
}

#[tokio::test]
async fn a_response_that_is_lost_ends_the_scan() {
    let first = page(&format!("{},{}", song(1), song(2)), Some("2"));

    let (result, _, requests) = exported(vec![first, page(&song(3), None)], Some(1)).await;

    let error = result.unwrap_err();
    assert_eq!(StreamError::find_in(&*error), Some(&StreamError::Closed));
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn every_type_of_attribute_is_plain_json() {
    let item = r#"{
        "text": {"S": "two\nlines"},
        "number": {"N": "12345678901234567890123456789012345678"},
        "fraction": {"N": "-1.5E-130"},
        "yes": {"BOOL": true},
        "nothing": {"NULL": true},
        "bytes": {"B": "AAH/"},
        "list": {"L": [{"N": "1"}, {"S": "a"}]},
        "map": {"M": {"inner": {"BOOL": false}}},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1", "2.50"]},
        "blobs": {"BS": ["AAH/"]}
    }"#;

    let (result, recording, _) = exported(vec![page(item, None)], None).await;

    result.unwrap();
    assert_eq!(
        recording.text(),
        concat!(
            r#"{"blobs":["AAH/"],"bytes":"AAH/","fraction":-1.5E-130,"list":[1,"a"],"#,
            r#""map":{"inner":false},"nothing":null,"number":12345678901234567890123456789012345678,"#,
            r#""numbers":[1,2.50],"text":"two\nlines","texts":["a","b"],"yes":true}"#,
            "\n"
        )
    );
}
