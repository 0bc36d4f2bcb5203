//! A guest that answers with what the SDK makes of a request, as a JSON document.
//!
//! `/json` reads the body as JSON first, `/late` after the response has started.

use bootstream::{Error, Event, Head, Request, Response};
use serde_json::{Value, json};

fn handle(event: Event, response: Response) -> Result<(), Error> {
    let request = event.into_request()?;
    let head = Head::new(200).header("content-type", "application/json");
    match request.path_segments().as_slice() {
        ["json"] => {
            let document: Value = request.json()?;
            let mut body = response.write_headers(head)?;
            body.write(document.to_string())?;
            body.finish()
        }
        ["late"] => {
            let mut body = response.write_headers(head)?;
            body.write("{")?;
            let document: Value = request.json()?;
            body.write_and_finish(document.to_string())
        }
        _ => response
            .write_headers(head)?
            .write_and_finish(seen(&request).to_string()),
    }
}

fn seen(request: &Request) -> Value {
    json!({
        "method": request.method().as_str(),
        "path": request.path(),
        "segments": request.path_segments(),
        "stage": request.stage(),
        "query": request.query(),
        "cookie": request.header("cookie"),
        "body": String::from_utf8_lossy(request.body()),
    })
}

bootstream::handler!(handle);
