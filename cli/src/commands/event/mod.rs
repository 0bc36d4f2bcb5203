//! `bootstream event`: an event as AWS would send it, to edit and send.

mod document;
mod request;

use std::process::ExitCode;

use anyhow::Result;
use local_lambda::FrontEnd;
use serde_json::Value;

use self::document::{Document, Form};
use self::request::HttpRequest;
use crate::args::{EventArgs, EventKind};
use crate::printer::Printer;

const DEFAULT_PATH: &str = "/hello?name=world";
const DEFAULT_DATA: &str = r#"{"name":"world"}"#;

/// The methods that have a body without being asked for one.
const METHODS_WITH_BODY: [&str; 3] = ["POST", "PUT", "PATCH"];

/// The source of an event.
enum Maker {
    /// A front end that passes a request on.
    FrontEnd(FrontEnd),
    /// An API that shows its authorizer a request.
    Authorizer(FrontEnd),
    /// A prepared document.
    Document(Document),
}

/// The document in a file of the folder `documents`.
macro_rules! document {
    ($name:literal) => {
        Document::new(include_str!(concat!("documents/", $name, ".json")))
    };
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

/// Returns the event.
///
/// # Errors
///
/// An option does not apply to the event, the path is invalid, or the data is not JSON where it must be.
pub(super) fn of(args: &EventArgs) -> Result<Value> {
    let maker = maker(args.kind);
    match misplaced(args, &maker) {
        Some(refusal) => Err(anyhow::Error::msg(refusal)),
        None => event(args, &maker),
    }
}

fn event(args: &EventArgs, maker: &Maker) -> Result<Value> {
    match maker {
        Maker::FrontEnd(front_end) => request(args).event(*front_end),
        Maker::Authorizer(api) => request(args).of_authorizer(*api),
        Maker::Document(document) => document.event(args.data.as_deref().unwrap_or(DEFAULT_DATA)),
    }
}

fn request(args: &EventArgs) -> HttpRequest<'_> {
    let method = args.method.as_deref().unwrap_or("POST");
    let has_body = METHODS_WITH_BODY.contains(&method);
    HttpRequest {
        method,
        path: args.path.as_deref().unwrap_or(DEFAULT_PATH),
        headers: &args.headers,
        body: args.data.as_deref().or(has_body.then_some(DEFAULT_DATA)),
    }
}

/// Returns an error for an option that does not apply to the event, if there is one.
fn misplaced(args: &EventArgs, maker: &Maker) -> Option<String> {
    let (takes_path, takes_data) = match maker {
        Maker::FrontEnd(_) => (true, true),
        Maker::Authorizer(_) => (true, false),
        Maker::Document(document) => (false, document.takes_data()),
    };
    let options = [
        ("--path", args.path.is_some(), takes_path),
        ("--method", args.method.is_some(), takes_path),
        ("--header", !args.headers.is_empty(), takes_path),
        ("--data", args.data.is_some(), takes_data),
    ];
    let mut options = options.into_iter();
    let (option, ..) = options.find(|(_, is_given, is_taken)| *is_given && !is_taken)?;
    Some(format!(
        "`{option}` has no place in this event: print it and edit it"
    ))
}

fn maker(kind: EventKind) -> Maker {
    Maker::Document(match kind {
        EventKind::Url => return Maker::FrontEnd(FrontEnd::Url),
        EventKind::Rest => return Maker::FrontEnd(FrontEnd::Rest),
        EventKind::Http => return Maker::FrontEnd(FrontEnd::Http),
        EventKind::Alb => return Maker::FrontEnd(FrontEnd::Alb),
        EventKind::AlbMulti => return Maker::FrontEnd(FrontEnd::AlbMulti),
        EventKind::Lattice => return Maker::FrontEnd(FrontEnd::Lattice),
        EventKind::AuthorizerRest => return Maker::Authorizer(FrontEnd::Rest),
        EventKind::AuthorizerHttp => return Maker::Authorizer(FrontEnd::Http),
        EventKind::Sqs => document!("sqs")
            .with("/Records/0/body", Form::Text)
            .with_md5("/Records/0/md5OfBody"),
        EventKind::Sns => document!("sns").with("/Records/0/Sns/Message", Form::Text),
        EventKind::Websocket => document!("websocket").with("/body", Form::Text),
        EventKind::Kinesis => document!("kinesis").with("/Records/0/kinesis/data", Form::Base64),
        EventKind::Kafka => document!("kafka").with("/records/orders-0/0/value", Form::Base64),
        EventKind::Firehose => document!("firehose").with("/records/0/data", Form::Base64),
        EventKind::Eventbridge => document!("eventbridge").with("/detail", Form::Json),
        EventKind::Appsync => document!("appsync").with("/arguments", Form::Json),
        EventKind::CustomResource => {
            document!("custom_resource").with("/ResourceProperties", Form::Json)
        }
        // The event of a task is the input of its state.
        EventKind::StepFunctions => Document::new("null").with("", Form::Json),
        EventKind::S3 => document!("s3"),
        EventKind::Schedule => document!("schedule"),
        EventKind::Dynamodb => document!("dynamodb"),
        EventKind::Cognito => document!("cognito"),
        EventKind::AuthorizerToken => document!("authorizer_token"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event_of(kind: EventKind, data: &str) -> Result<Value> {
        let args = EventArgs {
            kind,
            path: None,
            method: None,
            headers: Vec::new(),
            data: Some(data.to_owned()),
        };
        event(&args, &maker(kind))
    }

    #[test]
    fn the_data_is_where_its_sender_puts_it() {
        let md5 = "bb6cb5c68df4652941caf652a366f2d8";
        for (kind, place, expected) in [
            (EventKind::Sqs, "/Records/0/body", json!("{\"a\":1}")),
            (EventKind::Sqs, "/Records/0/md5OfBody", json!(md5)),
            (
                EventKind::Kinesis,
                "/Records/0/kinesis/data",
                json!("eyJhIjoxfQ=="),
            ),
            (EventKind::Eventbridge, "/detail/a", json!(1)),
            (EventKind::StepFunctions, "/a", json!(1)),
        ] {
            let event = event_of(kind, "{\"a\":1}").unwrap();

            assert_eq!(event.pointer(place), Some(&expected), "{event}");
        }
    }

    #[test]
    fn data_that_has_to_be_json_is_refused_otherwise() {
        let error = event_of(EventKind::Eventbridge, "hello").unwrap_err();

        assert_eq!(error.to_string(), "`--data` must be JSON in this event");
    }
}
