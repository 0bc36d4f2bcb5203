//! A guest that calls S3 and Bedrock with the unmodified AWS SDK for Rust, and streams what it has received:
//! `{"get": {"bucket": "music", "key": "song"}}`.

mod bedrock;
mod s3;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_wasm::wasi::{WasiHttpClientBuilder, WasiSleep};
use bootstream::{Error, Event, Response, env};
use serde::Deserialize;

/// What to do.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Call {
    /// Stores an object of this text, and writes its tag.
    Put { object: s3::Object, text: String },
    /// Writes the content of an object as it comes.
    Get(s3::Object),
    /// Uploads an object in parts of these sizes, in bytes, and writes its tag.
    Upload {
        object: s3::Object,
        parts: Vec<usize>,
    },
    /// Logs a record of this text by each of the two crates, with fields.
    Log(String),
    /// Writes the answer of a model as it comes.
    Converse { model: String, question: String },
}

#[bootstream::handler]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    // What the SDK itself logs goes there as well.
    bootstream::tracing::install();
    let call: Call = event.json()?;
    wstd::runtime::block_on(async {
        match call {
            Call::Put { object, text } => s3::put(&object, text, response).await,
            Call::Get(object) => s3::get(&object, response).await,
            Call::Upload { object, parts } => s3::upload(&object, &parts, response).await,
            Call::Log(text) => log_with_fields(&text),
            Call::Converse { model, question } => {
                bedrock::converse(&model, &question, response).await
            }
        }
    })
}

fn log_with_fields(text: &str) -> Result<(), Error> {
    bootstream::log::warn!(order = 7, country = "NZ"; "{text}");
    let _order = tracing::info_span!("order", order = 7).entered();
    tracing::warn!(country = "NZ", "{text}");
    Ok(())
}

/// Sets on the builder of a client's configuration what a component needs, and where the service is.
macro_rules! config {
    ($service:ident, $endpoint:literal) => {{
        let mut config = $service::config::Builder::new()
            .behavior_version(crate::BehaviorVersion::latest())
            .region(crate::Region::new(crate::env("AWS_REGION")?))
            .credentials_provider(crate::credentials()?)
            .http_client(crate::WasiHttpClientBuilder::new().build())
            .sleep_impl(crate::WasiSleep);
        config.set_endpoint_url(crate::env($endpoint).ok());
        config
    }};
}
pub(crate) use config;

/// The credentials are placeholders: the host signs.
fn credentials() -> Result<Credentials, Error> {
    let key_id = env("AWS_ACCESS_KEY_ID")?;
    let secret = env("AWS_SECRET_ACCESS_KEY")?;
    Ok(Credentials::new(key_id, secret, None, None, "environment"))
}
