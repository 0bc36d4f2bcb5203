//! Finds the function and the front end for a request.

use std::sync::Arc;

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Uri};

use super::FrontEnd;
use super::invoke_api::OperationPath;
use crate::environment::Pool;
use crate::functions::{AtPath, Functions};

/// Where a request goes.
#[derive(Debug)]
pub(super) enum Route {
    /// `POST /invoke`: the body is the event.
    Invoke,
    /// A front end builds the event.
    FrontEnd(FrontEnd),
    /// An operation of the Invoke API.
    InvokeApi(OperationPath),
    /// A function that does not exist.
    Nowhere(String),
}

impl Route {
    /// Finds the function and the front end, and strips their names from the path. `default` serves
    /// paths without a name.
    pub(super) fn of(
        parts: &mut Parts,
        functions: &Functions,
        default: FrontEnd,
    ) -> (Arc<Pool>, Self) {
        let target = target(parts);
        let pool = match functions.at_path(&target) {
            AtPath::Unnamed => functions.first(),
            AtPath::Found(pool, rest) => {
                shorten(parts, rest);
                pool
            }
            AtPath::Missing(name) => {
                let route = Self::Nowhere(name.to_owned());
                return (Arc::clone(functions.first()), route);
            }
        };
        (Arc::clone(pool), Self::within_function(parts, default))
    }

    fn within_function(parts: &mut Parts, default: FrontEnd) -> Self {
        if parts.method == Method::POST && parts.uri.path() == "/invoke" {
            return Self::Invoke;
        }
        if let Some(operation) = OperationPath::recognise(parts) {
            return Self::InvokeApi(operation);
        }
        match FrontEnd::named_by(&target(parts)) {
            Some((front_end, rest)) => {
                shorten(parts, rest);
                Self::FrontEnd(front_end)
            }
            None => Self::FrontEnd(default),
        }
    }
}

fn target(parts: &Parts) -> String {
    let target = parts.uri.path_and_query();
    target.map_or("/", PathAndQuery::as_str).to_owned()
}

/// Strips the names from the front of a path.
fn shorten(parts: &mut Parts, rest: &str) {
    let slash = if rest.starts_with('/') { "" } else { "/" };
    // A suffix of a valid path is valid.
    if let Ok(uri) = Uri::try_from(format!("{slash}{rest}")) {
        parts.uri = uri;
    }
}
