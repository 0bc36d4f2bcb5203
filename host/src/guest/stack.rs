//! The guest's frames when it failed, in words.

use std::fmt;

use wasmtime::{Error, FrameInfo, FrameSymbol, WasmBacktrace};

/// One line for each frame, innermost first: `function at file:line:column` as far as the component
/// knows its source, else the function's name or number.
pub(super) fn stack_trace(error: &Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    backtrace.frames().iter().flat_map(lines).collect()
}

/// A frame is several functions where the compiler has put one into another.
fn lines(frame: &FrameInfo) -> Vec<String> {
    let Some((outermost, inlined)) = frame.symbols().split_last() else {
        return vec![function(frame, frame.func_name())];
    };
    // Line tables have short names only. The component's own are whole, but only of what was left of
    // the functions.
    let whole = frame.func_name().or(outermost.name());
    let inlined = inlined.iter().map(|symbol| (symbol, symbol.name()));
    inlined
        .chain([(outermost, whole)])
        .map(|(symbol, name)| format!("{}{}", function(frame, name), Place(symbol)))
        .collect()
}

fn function(frame: &FrameInfo, name: Option<&str>) -> String {
    match name {
        // The alternate form leaves out the hash nobody wants to read.
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("<function {}>", frame.func_index()),
    }
}

/// Where in its source a function was, or nothing.
struct Place<'a>(&'a FrameSymbol);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(file) = self.0.file() else {
            return Ok(());
        };
        write!(f, " at {file}")?;
        for number in [self.0.line(), self.0.column()].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        Ok(())
    }
}
