//! Paths and queries in the form that is sent, and in the form that is signed.
//!
//! Both sides have to agree on the bytes. So what is sent is rewritten first: each part is decoded, and
//! encoded again with the fewest `%`.

mod path;
mod percent;
mod query;

pub(crate) use path::{Encoding, Path};
pub(crate) use percent::{decode, encoded};
pub(crate) use query::Query;
