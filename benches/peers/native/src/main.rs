//! The benchmark handler on `lambda_runtime`, AWS's runtime for Rust.

use bench_workload::{FAILURE_MESSAGE, Failure, Work, spin, stamp};
use bytes::Bytes;
use lambda_runtime::streaming::{Body, Response, channel};
use lambda_runtime::{Error, LambdaEvent, MetadataPrelude, run_concurrent, service_fn};

fn main() -> Result<(), Error> {
    native::run(run_concurrent(service_fn(handle)))
}

async fn handle(event: LambdaEvent<Work>) -> Result<Response<Body>, Error> {
    let work = event.payload;
    if work.failure == Some(Failure::Early) {
        return Err(FAILURE_MESSAGE.into());
    }
    let (mut sender, stream) = channel();
    tokio::spawn(async move {
        let mut chunk = Bytes::from(work.chunk());
        for number in 0..work.chunks {
            if number > 0 && !work.pause.is_zero() {
                tokio::time::sleep(work.pause).await;
            }
            if work.stamp {
                chunk = stamped(&work);
            }
            // Fails when the receiver is gone: the rest has no reader.
            if sender.send_data(chunk.clone()).await.is_err() {
                return;
            }
            spin(work.spin);
        }
        if work.failure == Some(Failure::Late) {
            sender.send_error(lambda_runtime_api_client::Error::new(FAILURE_MESSAGE));
        }
    });
    Ok(Response {
        metadata_prelude: MetadataPrelude {
            headers: [("content-type".parse()?, "text/plain".parse()?)]
                .into_iter()
                .collect(),
            ..MetadataPrelude::default()
        },
        stream,
    })
}

fn stamped(work: &Work) -> Bytes {
    let mut chunk = work.chunk();
    stamp(&mut chunk);
    chunk.into()
}
