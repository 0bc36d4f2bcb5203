//! The files of a handler as data.
