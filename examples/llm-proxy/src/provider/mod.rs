//! The model behind the chat, chosen by the variable `LLM_PROVIDER`.

mod anthropic;
mod bedrock;
mod openai;

use std::io;

use bootstream::{Error, env};

use crate::Chat;

/// The parts of an answer, each as it arrives.
pub(crate) type Tokens = Box<dyn Iterator<Item = Result<String, Error>>>;

/// Most tokens of an answer.
const MOST_TOKENS: u32 = 1024;

/// Sends the conversation to the model, and returns its answer.
pub(crate) fn ask(chat: &Chat) -> Result<Tokens, Error> {
    match env("LLM_PROVIDER")?.as_str() {
        "openai" => openai::ask(chat),
        "anthropic" => anthropic::ask(chat),
        "bedrock" => bedrock::ask(chat),
        other => Err(format!(
            "`LLM_PROVIDER` is `{other}`: expected `openai`, `anthropic` or `bedrock`"
        )
        .into()),
    }
}

/// The address of a provider's API: the variable `LLM_URL`, else its usual one.
fn base_url(usual: &str) -> String {
    let url = env("LLM_URL").unwrap_or_else(|_| usual.to_owned());
    url.trim_end_matches('/').to_owned()
}

/// The model that the variable `LLM_MODEL` names, else this one.
fn model(usual: &str) -> String {
    env("LLM_MODEL").unwrap_or_else(|_| usual.to_owned())
}

/// What an event of a provider means.
enum Step {
    Text(String),
    /// It has no text.
    Other,
    /// The answer is complete.
    Done,
}

/// Reads the events of a provider as an answer.
struct Answer<I, F> {
    events: I,
    step: F,
    has_ended: bool,
}

fn tokens<E>(
    events: impl Iterator<Item = io::Result<E>> + 'static,
    step: impl Fn(&E) -> Result<Step, Error> + 'static,
) -> Tokens {
    Box::new(Answer {
        events,
        step,
        has_ended: false,
    })
}

impl<E, I, F> Answer<I, F>
where
    I: Iterator<Item = io::Result<E>>,
    F: Fn(&E) -> Result<Step, Error>,
{
    fn read(&mut self) -> Result<Option<String>, Error> {
        for event in &mut self.events {
            match (self.step)(&event?)? {
                Step::Text(text) => return Ok(Some(text)),
                Step::Other => {}
                Step::Done => {
                    // The host keeps a connection whose response was read to its end.
                    self.events.by_ref().for_each(drop);
                    return Ok(None);
                }
            }
        }
        Err("the model's answer ended before it was complete".into())
    }
}

impl<E, I, F> Iterator for Answer<I, F>
where
    I: Iterator<Item = io::Result<E>>,
    F: Fn(&E) -> Result<Step, Error>,
{
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.read().transpose();
        self.has_ended = !matches!(next, Some(Ok(_)));
        next
    }
}
