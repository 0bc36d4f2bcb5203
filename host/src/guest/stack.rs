//! The guest's frames when it failed, in words.
//!
//! A guest that is stopped at its deadline leaves a tenth of a second to tell of it, and a function with
//! little memory has little processor: so nothing here takes longer the more there is of the program or
//! of the stack. The engine keeps the innermost twenty frames, and each is looked up in a table.

use std::fmt;

use wasmtime::{Error, FrameInfo, WasmBacktrace};

use crate::engine::Sources;
use crate::source_map::{SourceFrame, SourceMap};

/// One line for each frame, innermost first: `function at file:line:column` as far as the component
/// knows its source, else the function's name or number.
pub(super) fn stack_trace(error: &Error, sources: &Sources) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let map = sources.read();
    let frames = backtrace.frames().iter();
    frames.flat_map(|frame| lines(frame, &map)).collect()
}

/// A frame is several functions where the compiler has put one into another.
fn lines(frame: &FrameInfo, map: &SourceMap) -> Vec<String> {
    let offset = frame.module_offset().and_then(|at| u32::try_from(at).ok());
    let mut places: Vec<SourceFrame<'_>> = offset
        .into_iter()
        .flat_map(|at| map.frames_at(at))
        .collect();
    if places.is_empty() {
        places.push(SourceFrame::default());
    }
    // Line tables have short names only. The component's own are whole, but only of what was left of
    // the functions.
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
            // The alternate form leaves out the hash nobody wants to read.
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
