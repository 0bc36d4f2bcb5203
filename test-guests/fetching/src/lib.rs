//! A guest that sends the requests of its event with `bootstream::fetch`, and writes one line for the outcome of
//! each: `{"steps": [{"url": "https://example.com/", "then": "text"}, ...]}`.

mod upload;

use std::time::Duration;

use bootstream::fetch::{self, IncomingResponse, Request, event_stream};
use bootstream::{Body, Error, Event, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::upload::Letters;

#[derive(Deserialize)]
struct Script {
    steps: Vec<Step>,
}

/// A request, and what is done with its response.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(default)]
    url: String,
    /// A service of AWS, with `url` as the path.
    aws: Option<String>,
    /// The operation of a JSON service of AWS. Its input is `json`.
    operation: Option<String>,
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// A variable with the bearer token.
    bearer: Option<String>,
    json: Option<Value>,
    body: Option<String>,
    /// Sends this many bytes from a reader.
    letters: Option<usize>,
    /// The reader fails after this number of bytes.
    failing_after: Option<usize>,
    /// Sends the body of the response to this URL.
    body_of: Option<String>,
    first_byte_ms: Option<u64>,
    between_bytes_ms: Option<u64>,
    connect_ms: Option<u64>,
    #[serde(default)]
    then: Then,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Then {
    #[default]
    Text,
    /// Counts the bytes.
    Count,
    /// Fails unless the status is 2xx.
    Success,
    /// Sends the body to the caller. An error is the handler's.
    Copy,
    Sse,
    EventStream,
    Trailers,
    /// Reads one piece and drops the rest.
    Drop,
    /// Sends the request and keeps its response until the end.
    Keep,
}

#[bootstream::handler]
#[expect(clippy::needless_pass_by_value, reason = "the signature of a handler")]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let script: Script = event.json()?;
    let mut body = response.into_body();
    // The response starts before anything can fail.
    body.write("")?;
    let mut kept = Vec::new();
    for step in script.steps {
        let then = step.then;
        let outcome = match (then, step.send()) {
            (Then::Copy, sent) => {
                sent?.copy_to(&mut body)?;
                continue;
            }
            (Then::Keep, Ok(response)) => {
                let status = response.status().as_u16();
                kept.push(response);
                Ok(status.to_string())
            }
            (_, sent) => sent.and_then(|response| read(response, then)),
        };
        write_line(&mut body, outcome)?;
    }
    body.finish()?;
    Ok(())
}

fn write_line(body: &mut Body, outcome: Result<String, Error>) -> Result<(), Error> {
    let line = match outcome {
        Ok(outcome) => format!("ok: {outcome}"),
        Err(error) => format!("error: {error}"),
    };
    body.write(line.replace('\n', " ") + "\n")?;
    Ok(())
}

impl Step {
    fn send(self) -> Result<IncomingResponse, Error> {
        let request = self.request()?;
        Ok(request.send()?)
    }

    fn request(self) -> Result<Request, Error> {
        let default = if self.has_body() { "POST" } else { "GET" };
        let method = self.method.as_deref().unwrap_or(default).parse()?;
        let mut request = match &self.aws {
            Some(service) => fetch::aws::request(method, service, &self.url),
            None => fetch::request(method, &self.url),
        };
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(operation) = &self.operation {
            request = request
                .header("x-amz-target", operation)
                .header("content-type", "application/x-amz-json-1.0");
        }
        if let Some(name) = &self.bearer {
            request = request.bearer(bootstream::env(name)?);
        }
        let milliseconds = Duration::from_millis;
        if let Some(limit) = self.connect_ms {
            request = request.connect_timeout(milliseconds(limit));
        }
        if let Some(limit) = self.first_byte_ms {
            request = request.first_byte_timeout(milliseconds(limit));
        }
        if let Some(limit) = self.between_bytes_ms {
            request = request.between_bytes_timeout(milliseconds(limit));
        }
        self.with_body(request)
    }

    fn has_body(&self) -> bool {
        let is_read = self.letters.is_some() || self.body_of.is_some();
        is_read || self.json.is_some() || self.body.is_some()
    }

    fn with_body(self, request: Request) -> Result<Request, Error> {
        if let Some(value) = &self.json {
            return Ok(request.json(value));
        }
        if let Some(body) = self.body {
            return Ok(request.body(body));
        }
        if let Some(bytes) = self.letters {
            return Ok(request.body_from(Letters::new(bytes, self.failing_after)));
        }
        if let Some(url) = self.body_of {
            return Ok(request.body_from(fetch::get(url).send()?.success()?));
        }
        Ok(request)
    }
}

fn read(mut response: IncomingResponse, then: Then) -> Result<String, Error> {
    let status = response.status().as_u16();
    let outcome = match then {
        Then::Text => response.text()?,
        Then::Count => {
            let mut bytes = 0;
            for chunk in response.chunks() {
                bytes += chunk?.len();
            }
            bytes.to_string()
        }
        Then::Success => response.success()?.text()?,
        Then::Sse => {
            let messages: Result<Vec<_>, _> = response.sse().collect();
            let messages = messages?;
            let shown = messages.iter().map(|message| {
                let event = message.get_event().unwrap_or("message");
                format!("{event}={}", message.get_data())
            });
            shown.collect::<Vec<_>>().join(" ")
        }
        Then::EventStream => {
            let messages: Result<Vec<event_stream::Message>, _> = response.event_stream().collect();
            let messages = messages?;
            let types = messages.iter().filter_map(|message| message.event_type());
            types.collect::<Vec<_>>().join(" ")
        }
        Then::Trailers => format!("{:?}", response.trailers()?),
        Then::Drop => match response.chunks().next() {
            Some(chunk) => format!("dropped after {}", chunk?.len()),
            None => "empty".to_owned(),
        },
        Then::Copy | Then::Keep => String::new(),
    };
    Ok(format!("{status} {outcome}"))
}
