//! OpenAI's chat completions, and the many servers that speak the same.

use bootstream::{Error, env, fetch, sse};
use serde_json::{Value, json};

use super::{MOST_TOKENS, Step, Tokens, base_url, model, tokens};
use crate::Chat;

pub(super) fn ask(chat: &Chat) -> Result<Tokens, Error> {
    let url = base_url("https://api.openai.com");
    let response = fetch::post(format!("{url}/v1/chat/completions"))
        .bearer(env("OPENAI_API_KEY")?)
        .json(&json!({
            "model": model("gpt-5-mini"),
            "max_completion_tokens": MOST_TOKENS,
            "messages": chat.messages,
            "stream": true,
        }))
        .send()?
        .success()?;
    Ok(tokens(response.sse(), step))
}

fn step(message: &sse::Message) -> Result<Step, Error> {
    if message.get_data() == "[DONE]" {
        return Ok(Step::Done);
    }
    let chunk: Value = message.json()?;
    if let Some(error) = chunk.get("error") {
        let reason = error["message"].as_str().unwrap_or("without a reason");
        return Err(format!("the model failed: {reason}").into());
    }
    Ok(match chunk["choices"][0]["delta"]["content"].as_str() {
        Some(text) => Step::Text(text.to_owned()),
        None => Step::Other,
    })
}
