//! A component of `wasi:http/proxy` for the tests of the host. Its request has a script, which it runs through the
//! bare bindings, so that it can break every rule of `wasi:http`. `README.md` of `test-guests` lists the steps.

#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "the tests read the output"
)]

mod io;
mod request;
mod runner;
mod script;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

use crate::runner::Runner;

struct Component;

impl Guest for Component {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let steps = script::of(&request).unwrap_or_else(|error| panic!("{error}"));
        let mut runner = Runner::new(request, outparam);
        for (step, number) in steps.iter().zip(1..) {
            if let Err(outcome) = runner.step(step) {
                panic!("step {number}: {outcome}");
            }
        }
        runner.leave();
    }
}

wasip2::http::proxy::export!(Component);
