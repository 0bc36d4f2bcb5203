//! The arguments of `event`.

use clap::{Args, ValueEnum};

/// The arguments of `event`.
#[derive(Args, Debug)]
#[command(after_help = EVENT_HELP)]
pub(crate) struct EventArgs {
    /// Who sends it
    pub(crate) kind: EventKind,
    /// The path and the query of the request [default: /hello?name=world]
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// The method of the request [default: POST]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// A header of the request, such as 'accept: text/event-stream'; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The data that the sender passes on: a body, a message, a record; for some it is JSON
    /// [default: {"name":"world"}, but no body with another method than POST, PUT and PATCH]
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) data: Option<String>,
}

/// The senders of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum EventKind {
    /// A function URL
    Url,
    /// A REST API
    Rest,
    /// An HTTP API
    Http,
    /// An Application Load Balancer
    Alb,
    /// The same, with multi-value headers enabled
    AlbMulti,
    /// A service of VPC Lattice, event structure 2.0
    Lattice,
    /// A WebSocket API, one message
    Websocket,
    /// A queue, one message
    Sqs,
    /// A topic, one notification
    Sns,
    /// A bucket, one uploaded object
    S3,
    /// An event bus; the data is the detail, in JSON
    Eventbridge,
    /// A schedule
    Schedule,
    /// A data stream, one record
    Kinesis,
    /// A table's stream, one change
    Dynamodb,
    /// A topic of Kafka, in Amazon MSK or elsewhere, one record
    Kafka,
    /// A Firehose stream with a transformation, one record
    Firehose,
    /// A user pool, before a user signs up
    Cognito,
    /// A REST API that calls a `TOKEN` authorizer
    AuthorizerToken,
    /// A REST API that calls a `REQUEST` authorizer
    AuthorizerRest,
    /// An HTTP API that calls an authorizer
    AuthorizerHttp,
    /// A task of a state machine; the data is its input, in JSON
    StepFunctions,
    /// A GraphQL API that resolves a field; the data is its arguments, in JSON
    Appsync,
    /// A stack that creates a custom resource; the data is its properties, in JSON
    CustomResource,
}

const EVENT_HELP: &str = "\
Examples:
  bootstream event rest
  bootstream event url --path '/items?page=2' -d 'hello'
  bootstream event http -X GET --path /items -H 'accept: text/html'
  bootstream event sqs | bootstream invoke -d @-
  bootstream event eventbridge -d '{\"order\":7}'

Exit codes: 0 printed, 2 wrong usage.";
