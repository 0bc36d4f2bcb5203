//! The functions of one local Lambda, and how callers name them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::environment::Pool;

/// The prefix of a function's name in a path.
const PATH_PREFIX: &str = "/@fn/";

/// One function under any name, or several under their own.
#[derive(Debug)]
pub struct Functions {
    first: Arc<Pool>,
    named: BTreeMap<String, Arc<Pool>>,
}

/// The current functions, which may be replaced between two requests.
#[derive(Debug)]
pub struct LiveFunctions {
    now: Mutex<Arc<Functions>>,
}

/// The function that a path names.
#[derive(Debug)]
pub(crate) enum AtPath<'a> {
    /// The path has no name: it means the first function.
    Unnamed,
    /// The function, and the path behind its name.
    Found(&'a Arc<Pool>, &'a str),
    Missing(&'a str),
}

impl LiveFunctions {
    /// Serves these functions until they are replaced.
    #[must_use]
    pub fn new(functions: Functions) -> Self {
        Self {
            now: Mutex::new(Arc::new(functions)),
        }
    }

    /// Returns the functions for one request.
    pub(crate) fn now(&self) -> Arc<Functions> {
        // A panic cannot interrupt an assignment.
        Arc::clone(&self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves other functions from the next request on.
    pub fn replace(&self, functions: Functions) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(functions);
    }
}

impl Functions {
    /// A single function, reached by every name.
    #[must_use]
    pub fn single(pool: Arc<Pool>) -> Self {
        Self {
            first: pool,
            named: BTreeMap::new(),
        }
    }

    /// Several functions. `first` is the one that callers reach without a name.
    #[must_use]
    pub fn several(first: Arc<Pool>, named: BTreeMap<String, Arc<Pool>>) -> Self {
        Self { first, named }
    }

    pub(crate) fn first(&self) -> &Arc<Pool> {
        &self.first
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Arc<Pool>> {
        if self.named.is_empty() {
            Some(&self.first)
        } else {
            self.named.get(name)
        }
    }

    /// Returns all functions, in the order of their names.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Pool> {
        let single = self.named.is_empty().then_some(&self.first);
        single
            .into_iter()
            .chain(self.named.values())
            .map(|pool| &**pool)
    }

    /// Reads the name at the start of a path.
    pub(crate) fn at_path<'a>(&'a self, path_and_query: &'a str) -> AtPath<'a> {
        let Some(rest) = path_and_query.strip_prefix(PATH_PREFIX) else {
            return AtPath::Unnamed;
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        match self.named(name) {
            Some(pool) => AtPath::Found(pool, rest),
            None => AtPath::Missing(name),
        }
    }
}
