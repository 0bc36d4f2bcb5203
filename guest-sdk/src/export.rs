//! The macros that turn functions into the component's exports.

use crate::{
    Error, Event, Response, bindings, error::BoxedError, logging, rejection, stream::Stream,
};

/// Makes a function the handler of this component.
///
/// The function takes an [`Event`] and a [`Response`] and returns a `Result<(), E>`, where `E`
/// is [`Error`] or whatever turns into a boxed error: every [`std::error::Error`], a text, a
/// `Box<dyn Error + Send + Sync>`, `anyhow::Error`. An error that is a
/// [`Rejection`](crate::Rejection) is answered, any other fails the invocation:
///
/// ```
/// use bootstream::{Error, Event, Response};
///
/// fn handle(event: Event, response: Response) -> Result<(), Error> {
///     response.into_body().write_and_finish(event.bytes())
/// }
///
/// bootstream::handler!(handle);
/// ```
///
/// A crate calls this once. The export exists only in WebAssembly, so that the same crate can be
/// tested natively.
#[macro_export]
macro_rules! handler {
    ($handle:path $(,)?) => {
        const _: () = {
            struct Handler;

            impl $crate::bindings::Guest for Handler {
                fn handle(
                    event: ::std::vec::Vec<u8>,
                    context: $crate::bindings::Context,
                ) -> ::core::result::Result<(), ::std::string::String> {
                    $crate::export::run(event, context, $handle)
                }
            }

            #[cfg(target_arch = "wasm32")]
    $crate::bindings::export!(Handler with_types_in $crate::bindings);

            // Natively nothing is exported, but the function still has to fit.
            #[cfg(not(target_arch = "wasm32"))]
            let _ = <Handler as $crate::bindings::Guest>::handle;
        };
    };
}

/// Makes a function the one that `bootstream build --preinit` calls once, when the handler is built.
///
/// The memory is kept as the function leaves it, and every instance starts with it: a table that was
/// computed, a document that was parsed. The host never calls the function, so a handler finds the
/// state through something that makes it on demand, and is right with and without `--preinit`:
///
/// ```
/// use std::sync::LazyLock;
///
/// static SQUARES: LazyLock<Vec<u64>> = LazyLock::new(|| (0..1000).map(|n| n * n).collect());
///
/// fn prepare() {
///     LazyLock::force(&SQUARES);
/// }
///
/// bootstream::preinit!(prepare);
/// # assert_eq!(SQUARES[7], 49);
/// ```
///
/// Nothing but memory is kept. A function that logs, answers, opens something, or reads a clock or a
/// variable fails the build. What it draws at random, the seeds of its hash maps included, is the same
/// in every later instance: make no secrets here.
#[macro_export]
macro_rules! preinit {
    ($initialize:path $(,)?) => {
        const _: () = {
            struct Preinit;

            impl $crate::bindings::preinit::Guest for Preinit {
                fn initialize() {
                    $initialize();
                }
            }

            #[cfg(target_arch = "wasm32")]
    $crate::bindings::preinit::export!(Preinit with_types_in $crate::bindings::preinit);

            // Natively nothing is exported, but the function still has to fit.
            #[cfg(not(target_arch = "wasm32"))]
            let _ = <Preinit as $crate::bindings::preinit::Guest>::initialize;
        };
    };
}

/// Runs a handler for one invocation. A rejection is answered, any other error turned into the text
/// that the host takes.
#[doc(hidden)]
pub fn run<E: Into<BoxedError>>(
    event: Vec<u8>,
    context: bindings::Context,
    handle: impl FnOnce(Event, Response) -> Result<(), E>,
) -> Result<(), String> {
    logging::install();
    handle(
        Event::new(event, context.into()),
        Response::new(Stream::Host),
    )
    .or_else(|error| {
        // The host knows whether the handler has started its response.
        let response = Response::new(Stream::Host);
        rejection::answer(Error::from_boxed(error.into()), response)
    })
    .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::num::ParseIntError;

    use crate::{Error, Event, Response, bindings, error::BoxedError};

    fn run<E: Into<BoxedError>>(
        handle: impl FnOnce(Event, Response) -> Result<(), E>,
    ) -> Result<(), String> {
        let context = bindings::Context {
            request_id: "r-1".to_owned(),
            deadline_ms: 0,
            invoked_function_arn: None,
            trace_id: None,
            client_context: None,
            cognito_identity: None,
            tenant_id: None,
            function_name: String::new(),
            function_version: String::new(),
            memory_limit_mib: 0,
        };
        super::run(b"{}".to_vec(), context, handle)
    }

    #[test]
    fn a_handler_gets_the_event_and_its_context() {
        let result = run(|event, _| {
            assert_eq!(event.bytes(), b"{}");
            assert_eq!(event.context().request_id(), "r-1");
            Ok::<_, Error>(())
        });

        assert_eq!(result, Ok(()));
    }

    #[test]
    fn an_error_reaches_the_host_as_its_chain_of_causes() {
        let result = run(|_, _| -> Result<(), Error> {
            let error = Error::from("x".parse::<u8>().unwrap_err());
            Err(error.context("reading `count`"))
        });

        assert_eq!(
            result,
            Err("reading `count`: invalid digit found in string".to_owned())
        );
    }

    #[test]
    fn a_handler_may_have_an_error_type_of_its_own() {
        let result = run(|_, _| -> Result<(), ParseIntError> {
            "".parse::<u8>()?;
            Ok(())
        });

        assert!(result.is_err());
    }

    #[test]
    fn a_handler_may_return_a_text_or_a_box() {
        assert_eq!(run(|_, _| Err("a text")), Err("a text".to_owned()));
        assert_eq!(
            run(|_, _| Err(BoxedError::from("a box"))),
            Err("a box".to_owned())
        );
    }
}
