//! Variables of the function in tests.

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;

thread_local! {
    static CURRENT: RefCell<Option<HashMap<String, String>>> = const { RefCell::new(None) };
}

/// Gives the handlers of this thread these variables and no others, until it is dropped. See [`variables`].
#[derive(Debug)]
#[must_use = "the variables are there until it is dropped"]
pub struct Variables {
    before: Option<HashMap<String, String>>,
    /// It belongs to the thread that made it.
    not_send: PhantomData<*const ()>,
}

/// Gives the handlers of this thread these variables and no others, until the result is dropped.
///
/// [`env`](crate::env()) and [`fetch::aws`](crate::fetch::aws) see them; [`std::env::var`] does not.
///
/// ```
/// let _variables = bootstream::testing::variables([("TABLE_NAME", "orders")]);
///
/// assert_eq!(bootstream::env("TABLE_NAME")?, "orders");
/// assert!(bootstream::env("HOME").is_err());
/// # Ok::<_, bootstream::Error>(())
/// ```
pub fn variables<N: Into<String>, V: Into<String>>(
    variables: impl IntoIterator<Item = (N, V)>,
) -> Variables {
    let variables = variables.into_iter();
    let set = variables.map(|(name, value)| (name.into(), value.into()));
    Variables {
        before: CURRENT.replace(Some(set.collect())),
        not_send: PhantomData,
    }
}

impl Drop for Variables {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

/// Returns the variable, if the test has set variables: `Some(None)` for one that it did not set.
pub(crate) fn of_test(name: &str) -> Option<Option<String>> {
    CURRENT.with_borrow(|current| current.as_ref().map(|all| all.get(name).cloned()))
}
