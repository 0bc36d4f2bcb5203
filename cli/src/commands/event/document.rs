//! Events that are documents, with a place for the sender's data.
//!
//! The documents follow the developer guides, with invented names.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::Value;

/// An event of one kind.
#[derive(Debug)]
pub(super) struct Document {
    text: &'static str,
    /// The place of the data, as a JSON pointer, and its encoding.
    data: Option<(&'static str, Form)>,
    /// The place of the MD5 of the data, as a JSON pointer.
    md5: Option<&'static str>,
}

/// How an event encodes data.
#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Base64,
    /// Parsed, as part of the event's JSON.
    Json,
}

impl Document {
    const fn new(text: &'static str) -> Self {
        Self {
            text,
            data: None,
            md5: None,
        }
    }

    const fn with(text: &'static str, place: &'static str, form: Form) -> Self {
        Self {
            data: Some((place, form)),
            ..Self::new(text)
        }
    }

    /// Returns whether there is a place for data.
    pub(super) fn takes_data(&self) -> bool {
        self.data.is_some()
    }

    /// Builds the event around the data.
    ///
    /// # Errors
    ///
    /// The data must be JSON and is not.
    pub(super) fn event(&self, data: &str) -> Result<Value> {
        let mut event: Value = serde_json::from_str(self.text)?;
        if let Some((place, form)) = self.data {
            put(&mut event, place, form.of(data)?);
        }
        if let Some(place) = self.md5 {
            put(&mut event, place, format!("{:x}", Md5::digest(data)).into());
        }
        Ok(event)
    }
}

impl Form {
    fn of(self, data: &str) -> Result<Value> {
        match self {
            Self::Text => Ok(data.into()),
            Self::Base64 => Ok(STANDARD.encode(data).into()),
            Self::Json => serde_json::from_str(data).context("`--data` must be JSON in this event"),
        }
    }
}

fn put(event: &mut Value, place: &str, value: Value) {
    *event
        .pointer_mut(place)
        .expect("the document has the place") = value;
}

pub(super) static SQS: Document = Document {
    md5: Some("/Records/0/md5OfBody"),
    ..Document::with(
        include_str!("documents/sqs.json"),
        "/Records/0/body",
        Form::Text,
    )
};
pub(super) static SNS: Document = Document::with(
    include_str!("documents/sns.json"),
    "/Records/0/Sns/Message",
    Form::Text,
);
pub(super) static WEBSOCKET: Document = Document::with(
    include_str!("documents/websocket.json"),
    "/body",
    Form::Text,
);
pub(super) static KINESIS: Document = Document::with(
    include_str!("documents/kinesis.json"),
    "/Records/0/kinesis/data",
    Form::Base64,
);
pub(super) static KAFKA: Document = Document::with(
    include_str!("documents/kafka.json"),
    "/records/orders-0/0/value",
    Form::Base64,
);
pub(super) static FIREHOSE: Document = Document::with(
    include_str!("documents/firehose.json"),
    "/records/0/data",
    Form::Base64,
);
pub(super) static EVENTBRIDGE: Document = Document::with(
    include_str!("documents/eventbridge.json"),
    "/detail",
    Form::Json,
);
pub(super) static APPSYNC: Document = Document::with(
    include_str!("documents/appsync.json"),
    "/arguments",
    Form::Json,
);
pub(super) static CUSTOM_RESOURCE: Document = Document::with(
    include_str!("documents/custom_resource.json"),
    "/ResourceProperties",
    Form::Json,
);
/// The event of a task is the input of its state.
pub(super) static STEP_FUNCTIONS: Document = Document::with("null", "", Form::Json);
pub(super) static S3: Document = Document::new(include_str!("documents/s3.json"));
pub(super) static SCHEDULE: Document = Document::new(include_str!("documents/schedule.json"));
pub(super) static DYNAMODB: Document = Document::new(include_str!("documents/dynamodb.json"));
pub(super) static COGNITO: Document = Document::new(include_str!("documents/cognito.json"));
pub(super) static AUTHORIZER_TOKEN: Document =
    Document::new(include_str!("documents/authorizer_token.json"));

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_data_is_where_its_sender_puts_it() {
        for (document, place, expected) in [
            (&SQS, "/Records/0/body", json!("{\"a\":1}")),
            (
                &SQS,
                "/Records/0/md5OfBody",
                json!("bb6cb5c68df4652941caf652a366f2d8"),
            ),
            (&KINESIS, "/Records/0/kinesis/data", json!("eyJhIjoxfQ==")),
            (&EVENTBRIDGE, "/detail/a", json!(1)),
            (&STEP_FUNCTIONS, "/a", json!(1)),
        ] {
            let event = document.event("{\"a\":1}").unwrap();

            assert_eq!(event.pointer(place), Some(&expected), "{event}");
        }
    }

    #[test]
    fn data_that_has_to_be_json_is_refused_otherwise() {
        let error = EVENTBRIDGE.event("hello").unwrap_err();

        assert_eq!(error.to_string(), "`--data` must be JSON in this event");
    }
}
