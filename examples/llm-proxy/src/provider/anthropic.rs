//! Anthropic's messages.

use bootstream::{Error, env, fetch, sse};
use serde_json::{Value, json};

use super::{MOST_TOKENS, Step, Tokens, base_url, model, tokens};
use crate::Chat;

pub(super) fn ask(chat: &Chat) -> Result<Tokens, Error> {
    let url = base_url("https://api.anthropic.com");
    let response = fetch::post(format!("{url}/v1/messages"))
        .header("x-api-key", env("ANTHROPIC_API_KEY")?)
        .header("anthropic-version", "2023-06-01")
        .json(&json!({
            "model": model("claude-haiku-4-5"),
            "max_tokens": MOST_TOKENS,
            "messages": chat.messages,
            "stream": true,
        }))
        .send()?
        .success()?;
    Ok(tokens(response.sse(), step))
}

fn step(message: &sse::Message) -> Result<Step, Error> {
    match message.get_event() {
        Some("content_block_delta") => {
            let event: Value = message.json()?;
            Ok(match event["delta"]["text"].as_str() {
                Some(text) => Step::Text(text.to_owned()),
                None => Step::Other,
            })
        }
        Some("message_stop") => Ok(Step::Done),
        Some("error") => {
            let event: Value = message.json()?;
            let reason = event["error"]["message"].as_str();
            Err(format!("the model failed: {}", reason.unwrap_or("without a reason")).into())
        }
        _ => Ok(Step::Other),
    }
}
