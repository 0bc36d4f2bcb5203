//! Reads capsules: files, and records of a log.

use serde_json::Value;

use super::fields::Fields;
use super::pack::{MARK, unpack};
use super::part::Taken;
use super::tape::{Kind, Seen};
use super::{Seed, VERSION, Written};

/// Largest capsule that is read, in bytes.
const LIMIT_BYTES: usize = 256 * 1024 * 1024;

/// A whole capsule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capsule {
    /// The release of the host that recorded it.
    pub release: String,
    /// The processor of that host.
    pub architecture: String,
    /// SHA-256 of the handler's file, in hexadecimal, if it was known.
    pub component: Option<String>,
    /// Lambda's request id.
    pub request_id: String,
    /// How the handler ended. `None` if the recording does not tell.
    pub ending: Option<Ending>,
    /// The limit in bytes at which the recording stopped, if it did.
    pub truncated_at: Option<u64>,
    /// How many secrets were replaced.
    pub masked: u64,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) function: Vec<(String, String)>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) seed: [u8; 32],
    pub(crate) deadline: (u64, u64),
    pub(crate) texts: Vec<(String, String)>,
    pub(crate) event: Option<Vec<u8>>,
    pub(crate) seen: Vec<(Kind, Seen)>,
    pub(crate) requests: Vec<Request>,
    pub(crate) written: Vec<(Written, Taken)>,
}

/// How the handler ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It returned.
    Returned,
    /// It failed.
    Failed {
        /// Lambda's name for the failure.
        error_type: String,
        /// What it said.
        message: String,
        /// Whether the host stopped it, at a moment that only the clock decided.
        stopped: bool,
    },
}

/// A request, with what came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Request {
    pub(crate) at_us: u64,
    pub(crate) method: String,
    pub(crate) uri: String,
    /// Microseconds since the beginning, and the part.
    pub(crate) parts: Vec<(u64, Part)>,
}

/// A part of the answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Head(u16, Vec<(String, Vec<u8>)>),
    Data(Vec<u8>),
    Trailers(Vec<(String, Vec<u8>)>),
    End,
    Failed(Value),
}

/// A text that is not a capsule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCapsule {
    /// It has neither the first line of a file nor the mark of a record.
    #[error(
        "it is not a capsule: expected a file of `bootstream dev --record`, or a line of a log with `{MARK}`"
    )]
    Other,
    /// Another release wrote it.
    #[error(
        "it has version {0} of the format, and this command reads version {VERSION}: replay it with the release that \
         recorded it"
    )]
    Version(u64),
    /// A record of a log is damaged.
    #[error("{0}")]
    Record(String),
    /// A line is damaged.
    #[error("line {line} is not valid: {reason}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The event is missing.
    #[error(
        "it ends before the event: the event was larger than the limit of the capsule ({0} bytes), or the file was cut; \
         raise `observe.record-kib` to record larger ones"
    )]
    NoEvent(u64),
}

impl Capsule {
    /// Reads a file, or a text with a record of a log in it.
    ///
    /// # Errors
    ///
    /// It is not a capsule, is damaged, has another version, or has no event.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidCapsule> {
        if bytes.starts_with(b"[\"bootstream-capsule\",") {
            return Self::parse_lines(bytes);
        }
        let text = String::from_utf8_lossy(bytes);
        match unpack(&text, LIMIT_BYTES) {
            None => Err(InvalidCapsule::Other),
            Some(Err(error)) => Err(InvalidCapsule::Record(error.to_string())),
            Some(Ok(lines)) => Self::parse_lines(&lines),
        }
    }

    fn parse_lines(bytes: &[u8]) -> Result<Self, InvalidCapsule> {
        let mut capsule = Self::default();
        let is_whole = bytes.ends_with(b"\n");
        let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            if line.is_empty() {
                continue;
            }
            let invalid = |reason| InvalidCapsule::Line {
                line: index + 1,
                reason,
            };
            let is_cut = lines.peek().is_none() && !is_whole;
            if is_cut {
                // The process ended while it wrote the line.
                break;
            }
            let values = serde_json::from_slice::<Vec<Value>>(line)
                .map_err(|_| invalid("it is not a JSON array"))?;
            let (name, fields) = values.split_first().ok_or_else(|| invalid("it is empty"))?;
            let name = name.as_str().ok_or_else(|| invalid("it has no name"))?;
            if index == 0 {
                check_version(fields).ok_or_else(|| invalid("it has no version"))??;
            }
            capsule
                .take(name, Fields(fields))
                .ok_or_else(|| invalid("its fields are not those of its name"))?;
        }
        if capsule.event.is_none() {
            return Err(InvalidCapsule::NoEvent(capsule.truncated_at.unwrap_or(0)));
        }
        Ok(capsule)
    }

    /// Takes a line. Returns `None` if its fields are not those of its name. Names that are not known are those of
    /// later releases, which add no input.
    fn take(&mut self, name: &str, fields: Fields<'_>) -> Option<()> {
        match name {
            "bootstream-capsule" => {
                self.release = fields.text(1)?;
                self.architecture = fields.text(2)?;
            }
            "component" => self.component = fields.0.first()?.as_str().map(ToOwned::to_owned),
            "settings" => self.settings = fields.pairs(0)?,
            "function" => self.function = fields.pairs(0)?,
            "variables" => self.variables = fields.pairs(0)?,
            "seed" => self.seed = seed(&fields.text(0)?)?,
            "request-id" => self.request_id = fields.text(0)?,
            "deadline" => self.deadline = (fields.number(0)?, fields.number(1)?),
            "invoked-function-arn"
            | "trace-id"
            | "client-context"
            | "cognito-identity"
            | "tenant-id" => self.texts.push((name.to_owned(), fields.text(0)?)),
            "event" => self.event = Some(fields.bytes(0)?),
            "truncated" => self.truncated_at = Some(fields.number(0)?),
            "masked" => self.masked = fields.number(0)?,
            "returned" => self.ending = Some(Ending::Returned),
            "failed" | "stopped" => {
                self.ending = Some(Ending::Failed {
                    error_type: fields.text(0)?,
                    message: fields.text(1)?,
                    stopped: name == "stopped",
                });
            }
            _ => return self.take_event(name, fields),
        }
        Some(())
    }

    fn take_event(&mut self, name: &str, fields: Fields<'_>) -> Option<()> {
        if let Some(kind) = kind(name) {
            self.seen.push((kind, fields.seen(kind)?));
        } else if let Some(written) = Written::parse(name, fields) {
            self.written.push(written?);
        } else if name == "request" {
            let call = usize::try_from(fields.number(0)?).ok()?;
            if call != self.requests.len() {
                return None;
            }
            self.requests.push(Request {
                at_us: fields.number(1)?,
                method: fields.text(2)?,
                uri: fields.text(3)?,
                parts: Vec::new(),
            });
        } else if let Some(part) = part(name, fields) {
            let call = usize::try_from(fields.number(0)?).ok()?;
            let request = self.requests.get_mut(call)?;
            request.parts.push((fields.number(1)?, part?));
        }
        Some(())
    }

    /// Returns the event.
    #[must_use]
    pub fn event(&self) -> Option<&[u8]> {
        self.event.as_deref()
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let mut texts = self.texts.iter();
        let (_, text) = texts.find(|(key, _)| key == name)?;
        Some(text.clone())
    }

    pub(crate) fn seed(&self) -> Seed {
        Seed(self.seed)
    }

    /// Whether the recording ends before the handler did, or where the clock stopped it.
    pub(crate) fn ends_early(&self) -> bool {
        self.truncated_at.is_some()
            || matches!(
                self.ending,
                None | Some(Ending::Failed { stopped: true, .. })
            )
    }
}

fn check_version(fields: &[Value]) -> Option<Result<(), InvalidCapsule>> {
    let version = fields.first()?.as_u64()?;
    Some(if version == VERSION {
        Ok(())
    } else {
        Err(InvalidCapsule::Version(version))
    })
}

fn seed(text: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(seed)
}

fn kind(name: &str) -> Option<Kind> {
    let mut kinds = Kind::ALL.into_iter();
    kinds.find(|kind| kind.name() == name)
}

/// Returns a part of an answer; the outer `None` if the name is that of something else.
fn part(name: &str, fields: Fields<'_>) -> Option<Option<Part>> {
    Some(match name {
        "answer" => fields
            .number(2)
            .and_then(|status| u16::try_from(status).ok())
            .and_then(|status| Some(Part::Head(status, fields.headers(3)?))),
        "data" => fields.bytes(2).map(Part::Data),
        "trailers" => fields.headers(2).map(Part::Trailers),
        "end" => Some(Part::End),
        "failed-request" => fields.0.get(2).cloned().map(Part::Failed),
        _ => return None,
    })
}
