//! Answers of a model, token by token.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, Message,
};
use bootstream::{Error, Response};

use crate::config;

pub(crate) async fn converse(model: &str, question: &str, response: Response) -> Result<(), Error> {
    let client = Client::from_conf(
        config!(aws_sdk_bedrockruntime, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME").build(),
    );
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(question.to_owned()))
        .build()?;
    let mut answer = client
        .converse_stream()
        .model_id(model)
        .messages(message)
        .send()
        .await?;
    let mut body = response.into_body();
    // An error here ends the stream as failed.
    while let Some(event) = answer.stream.recv().await? {
        if let ConverseStreamOutput::ContentBlockDelta(event) = event
            && let Some(ContentBlockDelta::Text(text)) = event.delta()
        {
            body.write(text)?;
        }
    }
    body.finish()?;
    Ok(())
}
