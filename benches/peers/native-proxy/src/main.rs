//! The proxy of the benchmarks on `lambda_runtime`, AWS's runtime for Rust, with hyper's client, rustls and
//! kept connections.
//!
//! `PEER_CA_FILE` names the certificate of the only authority that it trusts. Other variables are those of
//! the native handler.

use bench_workload::Proxy;
use bytes::Bytes;
use http_body_util::{BodyDataStream, BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use lambda_runtime::streaming::Response;
use lambda_runtime::{Error, LambdaEvent, MetadataPrelude, run_concurrent, service_fn};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

type HttpsClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

fn main() -> Result<(), Error> {
    let client = client()?;
    let handler = service_fn(move |event| handle(client.clone(), event));
    native::run(run_concurrent(handler))
}

fn client() -> Result<HttpsClient, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(std::env::var(
        "PEER_CA_FILE",
    )?)?)?;
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only()
        .enable_http1()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn handle(
    client: HttpsClient,
    event: LambdaEvent<Proxy>,
) -> Result<Response<BodyDataStream<Incoming>>, Error> {
    let work = event.payload;
    let url: hyper::Uri = work.url().parse()?;
    for _ in 1..work.requests {
        let mut answer = client.get(url.clone()).await?;
        while let Some(frame) = answer.frame().await {
            frame?;
        }
    }
    let answer = client.get(url).await?;
    Ok(Response {
        metadata_prelude: MetadataPrelude {
            headers: [("content-type".parse()?, "text/plain".parse()?)]
                .into_iter()
                .collect(),
            ..MetadataPrelude::default()
        },
        stream: BodyDataStream::new(answer.into_body()),
    })
}
