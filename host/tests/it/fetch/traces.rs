//! How a trace goes on in requests, and what X-Ray is told of them.

use std::sync::mpsc;

use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::{Value, json};

use super::host;
use super::peer::Peer;
use crate::observe::daemon::{Daemon, PARENT, ROOT, sampled};

/// The value of a header, if the head has it.
fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let (_, value) = lines.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.to_owned())
}

/// A peer, the heads of the requests to it, and the settings with which a handler reaches it.
fn reaching(trace: &str) -> (Peer, mpsc::Receiver<String>, String) {
    let (seen, heads) = mpsc::channel();
    let peer = Peer::start(move |call| {
        seen.send(call.head.clone()).ok();
        call.respond("200 OK", "")
    });
    let settings = peer
        .allowed()
        .replace("[outbound]\n", &format!("[outbound]\ntrace = '{trace}'\n"));
    (peer, heads, settings)
}

/// The heads of the requests of one invocation, and its document.
fn requested(trace: &str, steps: impl FnOnce(&Peer) -> Value) -> (Vec<String>, Value) {
    let (peer, heads, settings) = reaching(trace);
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    let steps = steps(&peer);
    lambda.enqueue(sampled("id-1", &steps));
    let _host = daemon.known_to(host(&lambda, &settings)).start();
    let document = daemon.document();
    lambda.complete_response("id-1");
    let count = steps.as_array().map_or(0, Vec::len);
    (heads.iter().take(count).collect(), document)
}

#[test]
fn a_request_names_its_own_subsegment_and_keeps_the_rest_of_the_trace() {
    let (heads, document) = requested("both", |peer| json!([{ "url": peer.url("/a?secret=1") }]));
    let calls = document["subsegments"].as_array().expect("subsegments");
    let call = calls
        .iter()
        .find(|it| it["namespace"] == "remote")
        .expect("a request");
    let id = call["id"].as_str().expect("an id");
    let xray = header(&heads[0], "x-amzn-trace-id");
    assert_eq!(
        xray,
        Some(format!(
            "Root={ROOT};Parent={id};Sampled=1;Lineage=1:a8d3:0"
        ))
    );
    let trace = ROOT.replace("1-", "").replace('-', "");
    assert_eq!(
        header(&heads[0], "traceparent"),
        Some(format!("00-{trace}-{id}-01"))
    );
    assert_eq!(call["http"]["response"]["status"], 200);
    let url = call["http"]["request"]["url"].as_str().expect("a URL");
    assert!(url.ends_with("/a"), "{url}");
    assert_eq!(document["annotations"]["outbound_requests"], 1);
}

#[test]
fn headers_of_traces_are_added_only_if_asked_for() {
    let (heads, _) = requested("off", |peer| json!([{ "url": peer.url("/") }]));
    assert_eq!(header(&heads[0], "x-amzn-trace-id"), None);
    assert_eq!(header(&heads[0], "traceparent"), None);
}

/// Where nobody records the invocation, its requests belong to the function's own segment.
#[test]
fn the_trace_of_an_invocation_that_is_not_recorded_goes_on_as_it_is() {
    let (peer, heads, settings) = reaching("xray");
    let lambda = Recorder::start();
    let value = format!("Root={ROOT};Parent={PARENT};Sampled=0;Lineage=1:a8d3:0");
    let event = Event::script("id-1", &json!([{ "url": peer.url("/") }]));
    lambda.enqueue(event.header("Lambda-Runtime-Trace-Id", &value));
    let _host = host(&lambda, &settings).start();
    lambda.complete_response("id-1");
    let head = heads.recv().expect("a request");
    assert_eq!(header(&head, "x-amzn-trace-id"), Some(value));
}
