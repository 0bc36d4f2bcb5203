//! A chat with a language model: a page at `/`, and the model's answer as server-sent events at `/chat`.

mod provider;

use bootstream::{
    Error, Event, Head, Rejection, RequestExt as _, Response,
    sse::{self, Sse},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Longest conversation that is passed on, in bytes.
const LIMIT_BYTES: usize = 100_000;

/// What the page sends.
#[derive(Deserialize)]
struct Chat {
    /// From the first message to the last, which is the question.
    messages: Vec<Message>,
}

#[derive(Deserialize, Serialize)]
struct Message {
    role: Role,
    content: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

#[bootstream::handler]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let request = event.into_request()?;
    match (request.method().as_str(), request.uri().path()) {
        ("GET", "/") => page(response),
        ("POST", "/chat") => chat(&request.json()?, response),
        (_, "/" | "/chat") => Err(Rejection::new(405, "GET / or POST /chat").into()),
        _ => Err(Rejection::new(404, "no such page").into()),
    }
}

fn page(response: Response) -> Result<(), Error> {
    let head = Head::new(200)
        .header("content-type", "text/html; charset=utf-8")
        .header(
            "content-security-policy",
            "default-src 'self' 'unsafe-inline'; img-src 'self' data:",
        );
    response
        .start(head)?
        .write_and_finish(include_str!("page.html"))?;
    Ok(())
}

/// Sends the model's answer as it comes. The stream has an event `done` at its end; one without it broke off.
fn chat(chat: &Chat, response: Response) -> Result<(), Error> {
    check(chat)?;
    // An error from here is an error of the response, which has not started.
    let tokens = provider::ask(chat)?;
    let mut events = Sse::start(response)?;
    for text in tokens {
        // An error from here breaks the stream, so that half an answer does not look like a whole one. If
        // nobody takes the response any more, `send` fails, and dropping `tokens` ends the request to the model.
        events.send(&sse::Message::data(json!({ "text": text? }).to_string()))?;
    }
    events.send(&sse::Message::data("{}").event("done"))?;
    events.finish()?;
    Ok(())
}

fn check(chat: &Chat) -> Result<(), Rejection> {
    let bytes: usize = chat.messages.iter().map(|it| it.content.len()).sum();
    match chat.messages.last() {
        Some(Message {
            role: Role::User, ..
        }) if bytes <= LIMIT_BYTES => Ok(()),
        Some(_) if bytes > LIMIT_BYTES => Err(Rejection::new(
            413,
            format!("the conversation has {bytes} bytes, the limit is {LIMIT_BYTES}"),
        )),
        _ => Err(Rejection::new(400, "the last message must be the user's")),
    }
}

#[cfg(test)]
mod tests;
