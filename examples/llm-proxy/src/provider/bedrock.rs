//! Bedrock's `ConverseStream`: signed by the host, or with an API key.

use bootstream::{
    Error, env,
    fetch::{self, event_stream},
};
use serde_json::{Value, json};

use super::{MOST_TOKENS, Step, Tokens, model, tokens};
use crate::{Chat, Message};

pub(super) fn ask(chat: &Chat) -> Result<Tokens, Error> {
    let model = fetch::encode(&model("amazon.nova-lite-v1:0"));
    let request = fetch::aws::post("bedrock-runtime", format!("/model/{model}/converse-stream"));
    // With an API key the request is not signed.
    let request = match env("AWS_BEARER_TOKEN_BEDROCK") {
        Ok(key) => request.bearer(key),
        Err(_) => request,
    };
    let response = request
        .json(&json!({
            "inferenceConfig": { "maxTokens": MOST_TOKENS },
            "messages": chat.messages.iter().map(converse).collect::<Vec<_>>(),
        }))
        .send()?
        .success()?;
    Ok(tokens(response.event_stream(), step))
}

fn converse(message: &Message) -> Value {
    json!({ "role": message.role, "content": [{ "text": message.content }] })
}

fn step(message: &event_stream::Message) -> Result<Step, Error> {
    Ok(match message.event_type() {
        Some("contentBlockDelta") => {
            let event: Value = message.json()?;
            match event["delta"]["text"].as_str() {
                Some(text) => Step::Text(text.to_owned()),
                None => Step::Other,
            }
        }
        Some("messageStop") => Step::Done,
        _ => Step::Other,
    })
}
