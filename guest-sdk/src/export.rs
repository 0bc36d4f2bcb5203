//! The exports of the component: the expansion of the attributes.

use crate::{Error, Event, Response, bindings, error::Chain, logging, rejection, stream::Stream};

/// The expansion of [`handler`](macro@crate::handler), after the function.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_handler {
    ($handle:ident) => {
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

/// The expansion of [`preinit`](macro@crate::preinit), after the function.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_preinit {
    ($initialize:ident) => {
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

/// Runs a handler for one invocation. A rejection becomes the response; any other error becomes the
/// text for the host.
#[doc(hidden)]
pub fn run<E: Into<Error>>(
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
        rejection::respond(error.into(), response)
    })
    .map_err(|error| Chain(&*error).to_string())
}

#[cfg(test)]
mod tests {
    use std::num::ParseIntError;

    use crate::{Error, Event, Response, bindings, error::tests::Attempt};

    fn run<E: Into<Error>>(
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
    fn an_error_reaches_the_host_as_its_chain_of_sources() {
        let result = run(|_, _| -> Result<(), Error> {
            let error = Error::from("x".parse::<u8>().unwrap_err());
            Err(Attempt("reading `count`", error).into())
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
            run(|_, _| Err(Error::from("a box"))),
            Err("a box".to_owned())
        );
    }
}
