//! `bootstream event`: an event as AWS would send it, to edit and send.

mod document;
mod front;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use self::{document::Document, front::Front};
use crate::args::{EventArgs, EventKind};
use crate::printer::Printer;

const DEFAULT_PATH: &str = "/hello?name=world";
const DEFAULT_DATA: &str = r#"{"name":"world"}"#;

/// What makes an event.
enum Maker {
    /// Of a request.
    Http(Front),
    /// Of a document that is at hand.
    Document(&'static Document),
}

/// Prints the event.
///
/// # Errors
///
/// The path is none, the data is not the JSON it has to be, or standard output is gone.
pub(crate) fn run(args: &EventArgs, printer: &Printer) -> Result<ExitCode> {
    let maker = maker(args.kind);
    if let Some(refusal) = misplaced(args, &maker) {
        printer.error(&refusal);
        return Ok(ExitCode::from(2));
    }
    let text = serde_json::to_string_pretty(&event(args, &maker)?)?;
    printer.data_line(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn event(args: &EventArgs, maker: &Maker) -> Result<Value> {
    let path = args.path.as_deref().unwrap_or(DEFAULT_PATH);
    let data = args.data.as_deref().unwrap_or(DEFAULT_DATA);
    match maker {
        Maker::Http(front) => front.event(path, data),
        Maker::Document(document) => document.event(data),
    }
}

/// Says which option has no place in the event, if there is one.
fn misplaced(args: &EventArgs, maker: &Maker) -> Option<String> {
    let (takes_path, takes_data) = match maker {
        Maker::Http(front) => (true, front.takes_body()),
        Maker::Document(document) => (false, document.takes_data()),
    };
    let option = if args.path.is_some() && !takes_path {
        "--path"
    } else if args.data.is_some() && !takes_data {
        "--data"
    } else {
        return None;
    };
    Some(format!(
        "`{option}` has no place in this event: print it and edit it"
    ))
}

fn maker(kind: EventKind) -> Maker {
    let document = match kind {
        EventKind::Url => return Maker::Http(Front::Url),
        EventKind::Rest => return Maker::Http(Front::Rest),
        EventKind::Http => return Maker::Http(Front::Http),
        EventKind::Alb => return Maker::Http(Front::Alb),
        EventKind::AlbMulti => return Maker::Http(Front::AlbMulti),
        EventKind::Lattice => return Maker::Http(Front::Lattice),
        EventKind::AuthorizerRest => return Maker::Http(Front::AuthorizerRest),
        EventKind::AuthorizerHttp => return Maker::Http(Front::AuthorizerHttp),
        EventKind::AuthorizerToken => &document::AUTHORIZER_TOKEN,
        EventKind::Websocket => &document::WEBSOCKET,
        EventKind::Sqs => &document::SQS,
        EventKind::Sns => &document::SNS,
        EventKind::S3 => &document::S3,
        EventKind::Eventbridge => &document::EVENTBRIDGE,
        EventKind::Schedule => &document::SCHEDULE,
        EventKind::Kinesis => &document::KINESIS,
        EventKind::Dynamodb => &document::DYNAMODB,
        EventKind::Kafka => &document::KAFKA,
        EventKind::Firehose => &document::FIREHOSE,
        EventKind::Cognito => &document::COGNITO,
        EventKind::StepFunctions => &document::STEP_FUNCTIONS,
        EventKind::Appsync => &document::APPSYNC,
        EventKind::CustomResource => &document::CUSTOM_RESOURCE,
    };
    Maker::Document(document)
}
