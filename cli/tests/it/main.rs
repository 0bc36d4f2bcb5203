//! Drives the real commands over real sockets.
#![cfg(test)]

mod attacks;
mod aws;
mod build;
mod cache;
mod chat;
mod clients;
mod compile;
mod credentials;
mod deploy;
mod dev;
mod doctor;
mod documents;
mod event;
mod front_ends;
mod functions;
mod include;
mod inspect;
mod invoke;
mod judges;
mod languages;
mod limits;
mod load;
mod new;
mod outbound;
mod package;
mod pages;
mod peers;
mod preinit;
mod requests;
mod runtimes;
mod sdk;
mod support;
mod swap;
mod unpacked;
mod watch;
