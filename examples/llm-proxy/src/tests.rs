use std::time::Duration;

use bootstream::{
    Error, StreamError,
    fetch::{ErrorCode, event_stream},
    testing::{self, Recording, Reply, Upstream},
};
use serde_json::{Value, json};

const OPENAI: [(&str, &str); 2] = [("LLM_PROVIDER", "openai"), ("OPENAI_API_KEY", "key")];
const ANTHROPIC: [(&str, &str); 2] = [("LLM_PROVIDER", "anthropic"), ("ANTHROPIC_API_KEY", "key")];
const SIGNED: [(&str, &str); 3] = [
    ("LLM_PROVIDER", "bedrock"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "placeholder"),
];

type Variables<'a> = &'a [(&'a str, &'a str)];

fn question() -> Value {
    json!({ "messages": [{ "role": "user", "content": "Hello?" }] })
}

/// Asks the question. Returns what the caller sees and how the handler ended.
fn ask(variables: Variables<'_>) -> (Recording, Result<(), Error>) {
    let _variables = testing::variables(variables.iter().copied());
    let (response, recording) = testing::response();
    let result = super::handle(testing::post("/chat", &question().to_string()), response);
    (recording, result)
}

fn sse() -> Reply {
    Reply::new(200).header("content-type", "text/event-stream")
}

fn openai_chunk(text: &str) -> String {
    let chunk = json!({ "choices": [{ "delta": { "content": text } }] });
    format!("data: {chunk}\n\n")
}

fn anthropic_delta(text: &str) -> String {
    let delta = json!({ "type": "content_block_delta", "delta": { "text": text } });
    format!("event: content_block_delta\ndata: {delta}\n\n")
}

fn bedrock_delta(text: &str) -> Vec<u8> {
    let delta = json!({ "delta": { "text": text } }).to_string();
    event_stream::Message::event("contentBlockDelta", delta).encode()
}

fn bedrock_stop() -> Vec<u8> {
    event_stream::Message::event("messageStop", r#"{"stopReason":"end_turn"}"#).encode()
}

const COMPLETE: &str = "data: {\"text\":\"Hi\"}\n\ndata: {\"text\":\" there\"}\n\n\
                        event: done\ndata: {}\n\n";

#[test]
fn the_page_is_html() {
    let (response, recording) = testing::response();
    super::handle(testing::get("/"), response).unwrap();
    assert!(recording.content_type().unwrap().starts_with("text/html"));
    assert!(recording.text().contains("fetch(\"chat\""));
}

#[test]
fn openai_is_asked_and_answers_token_by_token() {
    let reply = sse()
        .chunk("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n")
        .chunk(openai_chunk("Hi"))
        .pause(Duration::from_millis(1))
        .chunk(openai_chunk(" there"))
        .chunk("data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
    let upstream = Upstream::new([reply]);

    let (recording, result) = ask(&OPENAI);

    result.unwrap();
    assert_eq!(recording.text(), COMPLETE);
    assert_eq!(recording.chunks().len(), 3);
    assert!(recording.finished());
    let request = upstream.requests().remove(0);
    assert_eq!(request.url(), "https://api.openai.com/v1/chat/completions");
    assert_eq!(request.header("authorization"), Some("Bearer key"));
    let sent: Value = request.json().unwrap();
    assert_eq!(sent["messages"], question()["messages"]);
    assert_eq!(sent["stream"], true);
}

#[test]
fn anthropic_is_asked_and_answers_token_by_token() {
    let reply = sse()
        .chunk("event: message_start\ndata: {}\n\nevent: ping\ndata: {}\n\n")
        .chunk(anthropic_delta("Hi"))
        .chunk(anthropic_delta(" there"))
        .chunk("event: message_stop\ndata: {}\n\n");
    let upstream = Upstream::new([reply]);

    let (recording, result) = ask(&ANTHROPIC);

    result.unwrap();
    assert_eq!(recording.text(), COMPLETE);
    let request = upstream.requests().remove(0);
    assert_eq!(request.url(), "https://api.anthropic.com/v1/messages");
    assert_eq!(request.header("x-api-key"), Some("key"));
}

#[test]
fn bedrock_is_asked_with_a_signature_or_with_a_key() {
    let reply = || {
        Reply::new(200)
            .chunk([bedrock_delta("Hi"), bedrock_delta(" there")].concat())
            .chunk(bedrock_stop())
            .chunk(event_stream::Message::event("metadata", "{}").encode())
    };
    let upstream = Upstream::new([reply(), reply()]);
    let with_key = [
        ("LLM_PROVIDER", "bedrock"),
        ("LLM_MODEL", "a.b-v1:0"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_BEARER_TOKEN_BEDROCK", "key"),
    ];

    for variables in [&SIGNED[..], &with_key] {
        let (recording, result) = ask(variables);
        result.unwrap();
        assert_eq!(recording.text(), COMPLETE);
    }

    let requests = upstream.requests();
    let host = "https://bedrock-runtime.eu-central-1.amazonaws.com";
    let path = "/model/amazon.nova-lite-v1%3A0/converse-stream";
    assert_eq!(requests[0].url(), format!("{host}{path}"));
    let signed = requests[0].header("authorization").unwrap();
    assert!(
        signed.contains("placeholder/00000000/eu-central-1/bedrock/"),
        "{signed}"
    );
    assert_eq!(
        requests[1].url(),
        format!("{host}/model/a.b-v1%3A0/converse-stream")
    );
    assert_eq!(requests[1].header("authorization"), Some("Bearer key"));
}

/// Half an answer must not look like a whole one.
#[test]
fn an_answer_that_breaks_off_breaks_the_stream() {
    let exception = event_stream::Message::exception("throttlingException", "{}").encode();
    let cases: [(Variables<'_>, Reply, &str); 8] = [
        (&OPENAI, sse().chunk(openai_chunk("Hi")).cut(), "broke off"),
        (
            &OPENAI,
            sse().chunk(openai_chunk("Hi")),
            "before it was complete",
        ),
        (
            &OPENAI,
            sse().chunk(openai_chunk("Hi")).chunk("data: [DONE]"),
            "before it was complete",
        ),
        (
            &OPENAI,
            sse()
                .chunk(openai_chunk("Hi"))
                .chunk("data: {\"error\":{\"message\":\"overloaded\"}}\n\n"),
            "the model failed: overloaded",
        ),
        (
            &ANTHROPIC,
            sse()
                .chunk(anthropic_delta("Hi"))
                .chunk("event: error\ndata: {\"error\":{\"message\":\"Overloaded\"}}\n\n"),
            "the model failed: Overloaded",
        ),
        (
            &SIGNED,
            Reply::new(200).chunk(bedrock_delta("Hi")),
            "before it was complete",
        ),
        (
            &SIGNED,
            Reply::new(200).chunk(bedrock_delta("Hi")).chunk(exception),
            "`throttlingException`",
        ),
        (
            &SIGNED,
            Reply::new(200)
                .chunk(bedrock_delta("Hi"))
                .chunk(&bedrock_stop()[..20]),
            "ended within a message",
        ),
    ];
    for (variables, reply, reason) in cases {
        let _upstream = Upstream::new([reply]);

        let (recording, result) = ask(variables);

        let error = result.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert_eq!(recording.text(), "data: {\"text\":\"Hi\"}\n\n");
        assert!(!recording.finished());
    }
}

#[test]
fn a_model_that_does_not_answer_fails_before_the_response_starts() {
    for (reply, reason) in [
        (
            Reply::new(401).chunk("bad key"),
            "status 401 Unauthorized: bad key",
        ),
        (
            Reply::error(ErrorCode::HttpRequestDenied),
            "`outbound.allow`",
        ),
        (
            Reply::error(ErrorCode::ConnectionReadTimeout),
            "`outbound.first-byte-ms`",
        ),
    ] {
        let _upstream = Upstream::new([reply]);
        let (recording, result) = ask(&OPENAI);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert_eq!(recording.status(), None);
    }
}

#[test]
fn a_caller_that_has_gone_ends_the_request_to_the_model() {
    let reply = (0..100).fold(sse(), |reply, _| reply.chunk(openai_chunk("x")));
    let _upstream = Upstream::new([reply]);
    let _variables = testing::variables(OPENAI);
    let (response, recording) = testing::response();
    recording.close_after_writes(2);

    let event = testing::post("/chat", &question().to_string());
    let error = super::handle(event, response).unwrap_err();

    assert_eq!(StreamError::find_in(&*error), Some(&StreamError::Closed));
    assert_eq!(recording.chunks().len(), 2);
}

#[test]
fn what_is_no_question_is_the_callers_fault() {
    let long = "x".repeat(super::LIMIT_BYTES + 1);
    for (body, status) in [
        ("no JSON".to_owned(), 400),
        (json!({ "messages": [] }).to_string(), 400),
        (
            json!({ "messages": [{ "role": "assistant", "content": "a" }] }).to_string(),
            400,
        ),
        (
            json!({ "messages": [{ "role": "system", "content": "a" }] }).to_string(),
            400,
        ),
        (
            json!({ "messages": [{ "role": "user", "content": long }] }).to_string(),
            413,
        ),
    ] {
        let (response, _recording) = testing::response();
        let error = super::handle(testing::post("/chat", &body), response).unwrap_err();
        let rejection = bootstream::Rejection::find_in(&*error).unwrap();
        assert_eq!(rejection.status(), status);
    }
    for (event, status) in [(testing::get("/other"), 404), (testing::get("/chat"), 405)] {
        let (response, _recording) = testing::response();
        let error = super::handle(event, response).unwrap_err();
        assert_eq!(
            bootstream::Rejection::find_in(&*error).unwrap().status(),
            status
        );
    }
}

#[test]
fn another_provider_is_named_in_the_error() {
    let (_, result) = ask(&[("LLM_PROVIDER", "cat")]);
    assert!(result.unwrap_err().to_string().contains("`cat`"));
}
