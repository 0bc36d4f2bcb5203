//! The steps of `test-guests/README.md` that this runtime can express.

use std::time::Duration;

use lambda_runtime::{Error, MetadataPrelude};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Deserialize)]
pub struct Script {
    pub steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    WriteHeaders(Head),
    Write(String),
    WriteBytes {
        len: usize,
        fill: u8,
    },
    WriteMany {
        count: usize,
        chunk: String,
    },
    WritePattern {
        total: usize,
        chunk: usize,
    },
    Finish,
    #[serde(deserialize_with = "milliseconds")]
    SleepMs(Duration),
    Error(String),
    Panic(String),
}

#[derive(Debug, Deserialize)]
pub struct Head {
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    cookies: Vec<String>,
}

impl Head {
    pub fn prelude(&self) -> Result<MetadataPrelude, Error> {
        let mut prelude = MetadataPrelude {
            status_code: self.status.try_into()?,
            cookies: self.cookies.clone(),
            ..MetadataPrelude::default()
        };
        for (name, value) in &self.headers {
            let name: http::HeaderName = name.parse()?;
            prelude.headers.append(name, value.parse()?);
        }
        Ok(prelude)
    }
}

impl Step {
    /// Whether the step belongs to the response rather than to what comes before.
    pub fn begins_response(&self) -> bool {
        !matches!(self, Self::SleepMs(_) | Self::Error(_) | Self::Panic(_))
    }

    /// The chunks a step writes.
    pub fn chunks(self) -> Box<dyn Iterator<Item = Vec<u8>> + Send> {
        match self {
            Self::Write(text) => Box::new(std::iter::once(text.into_bytes())),
            Self::WriteBytes { len, fill } => Box::new(std::iter::once(vec![fill; len])),
            Self::WriteMany { count, chunk } => {
                Box::new(std::iter::repeat_n(chunk.into_bytes(), count))
            }
            Self::WritePattern { total, chunk } => {
                Box::new((0..total).step_by(chunk.max(1)).map(move |from| {
                    let to = total.min(from + chunk);
                    (from..to).map(|offset| (offset % 251) as u8).collect()
                }))
            }
            Self::WriteHeaders(_)
            | Self::Finish
            | Self::SleepMs(_)
            | Self::Error(_)
            | Self::Panic(_) => Box::new(std::iter::empty()),
        }
    }
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
