//! `bootstream event`: an event as AWS would send it, to edit and send.

mod document;
mod sender;

use std::process::ExitCode;

use anyhow::Result;
use local_lambda::FrontEnd;
use serde_json::Value;

use self::{document::Document, sender::HttpSender};
use crate::args::{EventArgs, EventKind};
use crate::printer::Printer;

const DEFAULT_PATH: &str = "/hello?name=world";
const DEFAULT_DATA: &str = r#"{"name":"world"}"#;

/// The source of an event.
enum Maker {
    /// Built from a request.
    Http(HttpSender),
    /// A prepared document.
    Document(&'static Document),
}

/// Prints the event.
///
/// # Errors
///
/// The path is invalid, the data is not JSON where it must be, or standard output is closed.
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
        Maker::Http(sender) => sender.event(path, data),
        Maker::Document(document) => document.event(data),
    }
}

/// Returns an error for an option that does not apply to the event, if there is one.
fn misplaced(args: &EventArgs, maker: &Maker) -> Option<String> {
    let (takes_path, takes_data) = match maker {
        Maker::Http(sender) => (true, sender.takes_body()),
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
    let front_end = |front_end| Maker::Http(HttpSender::FrontEnd(front_end));
    let document = match kind {
        EventKind::Url => return front_end(FrontEnd::Url),
        EventKind::Rest => return front_end(FrontEnd::Rest),
        EventKind::Http => return front_end(FrontEnd::Http),
        EventKind::Alb => return front_end(FrontEnd::Alb),
        EventKind::AlbMulti => return front_end(FrontEnd::AlbMulti),
        EventKind::Lattice => return front_end(FrontEnd::Lattice),
        EventKind::AuthorizerRest => return Maker::Http(HttpSender::AuthorizerRest),
        EventKind::AuthorizerHttp => return Maker::Http(HttpSender::AuthorizerHttp),
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
