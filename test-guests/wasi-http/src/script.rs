//! The script language, and finding the script of a request.

use serde::Deserialize;
use wasip2::http::types::IncomingRequest;

use crate::request;

/// The header that may have the script. The request's body is then left unread.
const HEADER: &str = "x-script";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    steps: Vec<Step>,
}

/// One step. The README has each.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// `response`, `body`, `set` and `stream`.
    Respond(Head),
    Response(Head),
    Body,
    Stream,
    Set,
    SetError(String),
    DropResponse,
    DropOutparam,
    Write(String),
    BlockingWrite(usize),
    WriteAllowed(usize),
    WriteMany(Repetition),
    WritePattern(Pattern),
    WriteZeroes(u64),
    SpliceRequest,
    AwaitWritable,
    BlockingFlush,
    Finish,
    FinishWith(Vec<(String, String)>),
    FinishEarly,
    DropStream,
    DropBody,
    KeepResponse,
    TakeResponse,
    KeepBody,
    TakeBody,
    KeepOutparam,
    TakeOutparam,
    DescribeRequest,
    DigestRequest,
    Count,
    Environment,
    Fetch(Fetch),
    SleepMs(u64),
    SpinMs(u64),
    LoopForever,
    LoopWriting,
    GrowMemory(usize),
    Hoard(usize),
    Trap,
    Panic(String),
    Exit(i32),
    Print(String),
    Eprint(String),
    WriteFile(String, String),
    Expect(Expectation),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) status: Option<u16>,
    /// Names and values, of which each character is a byte.
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repetition {
    pub(crate) count: u64,
    pub(crate) chunk: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pattern {
    pub(crate) total: u64,
    pub(crate) chunk: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fetch {
    pub(crate) authority: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    pub(crate) step: Box<Step>,
    /// The beginning of its outcome.
    pub(crate) result: String,
}

/// Returns the steps in the header or the body of a request; a request without a script gets `hello`.
pub(crate) fn of(request: &IncomingRequest) -> Result<Vec<Step>, String> {
    let headers = request.headers();
    let text = match headers.get(HEADER).pop() {
        Some(text) => text,
        None if has_script(request) => request::read_body(request),
        None => br#"{"steps":[{"respond":{}},{"write":"hello"},"finish"]}"#.to_vec(),
    };
    let script: Script =
        serde_json::from_slice(&text).map_err(|error| format!("invalid script: {error}"))?;
    Ok(script.steps)
}

fn has_script(request: &IncomingRequest) -> bool {
    request.headers().has("content-length")
}
