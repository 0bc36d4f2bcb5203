//! Finds the function and the door that a request is for, and takes their names off its path.

use std::sync::Arc;

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, Uri};

use super::door::Door;
use super::front::Front;
use super::functions::AtPath;
use super::pool::Pool;
use super::sdk::Requested;

/// Where a request goes.
#[derive(Debug)]
pub(super) enum Route {
    /// `POST /invoke`: the body is the event.
    Invoke,
    Door(Door),
    Sdk(Requested),
    /// To a function that is not there.
    Nowhere(String),
}

impl Front {
    /// Finds the function and the door, and takes their names off the path.
    pub(super) fn route(&self, parts: &mut Parts) -> (Arc<Pool>, Route) {
        let target = target(parts);
        let functions = self.functions.now();
        let pool = match functions.at_path(&target) {
            AtPath::Unnamed => functions.first(),
            AtPath::Found(pool, rest) => {
                shorten(parts, rest);
                pool
            }
            AtPath::Missing(name) => {
                let route = Route::Nowhere(name.to_owned());
                return (Arc::clone(functions.first()), route);
            }
        };
        (Arc::clone(pool), self.route_to_door(parts))
    }

    fn route_to_door(&self, parts: &mut Parts) -> Route {
        if parts.method == Method::POST && parts.uri.path() == "/invoke" {
            return Route::Invoke;
        }
        if let Some(requested) = Requested::recognise(parts) {
            return Route::Sdk(requested);
        }
        match Door::named_by(&target(parts)) {
            Some((door, rest)) => {
                shorten(parts, rest);
                Route::Door(door)
            }
            None => Route::Door(self.setup.door),
        }
    }
}

fn target(parts: &Parts) -> String {
    let target = parts.uri.path_and_query();
    target.map_or("/", PathAndQuery::as_str).to_owned()
}

/// Takes the names off the front of a path.
fn shorten(parts: &mut Parts, rest: &str) {
    let slash = if rest.starts_with('/') { "" } else { "/" };
    // What was the end of a path is one.
    if let Ok(uri) = Uri::try_from(format!("{slash}{rest}")) {
        parts.uri = uri;
    }
}
