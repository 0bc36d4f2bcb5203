//! What Go's runtime writes to standard error before it ends the guest: a message, and the stacks of goroutines.

use super::traceback::Taken;

/// How the message begins: a panic that was not recovered, or a failure of the runtime itself.
const STARTS: [&str; 2] = ["panic: ", "fatal error: "];

/// How the first line after the message and an empty line begins.
const STACKS: [&str; 3] = ["goroutine ", "runtime stack:", "[signal "];

/// Longest message kept together, in bytes.
const MESSAGE_LIMIT_BYTES: usize = 4 * 1024;

/// Longest crash logged as one record, in bytes. A longer one has its goroutines that did not run cut off.
const LIMIT_BYTES: usize = 30 * 1024;

/// Most functions of the stack in the error report.
const FRAMES: usize = 64;

/// Functions of the runtime on the stack of a panic.
const MACHINERY: [&str; 4] = ["panic(", "runtime.", "internal/runtime/", "created by "];

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Crash {
    text: String,
    message_bytes: usize,
    is_certain: bool,
}

impl Crash {
    /// Takes the next line, without its end. Lines are kept until it is clear that they are no crash.
    pub(super) fn take(&mut self, line: &str) -> Taken {
        if self.text.is_empty() {
            if !STARTS.iter().any(|start| line.starts_with(start)) {
                return Taken::Other;
            }
            self.text.push_str(line);
            return Taken::Kept;
        }
        if self.is_certain {
            if self.text.len() + line.len() < LIMIT_BYTES {
                self.push(line);
            }
            return Taken::Kept;
        }
        let is_stack = STACKS.iter().any(|start| line.starts_with(start));
        if self.text.ends_with('\n') && !is_stack
            || self.text.len() + line.len() > MESSAGE_LIMIT_BYTES
        {
            return Taken::TooLong(std::mem::take(&mut self.text));
        }
        if self.text.ends_with('\n') {
            self.message_bytes = self.text.len();
            self.is_certain = true;
        }
        self.push(line);
        Taken::Kept
    }

    fn push(&mut self, line: &str) {
        self.text.push('\n');
        self.text.push_str(line);
    }

    /// Returns the lines kept.
    pub(super) fn end(&mut self) -> Option<String> {
        Some(std::mem::take(self).text).filter(|text| !text.is_empty())
    }

    /// Returns the crash if it is one.
    pub(super) fn report(&self) -> Option<CrashReport> {
        if !self.is_certain {
            return None;
        }
        let (message, stacks) = self.text.split_at_checked(self.message_bytes)?;
        Some(CrashReport {
            message: message.trim_end().to_owned(),
            stack_trace: frames(stacks),
        })
    }
}

/// A crash of Go's runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrashReport {
    /// The message, with `panic: ` or `fatal error: ` in front.
    pub(crate) message: String,
    /// The functions on the first goroutine's stack with their places, innermost first.
    pub(crate) stack_trace: Vec<String>,
}

/// Reads the stack of the first goroutine: a line for each function, and an indented one for its place.
fn frames(stacks: &str) -> Vec<String> {
    let mut lines = stacks
        .lines()
        .skip_while(|line| !line.starts_with("goroutine "))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let mut frames = Vec::new();
    while let (Some(function), Some(place)) = (lines.next(), lines.next()) {
        let place = place.trim_start();
        let place = place.split_once(" +0x").map_or(place, |(place, _)| place);
        let name = function.rsplit_once('(').map_or(function, |(name, _)| name);
        if frames.len() < FRAMES && !MACHINERY.iter().any(|start| function.starts_with(start)) {
            frames.push(format!("{name} at {place}"));
        }
    }
    frames
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crash(text: &str) -> Crash {
        let mut crash = Crash::default();
        for line in text.lines() {
            assert_eq!(crash.take(line), Taken::Kept, "{line}");
        }
        crash
    }

    const PANIC: &str = "panic: no luck\n\
        \tpanic: again\n\
        \n\
        goroutine 1 [running]:\n\
        panic({0x1, 0x2})\n\
        \t/go/src/runtime/panic.go:792 +0x1\n\
        main.(*runner).step(0x14, {0x1, 0x2})\n\
        \t/src/main.go:31 +0x5\n\
        main.handle(...)\n\
        \t/src/main.go:12\n\
        \n\
        goroutine 7 [sleep]:\n\
        time.Sleep(0x1)\n\
        \t/go/src/runtime/time.go:338 +0x7";

    #[test]
    fn a_panic_has_its_message_and_the_stack_of_its_goroutine() {
        let mut crash = crash(PANIC);

        let report = crash.report().unwrap();
        assert_eq!(report.message, "panic: no luck\n\tpanic: again");
        assert_eq!(
            report.stack_trace,
            [
                "main.(*runner).step at /src/main.go:31",
                "main.handle at /src/main.go:12"
            ]
        );
        assert_eq!(crash.end().as_deref(), Some(PANIC));
        assert_eq!(crash.report(), None);
    }

    #[test]
    fn a_failure_of_the_runtime_is_a_crash() {
        let text = "fatal error: all goroutines are asleep - deadlock!\n\n\
                    goroutine 1 [select (no cases)]:\nmain.handle(...)\n\t/a.go:1";
        let report = crash(text).report().unwrap();
        assert_eq!(
            report.message,
            "fatal error: all goroutines are asleep - deadlock!"
        );
        let text = "fatal error: out of memory\n\nruntime stack:\nruntime.throw()\n\t/a.go:1 +0x1";
        assert_eq!(crash(text).report().unwrap().stack_trace, [""; 0]);
    }

    #[test]
    fn lines_that_only_begin_like_a_crash_are_given_back() {
        let mut crash = Crash::default();
        assert_eq!(crash.take("don't panic: it is fine"), Taken::Other);
        for line in ["panic: not at all", "", "goroutines are nice"] {
            let taken = crash.take(line);
            let is_last = line.starts_with("goroutines");
            assert_eq!(taken == Taken::Kept, !is_last, "{line}");
            if is_last {
                assert_eq!(taken, Taken::TooLong("panic: not at all\n".to_owned()));
            }
        }
        assert_eq!(crash.take("panic: x"), Taken::Kept);
        assert_eq!(crash.report(), None);
        let long = "x".repeat(MESSAGE_LIMIT_BYTES);
        assert_eq!(crash.take(&long), Taken::TooLong("panic: x".to_owned()));
        assert_eq!(crash.take(&long), Taken::Other);
    }

    #[test]
    fn a_crash_with_thousands_of_goroutines_is_cut() {
        let stacks = "goroutine 9 [sleep]:\nf()\n\t/a.go:1\n\n".repeat(5000);
        let mut crash = crash(&format!("{PANIC}\n\n{stacks}"));
        assert_eq!(crash.report().unwrap().stack_trace.len(), 2);
        assert!(crash.end().unwrap().len() <= LIMIT_BYTES);
    }
}
