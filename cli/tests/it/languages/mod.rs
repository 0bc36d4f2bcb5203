//! The conformance suite of languages: each language's scripted guest is held to the same cases on the wire.
//!
//! A guest runs the script in its event; the README of `test-guests` describes the steps. A language is one row
//! of the table below and one line of `suite!`.

mod cases;
mod go_cases;
mod python_cases;
mod typescript_cases;
mod upstream;

use std::path::PathBuf;

use bootstream_test_support::guests;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::Recorder;

use crate::support::bootstrap;

/// How a language's guest differs from the others.
struct Language {
    /// Returns the guest as machine code.
    guest: fn() -> PathBuf,
    /// Error type and message of the step `{"error": "no luck"}`.
    error: (&'static str, &'static str),
    /// Error type and message of the step `{"panic": "no luck"}`, the language's exception or panic.
    panic: (&'static str, &'static str),
    /// What the log or the stack trace has about the place of a panic.
    place: &'static str,
    /// Error type of the step `trap`.
    trap: &'static str,
    /// Error type and a part of the message of a recursion without end.
    recursion: (&'static str, &'static str),
    /// Error type of a refused growth of memory.
    memory: &'static str,
}

const RUST: Language = Language {
    guest: || guests::component("reaching_guest"),
    error: ("Function.Error", "no luck"),
    panic: ("Function.Panic", "no luck"),
    place: "runner.rs:",
    trap: "Function.Trap",
    recursion: ("Function.StackOverflow", "limits.stack-kib"),
    memory: "Function.OutOfMemory",
};

const PYTHON: Language = Language {
    guest: || guests::language("python"),
    error: ("Function.Error", "ValueError: no luck"),
    panic: ("Function.Error", "RuntimeError: no luck"),
    place: "File \"app.py\", line ",
    trap: "Function.Trap",
    recursion: (
        "Function.Error",
        "RecursionError: maximum recursion depth exceeded",
    ),
    memory: "Function.OutOfMemory",
};

const TYPESCRIPT: Language = Language {
    guest: || guests::language("typescript"),
    error: ("Function.Error", "RangeError: no luck"),
    panic: ("Function.Error", "TypeError: no luck"),
    place: "(app.ts:",
    trap: "Function.Trap",
    recursion: ("Function.StackOverflow", "limits.stack-kib"),
    memory: "Function.OutOfMemory",
};

const GO: Language = Language {
    guest: || guests::language("go"),
    error: ("Function.Error", "no luck"),
    panic: ("Function.Panic", "panic: no luck"),
    place: "scripted/steps.go:",
    trap: "Function.Trap",
    recursion: ("Function.StackOverflow", "limits.stack-kib"),
    memory: "Function.OutOfMemory",
};

const C: Language = Language {
    guest: || guests::language("c"),
    error: ("Function.Error", "no luck"),
    panic: ("Function.Panic", "no luck"),
    place: "handler panicked at steps.c:",
    trap: "Function.Trap",
    recursion: ("Function.StackOverflow", "limits.stack-kib"),
    memory: "Function.OutOfMemory",
};

/// A test for each case, in a module for each language.
macro_rules! suite {
    ($($language:ident: $row:ident),+ => $cases:tt) => {
        $(suite!(@language $language $row $cases);)+
    };
    (@language $language:ident $row:ident [$($case:ident),+ $(,)?]) => {
        mod $language {
            $(#[test]
            fn $case() {
                super::cases::$case(&super::$row);
            })+
        }
    };
}

suite!(rust: RUST, python: PYTHON, typescript: TYPESCRIPT, go: GO, c: C => [
    a_document_is_sent_as_a_whole,
    a_document_that_fails_is_an_error,
    a_failure_after_the_first_byte_ends_in_trailers,
    a_failure_before_the_first_byte_is_an_error,
    a_handler_that_computes_is_stopped_at_its_deadline,
    a_head_has_status_headers_and_cookies,
    a_large_chunk_arrives_whole,
    a_panic_is_told_with_its_message_and_place,
    a_raw_stream_has_no_head,
    a_recursion_without_end_is_an_error,
    a_response_larger_than_the_memory_arrives_whole,
    a_slow_reader_is_waited_for,
    a_trap_is_an_error_of_its_own,
    an_empty_response_has_a_head,
    an_exit_is_an_error_of_its_own,
    each_chunk_leaves_before_a_pause,
    memory_is_limited,
    output_and_records_are_lines_of_the_log,
    fields_of_records_are_members,
    refused_calls_have_names,
    requests_are_sent_or_denied,
    the_context_and_the_event_arrive,
    the_environment_has_what_is_passed,
    work_after_the_end_goes_on,
]);

impl Language {
    /// A `bootstrap` with the guest, in a function of 512 MiB.
    #[track_caller]
    fn host(&self, lambda: &Recorder) -> Bootstrap {
        Bootstrap::with_executable(lambda, &bootstrap(), &(self.guest)())
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
    }
}
