//! Requests through the front ends of the local Lambda and back.

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use lambda_event::{Event, HttpRequest, parse_query};
use local_lambda::{FrontEnd, Origin, Stage};

/// Those that neither decode the path nor drop repeated values, and whose query is documented.
const FAITHFUL: [FrontEnd; 3] = [FrontEnd::Url, FrontEnd::Rest, FrontEnd::AlbMulti];

/// Sends a request through each front end, and reads its event.
///
/// # Panics
///
/// When a front end that passes on everything does not.
pub(crate) fn check(sent: &HttpRequest<'_>) {
    let request = Request::builder()
        .method(sent.method.clone())
        .uri(sent.target.clone())
        .header("host", "localhost")
        .body(());
    let (parts, ()) = request.expect("a request").into_parts();
    let body = Bytes::copy_from_slice(&sent.body);
    let origin = Origin {
        request_id: "id".to_owned(),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        trace: None,
        now: SystemTime::UNIX_EPOCH,
        stage: Stage::default(),
    };
    for front_end in FAITHFUL {
        if front_end.rejects(&parts).is_some() {
            continue;
        }
        let event = front_end.event(&parts, &body, &origin).to_string();
        let read = Event::parse(event.as_bytes()).and_then(Event::into_request);
        // Encoding may make a query longer than a URI can be.
        let Ok(read) = read else { continue };
        let name = front_end.name();
        assert_eq!(read.method, sent.method, "{name}");
        assert_eq!(read.target.path(), sent.target.path(), "{name}");
        assert_eq!(pairs(&read), pairs(sent), "{name}");
        assert_eq!(read.body, sent.body, "{name}");
    }
}

/// The decoded query. Front ends promise no order of different names.
fn pairs(request: &HttpRequest<'_>) -> Vec<(String, String)> {
    let pairs = parse_query(request.target.query().unwrap_or_default());
    let mut pairs: Vec<_> = pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    pairs
}
