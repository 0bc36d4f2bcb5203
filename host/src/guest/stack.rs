//! The guest's stack trace.
//!
//! A guest that is stopped at its deadline leaves a tenth of a second for its report, and a function with
//! little memory has little CPU: so the time taken here does not grow with the program or the stack. The
//! engine keeps the innermost twenty frames, and each is looked up in a table.

use std::fmt;

use artifact::source_map::{SourceFrame, SourceMap};
use wasmtime::{Error, FrameInfo, WasmBacktrace};

use crate::engine::Sources;

/// Returns one line for each frame, innermost first: `function at file:line:column` if the component has
/// a source map, else the function's name or number. Leaves out the frames of panic machinery.
pub(super) fn stack_trace(error: &Error, sources: &Sources) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let map = sources.read();
    let frames = backtrace.frames().iter();
    let mut lines: Vec<String> = frames.flat_map(|frame| lines(frame, &map)).collect();
    let machinery = machinery(&lines);
    lines.drain(..machinery);
    lines
}

/// Returns how many of the innermost lines are functions with which a language panics, aborts or exits:
/// the cause is in the lines after them. Returns 0 for a stack of such functions only.
fn machinery(lines: &[String]) -> usize {
    let is_other = |line: &String| !is_machinery(line.split(" at ").next().unwrap_or(line));
    lines.iter().position(is_other).unwrap_or(0)
}

/// Whether the only purpose of a function of this name is to end the program.
fn is_machinery(function: &str) -> bool {
    /// Functions of the C library and of Rust's runtime, some of which the compiler prefixes.
    const NAMES: [&str; 14] = [
        "_Exit",
        "__cxa_throw",
        "__rust_abort",
        "__rust_start_panic",
        "__wasi_proc_exit",
        "abort",
        "exit",
        "proc_exit",
        "rust_begin_unwind",
        "rust_panic",
        "rust_panic_with_hook",
        "begin_panic_handler",
        "default_alloc_error_hook",
        "handle_alloc_error",
    ];
    const MODULES: [&str; 10] = [
        "core::option::expect_failed",
        "core::option::unwrap_failed",
        "core::panicking::",
        "core::result::unwrap_failed",
        "panic_abort::",
        "std::panicking::",
        "std::process::abort",
        "std::process::exit",
        "std::sys::backtrace::__rust_end_short_backtrace",
        "wasip2::cli::exit::",
    ];
    let function = function.trim_start_matches('<');
    let name = function.rsplit("::").next().unwrap_or(function);
    let is_runtimes = function == name || function.starts_with("__rustc::");
    (is_runtimes && NAMES.contains(&name))
        || MODULES.iter().any(|module| function.starts_with(module))
        || (function.starts_with("std::sys::") && (name == "exit" || name.starts_with("abort")))
}

/// Returns the lines of a frame: several where the compiler has inlined functions.
fn lines(frame: &FrameInfo, map: &SourceMap) -> Vec<String> {
    let offset = frame.module_offset().and_then(|at| u32::try_from(at).ok());
    let mut places: Vec<SourceFrame<'_>> = offset
        .into_iter()
        .flat_map(|at| map.frames_at(at))
        .collect();
    if places.is_empty() {
        places.push(SourceFrame::default());
    }
    // Line tables have short names only. The component's name section has full names, but none of
    // inlined functions.
    if let (Some(outermost), Some(whole)) = (places.last_mut(), frame.func_name()) {
        outermost.function = Some(whole);
    }
    let lines = places.into_iter();
    lines
        .map(|place| Line { frame, place }.to_string())
        .collect()
}

/// One function of a frame.
struct Line<'a> {
    frame: &'a FrameInfo,
    place: SourceFrame<'a>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.function {
            // The alternate form omits the hash.
            Some(name) => write!(f, "{:#}", rustc_demangle::demangle(name))?,
            None => write!(f, "<function {}>", self.frame.func_index())?,
        }
        let Some(file) = self.place.file else {
            return Ok(());
        };
        write!(f, " at {file}")?;
        for number in [self.place.line, self.place.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(lines: &[&str]) -> usize {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        machinery(&lines)
    }

    #[test]
    fn the_functions_that_end_a_program_are_left_out_up_to_the_first_other() {
        let panicked = [
            "abort",
            "std::sys::pal::wasip2::helpers::abort_internal at /rustc/x/library/std/src/sys/a.rs:9:5",
            "std::process::abort",
            "panic_abort::__rust_start_panic::abort",
            "__rustc::__rust_start_panic",
            "__rustc::rust_panic",
            "std::panicking::rust_panic_with_hook",
            "std::panicking::begin_panic_handler::{closure#0}",
            "std::sys::backtrace::__rust_end_short_backtrace::<std::panicking::x, !>",
            "__rustc::rust_begin_unwind",
            "core::panicking::panic_fmt",
            "core::option::unwrap_failed",
            "handler::sse::handle at src/lib.rs:7:3",
            "core::panicking::panic_fmt",
        ];
        assert_eq!(cut(&panicked), 12);
        let exited = [
            "__wasi_proc_exit",
            "_Exit",
            "exit",
            "std::sys::exit::exit",
            "std::process::exit",
            "f",
        ];
        assert_eq!(cut(&exited), 5);
    }

    #[test]
    fn functions_that_only_sound_alike_are_kept() {
        for line in [
            "handler::abort",
            "handler::exit at src/lib.rs:1:1",
            "core::slice::index::slice_index_fail",
            "panicking::f",
            "<function 7>",
            "my_abort",
        ] {
            assert_eq!(cut(&[line, "abort"]), 0, "{line}");
        }
        assert_eq!(cut(&["abort", "exit"]), 0);
        assert_eq!(cut(&[]), 0);
    }
}
