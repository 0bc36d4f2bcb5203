//! Events that are documents, with a place for the sender's data.
//!
//! The documents follow the developer guides, with invented names.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::Value;

/// An event of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Document {
    text: &'static str,
    /// The place of the data, as a JSON pointer, and its encoding.
    data: Option<(&'static str, Form)>,
    /// The place of the MD5 of the data, as a JSON pointer.
    md5: Option<&'static str>,
}

/// How an event encodes data.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Text,
    Base64,
    /// Parsed, as part of the event's JSON.
    Json,
}

impl Document {
    pub(super) fn new(text: &'static str) -> Self {
        Self {
            text,
            data: None,
            md5: None,
        }
    }

    /// Sets the place of the data.
    pub(super) fn with(self, place: &'static str, form: Form) -> Self {
        Self {
            data: Some((place, form)),
            ..self
        }
    }

    /// Sets the place of the MD5 of the data.
    pub(super) fn with_md5(self, place: &'static str) -> Self {
        Self {
            md5: Some(place),
            ..self
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
