//! Recognises who sent an event, which decides how the response is read.

use lambda_protocol::front_end::FrontEnd as EventFormat;
use serde_json::Value;

use super::FrontEnd;
use crate::failure::Failure;
use crate::response::{OpenedResponse, Reader, ResponseReceiver, open, open_stream};

/// Who sent an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Caller {
    /// A front end, which turns the response into an HTTP response.
    FrontEnd(FrontEnd),
    /// A service that takes the payload of the response as it is.
    Service(AwsService),
    /// Unknown: the event has a custom shape.
    Unknown,
}

/// A service that invokes functions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AwsService {
    /// Its name, with its article.
    pub name: &'static str,
    /// Whether it reads the response.
    pub reads: bool,
}

impl Caller {
    /// Recognises the caller by the shape of the event.
    #[must_use]
    pub fn of(event: &[u8]) -> Self {
        if let Some(format) = EventFormat::of(event) {
            return Self::FrontEnd(format.into());
        }
        let event: Value = serde_json::from_slice(event).unwrap_or_default();
        service(&event).map_or(Self::Unknown, |(name, reads)| {
            Self::Service(AwsService { name, reads })
        })
    }
}

impl From<EventFormat> for FrontEnd {
    fn from(format: EventFormat) -> Self {
        match format {
            EventFormat::FunctionUrl => Self::Url,
            // An HTTP API reads the same document in payload format 1.0.
            EventFormat::RestApi | EventFormat::HttpApiV1 => Self::Rest,
            EventFormat::HttpApiV2 => Self::Http,
            EventFormat::LoadBalancer { multi_value: false } => Self::Alb,
            EventFormat::LoadBalancer { multi_value: true } => Self::AlbMulti,
            EventFormat::Lattice => Self::Lattice,
        }
    }
}

/// Opens the response to an event as its caller would.
///
/// # Errors
///
/// The invocation failed, or its caller cannot read the response.
pub(crate) async fn open_for(
    caller: Caller,
    response: ResponseReceiver,
) -> Result<OpenedResponse, Failure> {
    let reader = match caller {
        Caller::FrontEnd(front_end) => {
            return open(response, front_end.response_rules(), None).await;
        }
        // A stream is shown as a function URL would send it, a document as it is.
        Caller::Unknown => Reader::Service(FrontEnd::Url.response_rules()),
        Caller::Service(_) => Reader::Payload,
    };
    let (mut opened, has_unread_prelude) = open_stream(response, reader).await?;
    if let Caller::Service(service) = caller
        && service.reads
        && has_unread_prelude
    {
        opened.head.warnings.push(unread_prelude(service));
    }
    Ok(opened)
}

fn unread_prelude(AwsService { name, .. }: AwsService) -> String {
    format!(
        "this is the event of {name}, which reads the payload as it is: here it begins with the head of \
         an HTTP stream and eight zero bytes. Answer with a document (`start-document`, in Rust \
         `response.document(&value)`)"
    )
}

/// Services by members of their events, as JSON pointers, and whether they read the response.
const SERVICES: [(&[&str], &str, bool); 15] = [
    (&["/requestContext/connectionId"], "a WebSocket API", true),
    (&["/triggerSource"], "a Cognito user pool", true),
    (&["/methodArn"], AUTHORIZER, true),
    (&["/routeArn"], AUTHORIZER, true),
    (&["/authorizationToken"], AUTHORIZER, true),
    (
        &["/RequestType", "/ResponseURL"],
        "a CloudFormation stack",
        false,
    ),
    (&["/detail-type"], "an EventBridge rule", false),
    (&["/awslogs"], "a CloudWatch Logs subscription", false),
    (&["/deliveryStreamArn"], "a Firehose stream", true),
    (
        &["/getObjectContext"],
        "an S3 Object Lambda access point",
        false,
    ),
    (&["/invocationSchemaVersion"], "an S3 batch job", true),
    (&["/info/fieldName"], "an AppSync API", true),
    (&["/bot", "/sessionState"], "a Lex bot", true),
    (&["/Details", "/Name"], "a Connect contact flow", true),
    (&["/CodePipeline.job"], "a CodePipeline action", false),
];

const AUTHORIZER: &str = "an API that asks its authorizer";

/// Returns the service that sends such an event, and whether it reads the response.
fn service(event: &Value) -> Option<(&'static str, bool)> {
    let member = |pointer: &str| event.pointer(pointer).filter(|value| !value.is_null());
    if member("/Records/0/cf").is_some() {
        return Some(("a CloudFront distribution", true));
    }
    let sources = [
        "/Records/0/eventSource",
        "/Records/0/EventSource",
        "/eventSource",
    ];
    if let Some(source) = sources.into_iter().find_map(member) {
        return source.as_str().and_then(by_source);
    }
    let mut services = SERVICES.into_iter();
    let found = services.find(|(members, ..)| members.iter().all(|it| member(it).is_some()));
    found.map(|(_, name, reads)| (name, reads))
}

/// Returns the service that a record or an event names as its source.
fn by_source(source: &str) -> Option<(&'static str, bool)> {
    Some(match source {
        "aws:sqs" => ("an SQS queue", true),
        "aws:kinesis" => ("a Kinesis stream", true),
        "aws:dynamodb" => ("a DynamoDB stream", true),
        "aws:kafka" | "SelfManagedKafka" => ("a Kafka topic", true),
        "aws:rmq" | "aws:mq" => ("a message broker", false),
        "aws:docdb" => ("a DocumentDB stream", false),
        "aws:sns" => ("an SNS topic", false),
        "aws:s3" => ("an S3 bucket", false),
        "aws:ses" => ("an SES rule", true),
        "aws:codecommit" => ("a CodeCommit repository", false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn service(event: &str) -> (&'static str, bool) {
        match Caller::of(event.as_bytes()) {
            Caller::Service(AwsService { name, reads }) => (name, reads),
            other => panic!("{other:?}: {event}"),
        }
    }

    #[test]
    fn services_are_told_by_the_shape_of_their_events() {
        for (event, name, reads) in [
            (
                r#"{"Records":[{"eventSource":"aws:sqs"}]}"#,
                "an SQS queue",
                true,
            ),
            (
                r#"{"Records":[{"EventSource":"aws:sns"}]}"#,
                "an SNS topic",
                false,
            ),
            (
                r#"{"eventSource":"aws:kafka","records":{}}"#,
                "a Kafka topic",
                true,
            ),
            (
                r#"{"requestContext":{"connectionId":"c","routeKey":"$connect"}}"#,
                "a WebSocket API",
                true,
            ),
            (
                r#"{"triggerSource":"PreSignUp_SignUp","request":{}}"#,
                "a Cognito user pool",
                true,
            ),
            (
                r#"{"type":"TOKEN","methodArn":"arn"}"#,
                "an API that asks its authorizer",
                true,
            ),
            (
                r#"{"RequestType":"Create","ResponseURL":"https://x"}"#,
                "a CloudFormation stack",
                false,
            ),
            (
                r#"{"detail-type":"Scheduled Event","detail":{}}"#,
                "an EventBridge rule",
                false,
            ),
            (
                r#"{"info":{"fieldName":"f"},"arguments":{}}"#,
                "an AppSync API",
                true,
            ),
            (
                r#"{"Records":[{"cf":{"config":{}}}]}"#,
                "a CloudFront distribution",
                true,
            ),
        ] {
            assert_eq!(service(event), (name, reads), "{event}");
        }
    }

    #[test]
    fn anything_else_is_somebody_s_own_event() {
        assert!(!service(r#"{"eventSource":"aws:mq","messages":[]}"#).1);
        // A field of an unexpected type does not hide the others.
        assert!(
            service(r#"{"Records":[{"eventSource":"aws:sqs"}],"info":"text","requestContext":3}"#)
                .1
        );
        for event in [
            "",
            "{}",
            "[]",
            "3",
            "text",
            r#"{"Records":[]}"#,
            r#"{"Records":[{"eventSource":"mine"}]}"#,
        ] {
            assert_eq!(Caller::of(event.as_bytes()), Caller::Unknown, "{event}");
        }
    }
}
