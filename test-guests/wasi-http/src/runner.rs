//! Execution of the steps of a script.

use std::cell::RefCell;
use std::hint::black_box;
use std::io::Write as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse,
    ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};

use crate::io::{Outcome, named, named_code, write_blocking, write_pattern, write_polling};
use crate::request;
use crate::script::{Expectation, Head, Step};

const PAGE_BYTES: usize = 4096;

thread_local! {
    /// What an instance keeps across its invocations.
    static KEPT: RefCell<Kept> = const { RefCell::new(Kept::new()) };
}

struct Kept {
    served: u64,
    response: Option<OutgoingResponse>,
    body: Option<(OutgoingBody, Option<OutputStream>)>,
    outparam: Option<ResponseOutparam>,
}

impl Kept {
    const fn new() -> Self {
        Self {
            served: 0,
            response: None,
            body: None,
            outparam: None,
        }
    }
}

/// The handles of one invocation.
pub(crate) struct Runner {
    request: IncomingRequest,
    outparam: Option<ResponseOutparam>,
    response: Option<OutgoingResponse>,
    // The stream is a child of the body, and has to be dropped first.
    stream: Option<OutputStream>,
    body: Option<OutgoingBody>,
    memory: Vec<Vec<u8>>,
}

impl Runner {
    pub(crate) fn new(request: IncomingRequest, outparam: ResponseOutparam) -> Self {
        KEPT.with_borrow_mut(|kept| kept.served += 1);
        Self {
            request,
            outparam: Some(outparam),
            response: None,
            stream: None,
            body: None,
            memory: Vec::new(),
        }
    }

    /// Returns without dropping anything: what a guest with a garbage collector does.
    #[expect(clippy::mem_forget, reason = "the host sees handles that nobody drops")]
    pub(crate) fn leave(self) {
        std::mem::forget(self);
    }

    pub(crate) fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Respond(head) => self.respond(head)?,
            Step::Response(head) => self.response = Some(response(head)?),
            Step::Body => self.take_body()?,
            Step::Stream => self.take_stream()?,
            Step::Set => {
                let response = self.response.take().ok_or("no response")?;
                ResponseOutparam::set(self.outparam()?, Ok(response));
            }
            Step::SetError(text) => {
                let code = ErrorCode::InternalError(Some(text.clone()));
                ResponseOutparam::set(self.outparam()?, Err(code));
            }
            Step::DropResponse => drop(self.response.take()),
            Step::DropOutparam => drop(self.outparam.take()),
            Step::Write(_)
            | Step::BlockingWrite(_)
            | Step::WriteAllowed(_)
            | Step::WriteMany(_)
            | Step::WritePattern(_)
            | Step::WriteZeroes(_)
            | Step::SpliceRequest
            | Step::AwaitWritable
            | Step::BlockingFlush
            | Step::DescribeRequest
            | Step::DigestRequest
            | Step::Count
            | Step::Environment
            | Step::Fetch(_)
            | Step::LoopWriting => self.write(step)?,
            Step::Finish => {
                self.stream = None;
                finish(self.body()?, None)?;
            }
            Step::FinishWith(trailers) => {
                self.stream = None;
                finish(self.body()?, Some(fields(trailers)?))?;
            }
            Step::FinishEarly => finish(self.body()?, None)?,
            Step::DropStream => drop(self.stream.take()),
            Step::DropBody => {
                self.stream = None;
                self.body = None;
            }
            Step::KeepResponse => {
                let kept = self.response.take();
                KEPT.with_borrow_mut(|it| it.response = kept);
            }
            Step::TakeResponse => self.response = KEPT.with_borrow_mut(|it| it.response.take()),
            Step::KeepBody => {
                let kept = (self.body()?, self.stream.take());
                KEPT.with_borrow_mut(|it| it.body = Some(kept));
            }
            Step::TakeBody => {
                let kept = KEPT.with_borrow_mut(|it| it.body.take());
                let (body, stream) = kept.ok_or("nothing kept")?;
                (self.body, self.stream) = (Some(body), stream);
            }
            Step::KeepOutparam => {
                let kept = self.outparam()?;
                KEPT.with_borrow_mut(|it| it.outparam = Some(kept));
            }
            Step::TakeOutparam => self.outparam = KEPT.with_borrow_mut(|it| it.outparam.take()),
            Step::SleepMs(pause) => sleep(Duration::from_millis(*pause)),
            Step::SpinMs(time) => spin(Duration::from_millis(*time)),
            Step::LoopForever => loop_forever(),
            Step::GrowMemory(bytes) => self.memory.push(grow_memory(*bytes)),
            Step::Hoard(count) => hoard(*count),
            Step::Trap => trap(),
            Step::Panic(message) => panic!("{message}"),
            Step::Exit(code) => exit(*code),
            Step::Print(text) => print!("{text}"),
            Step::Eprint(text) => eprint!("{text}"),
            Step::WriteFile(path, text) => {
                std::fs::write(path, text).map_err(|error| error.to_string())?;
            }
            Step::Expect(expectation) => self.expect(expectation)?,
        }
        std::io::stdout().flush().map_err(|error| error.to_string())
    }

    /// A step that writes to the body.
    fn write(&mut self, step: &Step) -> Outcome {
        let stream = self.stream.as_ref().ok_or("no stream")?;
        match step {
            Step::Write(text) => write_blocking(stream, text.as_bytes()),
            Step::BlockingWrite(bytes) => {
                let chunk = vec![b'x'; *bytes];
                stream.blocking_write_and_flush(&chunk).map_err(named)
            }
            Step::WriteAllowed(more) => {
                let allowed = stream.check_write().map_err(named)?;
                let allowed = usize::try_from(allowed).unwrap_or(0);
                stream.write(&vec![b'x'; allowed + more]).map_err(named)
            }
            Step::WriteMany(many) => {
                (0..many.count).try_for_each(|_| write_polling(stream, many.chunk.as_bytes()))
            }
            Step::WritePattern(pattern) => write_pattern(stream, pattern.total, pattern.chunk),
            Step::WriteZeroes(bytes) => stream.write_zeroes(*bytes).map_err(named),
            Step::SpliceRequest => splice(stream, &self.request),
            Step::AwaitWritable => {
                stream.subscribe().block();
                Ok(())
            }
            Step::BlockingFlush => stream.blocking_flush().map_err(named),
            Step::DescribeRequest => {
                let text = request::description(&self.request).to_string();
                write_polling(stream, text.as_bytes())
            }
            Step::DigestRequest => {
                let body = request::read_body(&self.request);
                let text = format!("bytes: {} fnv1a64: {:016x}\n", body.len(), fnv1a64(&body));
                write_polling(stream, text.as_bytes())
            }
            Step::Count => {
                let served = KEPT.with_borrow(|kept| kept.served);
                write_polling(stream, format!("served: {served}\n").as_bytes())
            }
            Step::Environment => {
                let variables: serde_json::Map<_, _> = std::env::vars()
                    .map(|(name, value)| (name, value.into()))
                    .collect();
                let text = serde_json::Value::from(variables).to_string();
                write_polling(stream, text.as_bytes())
            }
            Step::Fetch(fetch) => write_polling(stream, &request::fetch(fetch)?),
            Step::LoopWriting => loop {
                drop(write_polling(stream, &[b'x'; 1024]));
            },
            _ => Ok(()),
        }
    }

    fn respond(&mut self, head: &Head) -> Outcome {
        self.response = Some(response(head)?);
        self.take_body()?;
        self.step(&Step::Set)?;
        self.take_stream()
    }

    fn take_body(&mut self) -> Outcome {
        let response = self.response.as_ref().ok_or("no response")?;
        self.body = Some(response.body().map_err(refused)?);
        Ok(())
    }

    fn take_stream(&mut self) -> Outcome {
        let body = self.body.as_ref().ok_or("no body")?;
        self.stream = Some(body.write().map_err(refused)?);
        Ok(())
    }

    fn body(&mut self) -> Result<OutgoingBody, String> {
        self.body.take().ok_or_else(|| "no body".to_owned())
    }

    fn outparam(&mut self) -> Result<ResponseOutparam, String> {
        self.outparam.take().ok_or_else(|| "no outparam".to_owned())
    }

    fn expect(&mut self, expectation: &Expectation) -> Outcome {
        let outcome = match self.step(&expectation.step) {
            Ok(()) => "ok".to_owned(),
            Err(outcome) => outcome,
        };
        if outcome.starts_with(&expectation.result) {
            return Ok(());
        }
        Err(format!("expected {}, got {outcome}", expectation.result))
    }
}

fn refused((): ()) -> String {
    "refused".to_owned()
}

fn response(head: &Head) -> Result<OutgoingResponse, String> {
    let response = OutgoingResponse::new(fields(&head.headers)?);
    if let Some(status) = head.status {
        response.set_status_code(status).map_err(refused)?;
        assert_eq!(response.status_code(), status);
    }
    Ok(response)
}

fn fields(list: &[(String, String)]) -> Result<Fields, String> {
    let fields = Fields::new();
    for (name, value) in list {
        let value: Vec<u8> = value
            .chars()
            .map(|it| u8::try_from(it).map_err(|_| "not a byte"))
            .collect::<Result<_, _>>()?;
        fields
            .append(name, &value)
            .map_err(|error| format!("{error:?}"))?;
    }
    Ok(fields)
}

fn finish(body: OutgoingBody, trailers: Option<Fields>) -> Outcome {
    OutgoingBody::finish(body, trailers).map_err(|code| named_code(&code))
}

/// Passes on the request's body without reading it.
fn splice(stream: &OutputStream, request: &IncomingRequest) -> Outcome {
    let body = request.consume().map_err(refused)?;
    let input = body.stream().map_err(refused)?;
    let outcome = loop {
        match stream.blocking_splice(&input, u64::MAX) {
            Ok(_) => {}
            Err(StreamError::Closed) => break Ok(()),
            Err(error) => break Err(named(error)),
        }
    };
    drop(input);
    drop(IncomingBody::finish(body));
    outcome
}

/// Computes for a time, without a call in which the host could suspend the guest for long.
fn spin(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        black_box((0..1000_u32).fold(0, |sum, i| black_box(sum ^ i)));
    }
}

/// Makes handles that nobody drops.
#[expect(clippy::mem_forget, reason = "this is what the test is about")]
fn hoard(count: usize) {
    (0..count).for_each(|_| std::mem::forget(Fields::new()));
}

/// Executes WebAssembly's `unreachable`.
fn trap() -> ! {
    #[cfg(target_family = "wasm")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_family = "wasm"))]
    unreachable!("only WebAssembly traps");
}

/// Computes forever, without calling the host.
fn loop_forever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Allocates memory and touches every page of it.
fn grow_memory(bytes: usize) -> Vec<u8> {
    let mut memory = vec![0; bytes];
    memory
        .iter_mut()
        .step_by(PAGE_BYTES)
        .for_each(|byte| *byte = 1);
    black_box(memory)
}

#[expect(
    clippy::exit,
    reason = "what a guest should not do is what this is for"
)]
fn exit(code: i32) -> ! {
    std::process::exit(code)
}

fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
