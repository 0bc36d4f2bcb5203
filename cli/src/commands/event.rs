//! `bootstream event`: an event as AWS would send it, to edit and send.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request};
use serde_json::{Value, json};

use crate::args::{EventArgs, EventKind};
use crate::dev::context::{new_request_id, trace};
use crate::dev::door::Door;
use crate::dev::event::{Origin, millis};
use crate::printer::Printer;

/// Prints the event.
///
/// # Errors
///
/// The path is none, or standard output is gone.
pub(crate) fn run(args: &EventArgs, printer: &Printer) -> Result<ExitCode> {
    let body = Bytes::from(args.data.clone());
    let origin = Origin {
        request_id: new_request_id(),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        trace: trace(&HeaderMap::new()),
        now: SystemTime::now(),
    };
    let door = match args.kind {
        EventKind::Url => Some(Door::Url),
        EventKind::Rest => Some(Door::Rest),
        EventKind::Http => Some(Door::Http),
        EventKind::Alb => Some(Door::Alb),
        EventKind::Sqs => None,
    };
    let event = match door {
        Some(door) => door.event(&request(&args.path)?, &body, &origin),
        None => queue(&args.data, &origin),
    };
    let text = serde_json::to_string_pretty(&event)?;
    printer.data_line(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn request(path: &str) -> Result<Parts> {
    let request = Request::post(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header(
            "user-agent",
            concat!("bootstream/", env!("CARGO_PKG_VERSION")),
        )
        .body(())
        .with_context(|| format!("`{path}` is not the path of a request"))?;
    Ok(request.into_parts().0)
}

fn queue(body: &str, origin: &Origin) -> Value {
    let sent = millis(origin.now).to_string();
    json!({
        "Records": [{
            "messageId": origin.request_id,
            "receiptHandle": "local",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": sent,
                "SenderId": "123456789012",
                "ApproximateFirstReceiveTimestamp": sent,
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:local",
            "awsRegion": "us-east-1",
        }],
    })
}
