//! A scripted handler on `lambda_runtime`, AWS's runtime for Rust, for the conformance suite
//! (`host/tests/it/any_runtime`). As in the runtime's documentation, a separate task sends the body.

mod script;

use bytes::Bytes;
use lambda_runtime::streaming::{Body, Response, channel};
use lambda_runtime::{Error, LambdaEvent, MetadataPrelude, service_fn};
use tokio::time::sleep;

use crate::script::{Script, Step};

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_runtime::run_concurrent(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Script>) -> Result<Response<Body>, Error> {
    let mut steps = event.payload.steps;
    let start = steps.iter().position(Step::begins_response);
    let mut rest = steps.split_off(start.unwrap_or(steps.len()));
    for step in steps {
        match step {
            Step::Error(message) => return Err(message.into()),
            Step::Panic(message) => panic!("{message}"),
            Step::SleepMs(time) => sleep(time).await,
            other => unreachable!("{other:?} begins the response"),
        }
    }
    let mut metadata_prelude = MetadataPrelude::default();
    if let Some(Step::WriteHeaders(head)) = rest.first() {
        metadata_prelude = head.prelude()?;
        rest.remove(0);
    }
    let (sender, stream) = channel();
    tokio::spawn(send(sender, rest));
    Ok(Response {
        metadata_prelude,
        stream,
    })
}

/// Performs the steps of a response that has begun. Stops when the receiver is gone.
async fn send(sender: lambda_runtime::streaming::Sender, steps: Vec<Step>) {
    // Dropping the sender ends the stream.
    let mut sender = Some(sender);
    for step in steps {
        match step {
            Step::WriteHeaders(_) => {}
            Step::Finish => sender = None,
            Step::SleepMs(time) => sleep(time).await,
            Step::Panic(message) => panic!("{message}"),
            Step::Error(message) => {
                if let Some(sender) = &mut sender {
                    sender.send_error(lambda_runtime_api_client::Error::new(message));
                }
                return;
            }
            step => {
                for chunk in step.chunks() {
                    let Some(sender) = &mut sender else { return };
                    if sender.send_data(Bytes::from(chunk)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
