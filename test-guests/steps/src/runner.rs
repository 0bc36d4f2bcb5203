//! Execution of the steps of a script.

use std::io::{self, Write};

use serde_json::Value;

use crate::{
    bindings::{
        Context,
        bootstream::handler::{
            logging::{self, Field},
            types::ResponseHead,
        },
    },
    outcome::{Failure, Refusal, is_expected},
    report, resources,
    script::{Expectation, Head, Level, Many, Pattern, Record, Repetition, Step},
    stream,
};

/// Period of a pattern, in bytes. A prime, so that no chunk size lines up with it.
const PATTERN_PERIOD: u8 = 251;

/// Executes the steps of one invocation.
#[derive(Debug)]
pub struct Runner<'a> {
    event: &'a [u8],
    context: &'a Context,
    /// Memory allocated by `grow_memory`, held until the invocation ends.
    memory: Vec<Vec<u8>>,
}

impl<'a> Runner<'a> {
    pub fn new(event: &'a [u8], context: &'a Context) -> Self {
        Self {
            event,
            context,
            memory: Vec::new(),
        }
    }

    /// Executes all steps with `perform`.
    ///
    /// # Errors
    ///
    /// At the first step that fails; a refusal is reported with the number of the step, counted from 1.
    pub fn run<S>(
        &mut self,
        steps: &[S],
        perform: impl Fn(&mut Self, &S) -> Result<(), Failure>,
    ) -> Result<(), String> {
        for (step, number) in steps.iter().zip(1..) {
            perform(self, step).map_err(|failure| match failure {
                Failure::Refused(refusal) => format!("step {number}: {refusal}"),
                Failure::Unexpected(difference) => format!("step {number}: {difference}"),
                Failure::Returned(message) => message,
            })?;
        }
        Ok(())
    }

    /// Executes one step.
    ///
    /// # Errors
    ///
    /// When the step does not go as the script expects.
    pub fn step(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::WriteHeaders(head) => stream::write_headers(&head.into())?,
            Step::WriteManyHeaders(many) => stream::write_headers(&many.into())?,
            Step::StartDocument => stream::start_document()?,
            Step::StartRaw(content_type) => stream::start_raw(content_type)?,
            Step::Write(text) => stream::write(text)?,
            Step::WriteBytes(bytes) => stream::write(vec![bytes.fill; bytes.len])?,
            Step::WriteMany(repetition) => write_many(repetition)?,
            Step::WritePattern(pattern) => write_pattern(pattern)?,
            Step::WriteContext => stream::write(report::context(self.context))?,
            Step::WriteEventDigest => stream::write(report::event_digest(self.event))?,
            Step::WriteEnv => stream::write(report::environment())?,
            Step::WriteArgs => stream::write(report::arguments())?,
            Step::Finish => stream::finish()?,
            Step::SleepMs(pause) => resources::sleep_ms(*pause),
            Step::SpinMs(time) => resources::spin_ms(*time),
            Step::LoopForever => resources::loop_forever(),
            Step::LoopWriting => resources::loop_writing(),
            Step::RecurseForever => resources::recurse_forever(),
            Step::GrowMemory(bytes) => self.memory.push(resources::grow_memory(*bytes)),
            Step::Trap => resources::trap(),
            Step::Panic(message) => panic!("{message}"),
            Step::Exit(code) => resources::exit(*code),
            Step::Error(message) => return Err(Failure::Returned(message.clone())),
            Step::Print(text) => print(&mut io::stdout(), text)?,
            Step::Eprint(text) => print(&mut io::stderr(), text)?,
            Step::Log(record) => log(record),
            Step::RepeatForever(step) => loop {
                self.step(step)?;
            },
            Step::Try(step) => self.attempt(step)?,
            Step::Expect(expectation) => self.expect(expectation)?,
        }
        Ok(())
    }

    /// Executes a step and reports its outcome, on standard error and, if it is still open, in the body.
    fn attempt(&mut self, step: &Step) -> Result<(), Failure> {
        let line = format!("try: {}\n", self.outcome(step)?);
        print(&mut io::stderr(), &line)?;
        // The response may have ended; standard error has the outcome in any case.
        drop(stream::write(line));
        Ok(())
    }

    fn expect(&mut self, expectation: &Expectation) -> Result<(), Failure> {
        let outcome = self.outcome(&expectation.step)?;
        if is_expected(&outcome, &expectation.result) {
            return Ok(());
        }
        let expected = &expectation.result;
        Err(Failure::Unexpected(format!(
            "expected {expected}, got {outcome}"
        )))
    }

    /// Executes a step and names its outcome. Failures that end the invocation pass through.
    fn outcome(&mut self, step: &Step) -> Result<String, Failure> {
        match self.step(step) {
            Ok(()) => Ok("ok".to_owned()),
            Err(Failure::Refused(refusal)) => Ok(refusal.to_string()),
            Err(failure @ (Failure::Unexpected(_) | Failure::Returned(_))) => Err(failure),
        }
    }
}

impl From<&Many> for ResponseHead {
    fn from(many: &Many) -> Self {
        let header = ("x".to_owned(), "v".repeat(many.bytes));
        Self {
            status: 200,
            headers: vec![header; many.count],
            cookies: Vec::new(),
        }
    }
}

impl From<&Head> for ResponseHead {
    fn from(head: &Head) -> Self {
        Self {
            status: head.status,
            headers: head.headers.clone(),
            cookies: head.cookies.clone(),
        }
    }
}

fn write_many(repetition: &Repetition) -> Result<(), Refusal> {
    (0..repetition.count).try_for_each(|_| stream::write(&repetition.chunk))
}

fn write_pattern(pattern: &Pattern) -> Result<(), Refusal> {
    chunks(pattern).try_for_each(stream::write)
}

/// Yields the pattern in chunks: the byte at offset `i` of the whole is `i % 251`.
fn chunks(pattern: &Pattern) -> impl Iterator<Item = Vec<u8>> {
    let mut bytes = (0..PATTERN_PERIOD).cycle();
    let mut left = pattern.total;
    // Empty chunks would never get through the pattern.
    let chunk_bytes = pattern.chunk.max(1);
    std::iter::from_fn(move || {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(chunk_bytes);
        left = left.saturating_sub(length as u64);
        let chunk: Vec<u8> = bytes.by_ref().take(length).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

fn log(record: &Record) {
    let level = match record.level {
        Level::Trace => logging::Level::Trace,
        Level::Debug => logging::Level::Debug,
        Level::Info => logging::Level::Info,
        Level::Warn => logging::Level::Warn,
        Level::Error => logging::Level::Error,
    };
    if record.target.is_none() && record.fields.is_none() {
        return logging::log(level, &record.message);
    }
    let fields = record.fields.iter().flatten();
    let fields: Vec<_> = fields
        .map(|(name, value)| (name.clone(), field(value)))
        .collect();
    logging::log_record(level, &record.message, record.target.as_deref(), &fields);
}

fn field(value: &Value) -> Field {
    match value {
        Value::Bool(boolean) => Field::Boolean(*boolean),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Field::Integer(integer),
            (None, number) => Field::Number(number.unwrap_or(f64::NAN)),
        },
        Value::String(text) => Field::Text(text.clone()),
        other => Field::Text(other.to_string()),
    }
}

fn print(output: &mut impl Write, text: &str) -> Result<(), Failure> {
    let printed = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
    printed.map_err(|error| Failure::Unexpected(format!("failed to print: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, chunks};

    #[test]
    fn a_pattern_continues_from_chunk_to_chunk() {
        let chunks: Vec<_> = chunks(&Pattern {
            total: 700,
            chunk: 300,
        })
        .collect();

        let sizes: Vec<_> = chunks.iter().map(Vec::len).collect();
        assert_eq!(sizes, [300, 300, 100]);
        for (offset, byte) in chunks.concat().into_iter().enumerate() {
            assert_eq!(usize::from(byte), offset % 251);
        }
    }

    #[test]
    fn an_empty_pattern_has_no_chunks() {
        assert_eq!(
            chunks(&Pattern {
                total: 0,
                chunk: 300
            })
            .count(),
            0
        );
    }
}
