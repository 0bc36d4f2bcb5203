//! Microbenchmarks of the host's own share of an invocation: `./scripts/bench.sh micro`.

use std::collections::HashMap;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::task::Poll;

use bootstream_host::bench::{self, Guest};
use bootstream_host::http1::{AnswerHead, Body};
use bootstream_host::invocation::Invocation;
use bootstream_host::response::{
    BodyEvent, Delivery, Readiness, ResponseBody, ResponseStream, channel,
};
use bootstream_host::runtime_api::headers::parse_invocation;
use bytes::{Bytes, BytesMut};
use divan::Bencher;
use divan::counter::BytesCount;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use lambda_protocol::prelude::Prelude;
use tokio::runtime::{Builder, Runtime};

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers")
}

/// Takes all of a body as the connection does.
async fn read(mut body: ResponseBody, mut taker: impl FnMut(BodyEvent)) {
    const ENOUGH_BYTES: usize = 192 * 1024;
    poll_fn(|cx| {
        loop {
            match body.take(cx, ENOUGH_BYTES, &mut taker) {
                Readiness::Later => return Poll::Pending,
                Readiness::Now => {}
                Readiness::Never => return Poll::Ready(()),
            }
        }
    })
    .await;
}

#[divan::bench]
fn prelude_of_three_headers_and_a_cookie(bencher: Bencher<'_, '_>) {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        pair("content-type", "text/plain"),
        pair("cache-control", "no-store"),
        pair("x-request-id", "e1506fd5-9e7b-434f-bd42-4f8fa224b599"),
    ];
    let cookies = vec!["session=1; HttpOnly; Secure".to_owned()];
    bencher
        .with_inputs(|| (headers.clone(), cookies.clone()))
        .bench_values(|(headers, cookies)| Prelude::encode(200, headers, cookies));
}

#[divan::bench]
fn headers_of_an_event(bencher: Bencher<'_, '_>) {
    const HEAD: &str = "HTTP/1.1 200 OK\r\n\
        Lambda-Runtime-Aws-Request-Id: e1506fd5-9e7b-434f-bd42-4f8fa224b599\r\n\
        Lambda-Runtime-Deadline-Ms: 1795341600000\r\n\
        Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\n\
        Lambda-Runtime-Trace-Id: Root=1-67891233-abcdef012345678912345678;Sampled=1\r\n\r\n";
    bencher
        .with_inputs(|| BytesMut::from(HEAD))
        .bench_values(|mut input| {
            let head = AnswerHead::take(&mut input).expect("this is HTTP");
            let head = head.expect("it is whole");
            parse_invocation(&head, Body::Whole(Bytes::from_static(b"{}")))
        });
}

/// From the guest's writes to the frames the connection sends: state machine, buffer and body.
#[divan::bench(args = [64, 1024, 16 * 1024, 64 * 1024])]
fn write_and_read_128_kib(bencher: Bencher<'_, '_>, chunk_bytes: usize) {
    const TOTAL_BYTES: usize = 128 * 1024;
    let runtime = runtime();
    let chunk = vec![b'x'; chunk_bytes];
    bencher.counter(BytesCount::new(TOTAL_BYTES)).bench(|| {
        runtime.block_on(async {
            let (writer, reader) = channel(None);
            for _ in 0..TOTAL_BYTES / chunk_bytes {
                writer.write(&chunk).await.expect("an open response");
            }
            writer.finish().expect("an open response");
            read(reader.body(), divan::black_box_drop).await;
        });
    });
}

#[divan::bench]
fn tiny_response(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    bencher.bench(|| {
        runtime.block_on(async {
            let (writer, reader) = channel(None);
            writer
                .write_headers(Prelude::implied())
                .expect("it has not started");
            writer.write(b"hello").await.expect("an open response");
            writer.finish().expect("an open response");
            read(reader.body(), divan::black_box_drop).await;
        });
    });
}

/// A response that fails after its first byte and ends in trailers.
#[divan::bench]
fn failed_response(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let report = ErrorReport::new(ErrorType::HandlerError, "the event asked for a failure");
    bencher.bench(|| {
        runtime.block_on(async {
            let (writer, reader) = channel(None);
            writer.write(b"hello").await.expect("an open response");
            writer.fail(&report);
            read(reader.body(), divan::black_box_drop).await;
        });
    });
}

/// The state machine alone: a head, writes, and the end.
#[divan::bench(args = [1, 100])]
fn states_of_a_response(bencher: Bencher<'_, '_>, writes: usize) {
    bencher.bench(|| {
        let mut state = divan::black_box(ResponseStream::AwaitingPrelude);
        divan::black_box(state.on_start(Delivery::Stream)).expect("it has not started");
        for _ in 0..writes {
            let state = divan::black_box(&mut state);
            divan::black_box(state.on_write(Delivery::Stream)).expect("it has not ended");
        }
        divan::black_box(state.on_finish()).expect("it has not ended");
        // The handler may fail after the end; the failure is not reported.
        divan::black_box(state.on_failure());
        state
    });
}

/// The state machine alone: a write, a failure, and a write refused because of it.
#[divan::bench]
fn states_of_a_failed_response(bencher: Bencher<'_, '_>) {
    bencher.bench(|| {
        let mut state = divan::black_box(ResponseStream::AwaitingPrelude);
        divan::black_box(state.on_write(Delivery::Stream)).expect("it has not started");
        divan::black_box(state.on_failure());
        divan::black_box(divan::black_box(&mut state).on_write(Delivery::Stream))
            .expect_err("it has failed");
        state
    });
}

/// The benchmark handler of this process.
fn guest() -> MutexGuard<'static, Guest> {
    static GUEST: OnceLock<Mutex<Guest>> = OnceLock::new();
    let guest = GUEST.get_or_init(|| load().into());
    guest.lock().expect("no benchmark has panicked")
}

/// Loads the benchmark handler, compiled as it would be deployed.
fn load() -> Guest {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let package = target.join("bench/micro");
    std::fs::create_dir_all(&package).expect("a folder for the package");
    let compiled = Command::new(built(&target, "release/bootstream-compile"))
        .arg(built(
            &target,
            "guests/wasm32-wasip2/lambda/bench_handler.wasm",
        ))
        .arg("-o")
        .arg(package.join("handler.cwasm"))
        .status()
        .expect("the compiler starts");
    assert!(compiled.success(), "the handler cannot be compiled");
    let vars: HashMap<_, _> = [
        ("_HANDLER", "handler"),
        (
            "LAMBDA_TASK_ROOT",
            package.to_str().expect("a path in UTF-8"),
        ),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    bench::load(&vars).expect("the handler can be loaded")
}

fn built(target: &Path, path: &str) -> PathBuf {
    let path = target.join(path);
    let is_there = path.exists();
    assert!(
        is_there,
        "`{}` is missing; `./scripts/bench.sh micro` builds it",
        path.display()
    );
    path
}

/// One invocation's instance: created, ready to call, and released.
#[divan::bench]
fn instantiate(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let guest = guest();
    bencher.bench_local(|| {
        runtime
            .block_on(guest.instantiate())
            .expect("it is ready ahead of its invocation");
    });
}

/// The guest's side of a tiny invocation: an instance, the handler's run, the response.
#[divan::bench]
fn instantiate_and_run(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let mut guest = guest();
    let event = include_str!("../src/event.json").replace("\"QUERY\"", "{}");
    let id = "e1506fd5-9e7b-434f-bd42-4f8fa224b599";
    let invocation = Arc::new(Invocation::new(id, event.into()));
    bencher.bench_local(|| {
        runtime.block_on(async {
            let (writer, reader) = channel(None);
            let invocation = Arc::clone(&invocation);
            guest.invoke(invocation, writer).await.expect("it responds");
            let mut is_answer = false;
            read(reader.body(), |part| {
                is_answer |= matches!(part, BodyEvent::Data(data) if data.ends_with(b"xxxxx"));
            })
            .await;
            assert!(is_answer);
        });
    });
}
