//! Drives the real `bootstrap` with real handlers against a Runtime API that keeps every byte.
//!
//! The numbers in the comments are those of the conformance cases the protocol notes list.
#![cfg(test)]

mod misuse;
mod polling;
mod streaming;
mod support;
