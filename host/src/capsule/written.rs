//! What a handler has written, and how two runs differ in it.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::fields::Fields;
use super::part::{Output, Taken};

/// Most bytes of a write that are shown.
const SHOWN_BYTES: usize = 200;

/// One part of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// The head, as a prelude in JSON.
    Head(Vec<u8>),
    /// The beginning of a document.
    Document,
    /// The beginning of a stream of this content type without a head.
    Raw(String),
    /// A write.
    Write(Vec<u8>),
    /// A write of which only these are known.
    Digest {
        /// Its length, in bytes.
        length: u64,
        /// SHA-256, in hexadecimal.
        sha256: String,
        /// Its beginning.
        start: Vec<u8>,
    },
    /// The end.
    Finish,
}

impl Written {
    pub(super) fn of(output: Output<'_>) -> Self {
        match output {
            Output::Head(json) => Self::Head(json.to_owned()),
            Output::Document => Self::Document,
            Output::Raw(content_type) => Self::Raw(content_type.to_owned()),
            Output::Write(chunk) => Self::Write(chunk.to_owned()),
            Output::Finish => Self::Finish,
        }
    }

    /// Reads a line. The outer `None`: it is about something else.
    pub(super) fn parse(name: &str, fields: Fields<'_>) -> Option<Option<(Self, Taken)>> {
        let with = |written: Option<Self>, taken: usize| Some((written?, fields.taken(taken)?));
        Some(match name {
            "head" => with(fields.bytes(0).map(Self::Head), 1),
            "document" => with(Some(Self::Document), 0),
            "raw" => with(fields.text(0).map(Self::Raw), 1),
            "write" => with(fields.bytes(0).map(Self::Write), 1),
            "write-digest" => {
                let digest = || {
                    Some(Self::Digest {
                        length: fields.number(0)?,
                        sha256: fields.text(1)?,
                        start: fields.bytes(2)?,
                    })
                };
                with(digest(), 3)
            }
            "finish" => with(Some(Self::Finish), 0),
            _ => return None,
        })
    }

    /// Names this part, after this many writes.
    pub(super) fn place(&self, writes: usize) -> String {
        match self {
            Self::Head(_) => "the head".to_owned(),
            Self::Document | Self::Raw(_) => "the start".to_owned(),
            Self::Write(_) | Self::Digest { .. } => format!("write {}", writes + 1),
            Self::Finish => "the end of the response".to_owned(),
        }
    }

    pub(super) fn is_write(&self) -> bool {
        matches!(self, Self::Write(_) | Self::Digest { .. })
    }

    /// Whether this, which was recorded, is the same as `replayed`.
    pub(super) fn is_same(&self, replayed: &Self) -> bool {
        match (self, replayed) {
            (Self::Digest { length, sha256, .. }, Self::Write(chunk)) => {
                u64::try_from(chunk.len()) == Ok(*length)
                    && artifact::hex(&Sha256::digest(chunk)) == *sha256
            }
            (recorded, replayed) => recorded == replayed,
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(json) => write!(f, "head {}", shown(json)),
            Self::Document => f.write_str("start of a document"),
            Self::Raw(content_type) => write!(f, "start of a raw stream of `{content_type}`"),
            Self::Write(chunk) => write!(f, "{} bytes {}", chunk.len(), shown(chunk)),
            Self::Digest {
                length,
                sha256,
                start,
            } => write!(
                f,
                "{length} bytes {}... with SHA-256 {sha256}",
                shown(start)
            ),
            Self::Finish => f.write_str("finish"),
        }
    }
}

/// Returns the beginning of bytes on one line, without control characters.
fn shown(bytes: &[u8]) -> String {
    let start = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    let rest = if start.len() < bytes.len() { "..." } else { "" };
    format!("{:?}{rest}", String::from_utf8_lossy(start))
}

/// The first difference between a recording and its replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs: `the head`, `write 3`, `the end`.
    pub place: String,
    /// The recorded side.
    pub recorded: String,
    /// The replayed side.
    pub replayed: String,
    /// Offset of the first byte that differs, if both sides are writes of known bytes.
    pub offset: Option<usize>,
}

impl Difference {
    /// `writes`: how many writes came before.
    pub(super) fn between(writes: usize, recorded: &Written, replayed: &Written) -> Self {
        let offset = match (recorded, replayed) {
            (Written::Write(a), Written::Write(b)) | (Written::Head(a), Written::Head(b)) => {
                let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
                Some(same)
            }
            _ => None,
        };
        Self {
            place: recorded.place(writes),
            recorded: recorded.to_string(),
            replayed: replayed.to_string(),
            offset,
        }
    }
}
