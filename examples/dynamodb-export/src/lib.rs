//! Streams a DynamoDB table as lines of JSON, with the unmodified AWS SDK for Rust.

mod item;

use aws_sdk_dynamodb::Client;
use bootstream::{Error, Response, ndjson::Lines};

use item::Item;

/// Items in one page of the scan: the most that is in memory at a time.
const PAGE_ITEMS: i32 = 250;

/// Sends each item of the table as one line.
pub async fn export(client: &Client, table: &str, response: Response) -> Result<(), Error> {
    let mut pages = client
        .scan()
        .table_name(table)
        .limit(PAGE_ITEMS)
        .into_paginator()
        .send();
    // Waits for the first page before the response starts, so that a wrong table is an error and not an
    // empty export.
    let mut next = pages.next().await.transpose()?;
    let mut lines = Lines::start(response)?;
    while let Some(page) = next {
        for attributes in page.items() {
            // Fails when the response is lost, which ends the scan.
            lines.send(&Item(attributes))?;
        }
        // An error here ends the stream as failed: the caller can tell that lines are missing.
        next = pages.next().await.transpose()?;
    }
    lines.finish()?;
    Ok(())
}

#[cfg(target_family = "wasm")]
mod component {
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
    use aws_smithy_wasm::wasi::{WasiHttpClientBuilder, WasiSleep};
    use bootstream::{Error, Event, Response};

    #[bootstream::handler]
    fn handle(_: Event, response: Response) -> Result<(), Error> {
        let table = bootstream::env("TABLE_NAME")?;
        let client = client()?;
        wstd::runtime::block_on(super::export(&client, &table, response))
    }

    /// The credentials are placeholders: the host signs with the function's role.
    fn client() -> Result<Client, Error> {
        let key_id = bootstream::env("AWS_ACCESS_KEY_ID")?;
        let secret = bootstream::env("AWS_SECRET_ACCESS_KEY")?;
        let credentials = Credentials::new(key_id, secret, None, None, "environment");
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(bootstream::env("AWS_REGION")?))
            .credentials_provider(credentials)
            .http_client(WasiHttpClientBuilder::new().build())
            .sleep_impl(WasiSleep);
        // From `aws.endpoints`.
        config.set_endpoint_url(bootstream::env("AWS_ENDPOINT_URL_DYNAMODB").ok());
        Ok(Client::from_conf(config.build()))
    }
}

#[cfg(test)]
mod tests;
