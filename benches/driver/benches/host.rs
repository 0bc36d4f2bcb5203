//! The host's own part of an invocation, piece by piece: `cargo bench -p bench-driver`.

use bootstream_host::response::{Prelude, channel};
use bootstream_host::runtime_api::headers::parse_invocation;
use bytes::Bytes;
use divan::Bencher;
use divan::counter::BytesCount;
use http::HeaderMap;
use http_body_util::BodyExt as _;
use tokio::runtime::{Builder, Runtime};

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers")
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
    let headers: HeaderMap = [
        (
            "lambda-runtime-aws-request-id",
            "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
        ),
        ("lambda-runtime-deadline-ms", "1795341600000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-1:123456789012:function:f",
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-67891233-abcdef012345678912345678;Sampled=1",
        ),
    ]
    .into_iter()
    .map(|(name, value)| {
        let name = name.parse::<http::HeaderName>().expect("a name");
        (name, value.parse().expect("a value"))
    })
    .collect();
    bencher.bench(|| parse_invocation(&headers, Bytes::from_static(b"{}")));
}

/// From the guest's writes to the frames hyper takes: the state machine, the buffer, the body.
#[divan::bench(args = [64, 1024, 16 * 1024, 64 * 1024])]
fn write_and_read_128_kib(bencher: Bencher<'_, '_>, chunk_bytes: usize) {
    const TOTAL_BYTES: usize = 128 * 1024;
    let runtime = runtime();
    let chunk = vec![b'x'; chunk_bytes];
    bencher.counter(BytesCount::new(TOTAL_BYTES)).bench(|| {
        runtime.block_on(async {
            let (writer, reader) = channel();
            for _ in 0..TOTAL_BYTES / chunk_bytes {
                writer.write(&chunk).await.expect("nobody has ended it");
            }
            writer.finish().expect("nobody has ended it");
            let mut body = reader.body();
            while let Some(frame) = body.frame().await {
                divan::black_box_drop(frame);
            }
        });
    });
}

#[divan::bench]
fn tiny_response(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    bencher.bench(|| {
        runtime.block_on(async {
            let (writer, reader) = channel();
            writer
                .write_headers(Prelude::implied())
                .expect("it has not started");
            writer.write(b"hello").await.expect("nobody has ended it");
            writer.finish().expect("nobody has ended it");
            let body = reader.body().collect().await;
            divan::black_box_drop(body);
        });
    });
}
