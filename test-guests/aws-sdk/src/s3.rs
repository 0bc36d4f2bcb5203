//! Objects, as the SDK sends and receives them by default.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bootstream::{Error, Response};
use serde::Deserialize;

use crate::config;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    bucket: String,
    key: String,
}

fn client() -> Result<Client, Error> {
    let config = config!(aws_sdk_s3, "AWS_ENDPOINT_URL_S3").force_path_style(true);
    Ok(Client::from_conf(config.build()))
}

pub(crate) async fn put(object: &Object, text: String, response: Response) -> Result<(), Error> {
    let stored = client()?
        .put_object()
        .bucket(&object.bucket)
        .key(&object.key)
        .body(ByteStream::from(text.into_bytes()))
        .send()
        .await?;
    write(response, stored.e_tag())
}

pub(crate) async fn get(object: &Object, response: Response) -> Result<(), Error> {
    let mut found = client()?
        .get_object()
        .bucket(&object.bucket)
        .key(&object.key)
        .send()
        .await?;
    let mut body = response.into_body();
    // An error here ends the stream as failed.
    while let Some(part) = found.body.next().await {
        body.write(part?)?;
    }
    body.finish()?;
    Ok(())
}

/// Each part has another letter.
pub(crate) async fn upload(
    object: &Object,
    parts: &[usize],
    response: Response,
) -> Result<(), Error> {
    let client = client()?;
    let begun = client
        .create_multipart_upload()
        .bucket(&object.bucket)
        .key(&object.key)
        .send()
        .await?;
    let id = begun.upload_id().ok_or("no id of the upload")?;
    let mut completed = CompletedMultipartUpload::builder();
    for ((bytes, letter), number) in parts.iter().zip(b'a'..=b'z').zip(1..) {
        let part = client
            .upload_part()
            .bucket(&object.bucket)
            .key(&object.key)
            .upload_id(id)
            .part_number(number)
            .body(ByteStream::from(vec![letter; *bytes]))
            .send()
            .await?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_checksum_crc32(part.checksum_crc32)
            .set_e_tag(part.e_tag);
        completed = completed.parts(part.build());
    }
    let stored = client
        .complete_multipart_upload()
        .bucket(&object.bucket)
        .key(&object.key)
        .upload_id(id)
        .multipart_upload(completed.build())
        .send()
        .await?;
    write(response, stored.e_tag())
}

fn write(response: Response, tag: Option<&str>) -> Result<(), Error> {
    let mut body = response.into_body();
    body.write(tag.unwrap_or("without a tag"))?;
    body.finish()?;
    Ok(())
}
