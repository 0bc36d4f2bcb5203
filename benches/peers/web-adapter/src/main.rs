//! The benchmark handler as a web server behind AWS's Lambda Web Adapter, which passes events on as HTTP requests. Of the
//! work, it does a single chunk.
//!
//! Deployed, adapter and server are two processes, and the adapter is an extension. Here they are two threads of one
//! process, which takes less time and memory, and the adapter is not registered: the driver plays no extension API.

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use bench_workload::Work;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use lambda_web_adapter::{Adapter, AdapterOptions, Error, LambdaInvokeMode};
use tokio::runtime::Builder;

fn main() -> Result<(), Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let port = listener.local_addr()?.port().to_string();
    let server = Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || server.block_on(serve(listener)));
    let options = AdapterOptions {
        readiness_check_port: port.clone(),
        port,
        invoke_mode: LambdaInvokeMode::ResponseStream,
        ..AdapterOptions::default()
    };
    // As the adapter's own program does.
    let adapter = Builder::new_multi_thread().enable_all().build()?;
    adapter.block_on(async {
        let mut adapter = Adapter::new(&options)?;
        adapter.check_init_health().await;
        adapter.run().await
    })
}

async fn serve(listener: TcpListener) -> Result<Infallible, std::io::Error> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Error> {
    let work = Work::of_target(&request.uri().to_string())?;
    let response = Response::builder().header(header::CONTENT_TYPE, "text/plain");
    Ok(response.body(Full::from(work.chunk()))?)
}
