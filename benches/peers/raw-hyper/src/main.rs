//! A minimal bootstrap on hyper: one connection, one thread, no runtime library, no sandbox, no error
//! handling. It does only what the benchmarks need.
//!
//! It handles one invocation at a time, whatever the concurrency.

mod body;

use std::error::Error;

use bench_workload::Work;
use body::WorkBody;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, body::Incoming, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

type Body = Either<Empty<Bytes>, WorkBody>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API")?;
    let stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::select! {
        ended = connection => Ok(ended?),
        ended = serve(&mut sender, &address) => ended,
    }
}

async fn serve(sender: &mut SendRequest<Body>, address: &str) -> Result<(), Box<dyn Error>> {
    loop {
        let next = request(Method::GET, address, "next").body(Either::Left(Empty::new()))?;
        let (head, event) = exchange(sender, next).await?;
        let id = head
            .headers()
            .get("lambda-runtime-aws-request-id")
            .ok_or("no id")?
            .to_str()?;
        let body = WorkBody::new(Work::parse(&event)?);
        let answer = request(Method::POST, address, &format!("{id}/response"))
            .header(
                header::CONTENT_TYPE,
                "application/vnd.awslambda.http-integration-response",
            )
            .header("lambda-runtime-function-response-mode", "streaming")
            .header(header::TRANSFER_ENCODING, "chunked")
            .body(Either::Right(body))?;
        exchange(sender, answer).await?;
    }
}

fn request(method: Method, address: &str, path: &str) -> hyper::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("/2018-06-01/runtime/invocation/{path}"))
        .header(header::HOST, address)
}

async fn exchange(
    sender: &mut SendRequest<Body>,
    request: Request<Body>,
) -> hyper::Result<(Response<()>, Bytes)> {
    sender.ready().await?;
    let response: Response<Incoming> = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    Ok((
        Response::from_parts(head, ()),
        body.collect().await?.to_bytes(),
    ))
}
