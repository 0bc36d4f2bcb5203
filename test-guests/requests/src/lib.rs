//! A guest that responds with the request as the SDK parsed it, as a JSON document.
//!
//! `/json` reads the body as JSON first, `/late` after the response has started.

use bootstream::{Error, Event, Head, RequestExt as _, Response, http::Request};
use serde_json::{Value, json};

#[bootstream::handler]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let request = event.into_request()?;
    let head = Head::new(200).header("content-type", "application/json");
    match request.uri().path() {
        "/json" => {
            let document: Value = request.json()?;
            let mut body = response.start(head)?;
            body.write(document.to_string())?;
            body.finish()?;
        }
        "/late" => {
            let mut body = response.start(head)?;
            body.write("{")?;
            let document: Value = request.json()?;
            body.write_and_finish(document.to_string())?;
        }
        _ => response
            .start(head)?
            .write_and_finish(seen(&request).to_string())?,
    }
    Ok(())
}

fn seen(request: &Request<Vec<u8>>) -> Value {
    let query: Vec<_> = request.query_pairs().collect();
    json!({
        "method": request.method().as_str(),
        "path": request.uri().path(),
        "segments": request.path_segments(),
        "stage": request.stage(),
        "query": query,
        "cookie": request.header("cookie"),
        "body": String::from_utf8_lossy(request.body()),
    })
}
