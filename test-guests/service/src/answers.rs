//! Complete responses.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{Fields, Request, Response};
use wasip3::wit_bindgen::{FutureWriter, spawn_local};
use wasip3::wit_future;

use crate::{Answer, Trailers, respond, text};

static SERVED: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// What an instance keeps across its invocations.
    static KEPT: Cell<Option<Response>> = const { Cell::new(None) };
    /// The writing half of its trailers. Dropped, it would wait for the end of the response.
    static KEPT_TRAILERS: Cell<Option<FutureWriter<Trailers>>> = const { Cell::new(None) };
}

pub(crate) fn answer(path: &str, query: &str, request: &Request) -> Option<Answer> {
    Some(match path {
        "/hello" => hello(),
        "/describe" => text(describe(request)),
        "/served" => text((SERVED.fetch_add(1, Ordering::Relaxed) + 1).to_string()),
        "/keep" => keep(),
        "/kept" => Ok(KEPT.take().expect("a kept response")),
        "/none" => Ok(without_contents()),
        "/status" => status(query.parse().expect("a status")),
        "/head" => large_head(query.parse().expect("a size")),
        "/bytes" => bytes(query.parse().expect("a size")),
        "/stream" => stream(query.parse().expect("a size")),
        "/chunks" => chunks(),
        "/small" => small(query.parse().expect("a count")),
        "/first" => first(),
        "/spins" => spins(),
        "/latin" => latin(),
        _ => return None,
    })
}

fn hello() -> Answer {
    let headers = [
        ("x-a", "1"),
        ("x-a", "2"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ];
    let (response, mut body) = respond(&headers);
    response.set_status_code(201).expect("a status");
    spawn_local(async move {
        body.write("hello").await;
    });
    Ok(response)
}

fn describe(request: &Request) -> String {
    let mut lines = vec![
        format!("method {:?}", request.get_method()),
        format!("scheme {:?}", request.get_scheme()),
        format!("authority {:?}", request.get_authority()),
        format!("path {:?}", request.get_path_with_query()),
    ];
    for (name, value) in request.get_headers().copy_all() {
        lines.push(format!("{name}: {}", value.escape_ascii()));
    }
    lines.join("\n")
}

fn without_contents() -> Response {
    let (_, trailers) = wit_future::new(|| Ok(None));
    Response::new(Fields::new(), None, trailers).0
}

/// Keeps a response for a later invocation.
fn keep() -> Answer {
    let (end, trailers) = wit_future::new(|| Ok(None));
    KEPT_TRAILERS.set(Some(end));
    KEPT.set(Some(Response::new(Fields::new(), None, trailers).0));
    text("kept")
}

fn status(status: u16) -> Answer {
    let (response, mut body) = respond(&[]);
    if response.set_status_code(status).is_err() {
        return text("refused");
    }
    spawn_local(async move {
        body.write("x").await;
    });
    Ok(response)
}

fn large_head(bytes: usize) -> Answer {
    let (response, _) = respond(&[("x-large", &"h".repeat(bytes))]);
    Ok(response)
}

fn latin() -> Answer {
    let headers = Fields::from_list(&[("x-latin".to_owned(), vec![b'a', 0xe9])]).expect("valid");
    let (_, trailers) = wit_future::new(|| Ok(None));
    Ok(Response::new(headers, None, trailers).0)
}

/// Writes this number of bytes in one write.
fn bytes(size: usize) -> Answer {
    let (response, mut body) = respond(&[]);
    spawn_local(async move {
        body.write(vec![b'.'; size]).await;
    });
    Ok(response)
}

/// Writes this number of bytes in writes of 64 KiB.
fn stream(size: usize) -> Answer {
    let (response, mut body) = respond(&[]);
    spawn_local(async move {
        let mut left = size;
        while left > 0 {
            let chunk = left.min(64 * 1024);
            body.write(vec![b'.'; chunk]).await;
            left -= chunk;
        }
    });
    Ok(response)
}

/// So many writes of two bytes.
fn small(count: usize) -> Answer {
    let (response, mut body) = respond(&[]);
    spawn_local(async move {
        for _ in 0..count {
            body.write("ab").await;
        }
    });
    Ok(response)
}

/// Ten chunks, 20 ms apart.
fn chunks() -> Answer {
    let (response, mut body) = respond(&[]);
    spawn_local(async move {
        for chunk in 0..10 {
            body.write(format!("{chunk}")).await;
            wait(Duration::from_millis(20)).await;
        }
    });
    Ok(response)
}

/// Nothing for a while after the head.
fn first() -> Answer {
    let (response, mut body) = respond(&[]);
    spawn_local(async move {
        wait(Duration::from_millis(300)).await;
        body.write("late").await;
    });
    Ok(response)
}

/// Writes a chunk, and computes for a while before it ends.
fn spins() -> Answer {
    let (response, mut body) = respond(&[]);
    spawn_local(async move {
        body.write("before").await;
        let started = std::time::Instant::now();
        while started.elapsed() < Duration::from_millis(300) {
            std::hint::black_box(0);
        }
        body.write("after").await;
    });
    Ok(response)
}

/// Returns the body of the request as that of the response, without a look at it.
pub(crate) fn echo(request: Request) -> Answer {
    let (_, result) = wit_future::new(|| Ok(()));
    let (contents, trailers) = Request::consume_body(request, result);
    Ok(Response::new(Fields::new(), Some(contents), trailers).0)
}

/// Reads at most this number of bytes of the request's body, and returns the rest as the response's body.
pub(crate) async fn rest(request: Request, query: &str) -> Answer {
    let (_, result) = wit_future::new(|| Ok(()));
    let (mut contents, trailers) = Request::consume_body(request, result);
    let read = query.parse().expect("a size");
    let (_, bytes) = contents.read(Vec::with_capacity(read)).await;
    let headers = [("x-read".to_owned(), bytes.len().to_string().into_bytes())];
    let headers = Fields::from_list(&headers).expect("valid headers");
    Ok(Response::new(headers, Some(contents), trailers).0)
}

/// Copies the body of the request into that of the response.
pub(crate) fn copy(request: Request) -> Answer {
    let (_, result) = wit_future::new(|| Ok(()));
    let (mut contents, _trailers) = Request::consume_body(request, result);
    let (response, mut body) = respond(&[]);
    spawn_local(async move {
        loop {
            let (status, bytes) = contents.read(Vec::with_capacity(64 * 1024)).await;
            if !bytes.is_empty() {
                body.write(bytes).await;
            }
            if status == wasip3::wit_bindgen::StreamResult::Dropped {
                break;
            }
        }
    });
    Ok(response)
}

pub(crate) async fn wait(time: Duration) {
    wait_for(u64::try_from(time.as_nanos()).expect("a short time")).await;
}
