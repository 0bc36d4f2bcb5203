//! The unmodified AWS SDK for Rust in a component, with S3 and with the event stream of Bedrock.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::OnceLock;

use bootstream_test_support::assert_contains;
use bootstream_test_support::moto::{Moto, SECRET, TOKEN};
use serde_json::{Value, json};

use super::{Function, assert_signed};
use crate::support::{End, ready};

const MODEL: &str = "anthropic.claude-3-haiku-20240307-v1:0";

fn calling(moto: &Moto, allow: &str, endpoint: &str) -> Function {
    calling_with(SECRET, moto, allow, endpoint)
}

/// A guest whose host signs with this secret access key.
fn calling_with(secret: &str, moto: &Moto, allow: &str, endpoint: &str) -> Function {
    // With the SDK it is large.
    static GUEST: OnceLock<PathBuf> = OnceLock::new();
    let settings = format!("[aws]\nallow = ['{allow}']\n[outbound]\nca-file = 'ca.pem'\n");
    let guest = ready(&GUEST, "aws_sdk_guest");
    Function::guest(&guest, &settings, moto, endpoint, secret)
}

fn object(key: &str) -> Value {
    json!({"bucket": "music", "key": key})
}

/// The body of the response, and how it ended.
#[track_caller]
fn call(function: &Function, call: &Value) -> (String, End) {
    let response = function.dev.invoke(&call.to_string());
    response.rest()
}

/// Calls Bedrock over HTTP.
fn talking(moto: &Moto) -> Function {
    let endpoint = format!("bedrock-runtime={}", moto.http());
    calling(moto, "bedrock-runtime", &endpoint)
}

fn converse(question: &str) -> Value {
    json!({"converse": {"model": MODEL, "question": question}})
}

#[test]
fn an_object_is_stored_and_read() {
    let moto = Moto::start();
    moto.make_bucket("music");
    for (place, url) in [("http", moto.http()), ("https", moto.https())] {
        let function = calling(&moto, "s3/music", &format!("s3={url}"));
        let key = format!("{place}/a b/ü@2x+1%25.png");

        let put = json!({"put": {"object": object(&key), "text": "hello"}});
        let (tag, end) = call(&function, &put);
        assert_eq!(end, End::Complete, "{place}");
        assert!(tag.len() > 30, "{place}: {tag}");

        let got = call(&function, &json!({"get": object(&key)}));
        assert_eq!(got, ("hello".to_owned(), End::Complete), "{place}");
        let path = format!("/music/{place}/a%20b/%C3%BC%402x%2B1%2525.png");
        assert_eq!(moto.object(&path), b"hello", "{place}");
    }
    assert_eq!(moto.requests_of(4).len(), 4);
    assert_signed(&moto, "s3");
}

#[test]
fn an_object_is_uploaded_in_parts() {
    /// The smallest that S3 accepts for a part that is not the last.
    const PART_BYTES: usize = 5 * 1024 * 1024;
    let moto = Moto::start();
    moto.make_bucket("music");
    let function = calling(&moto, "s3/music", &format!("s3={}", moto.https()));
    let parts = [PART_BYTES, PART_BYTES + 1, 10];

    let upload = json!({"upload": {"object": object("album"), "parts": parts}});
    let (tag, end) = call(&function, &upload);

    assert_eq!(end, End::Complete, "{tag}");
    // A tag of three parts.
    assert!(tag.ends_with("-3\""), "{tag}");
    let expected: Vec<_> = parts
        .into_iter()
        .zip(b'a'..)
        .flat_map(|(bytes, letter)| vec![letter; bytes])
        .collect();
    assert!(moto.object("/music/album") == expected);
    // The SDK may send one of them again if the machine is busy.
    let requests = moto.requests_of(5);
    let different: HashSet<_> = requests
        .iter()
        .map(|it| (&it["method"], &it["target"]))
        .collect();
    assert_eq!(different.len(), 5, "{requests:#?}");
    assert_signed(&moto, "s3");
}

#[test]
fn an_object_of_another_bucket_is_an_error_of_the_sdk() {
    let moto = Moto::start();
    moto.make_bucket("other");
    let mut function = calling(&moto, "s3/music", &format!("s3={}", moto.http()));
    let get = json!({"get": {"bucket": "other", "key": "song"}});

    let (refused, _) = call(&function, &get);

    assert_contains(&refused, "Function.Error");
    function
        .dev
        .wait_for("`aws.allow` has no `s3/other@eu-central-1`");
    assert_eq!(moto.requests(), Vec::<Value>::new());
}

#[test]
fn a_word_of_a_model_arrives_before_it_has_the_next() {
    let mut moto = Moto::start();
    let function = talking(&moto);

    let mut response = function.dev.invoke(&converse("one two three").to_string());

    for word in ["one ", "two ", "three "] {
        assert_eq!(response.chunk(), Ok(word.to_owned()));
        moto.allow_words(1);
    }
    assert_eq!(response.chunk(), Err(End::Complete));
    assert_signed(&moto, "bedrock");
    let path = "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream";
    assert_eq!(moto.requests_of(1)[0]["target"], path);
}

#[test]
fn an_exception_or_a_cut_in_the_middle_of_an_answer_is_a_stream_that_failed() {
    let mut moto = Moto::start();
    let mut function = talking(&moto);
    for (word, reason) in [("THROTTLED", "Too many tokens"), ("CUT", "Function.Error")] {
        moto.allow_words(1);

        let answer = call(&function, &converse(&format!("one {word} three")));

        assert_eq!(answer, ("one ".to_owned(), End::Cut), "{word}");
        function.dev.wait_for(reason);
    }
}

#[test]
fn a_wrong_secret_is_an_error_of_the_sdk_without_the_token() {
    let moto = Moto::start();
    moto.make_bucket("music");
    let mut function = calling_with("another", &moto, "s3", &format!("s3={}", moto.http()));

    let (refused, _) = call(&function, &json!({"get": object("song")}));

    assert_contains(&refused, "SignatureDoesNotMatch");
    assert!(!refused.contains(TOKEN), "{refused}");
    function.dev.wait_for("SignatureDoesNotMatch");
    assert!(
        function
            .dev
            .lines()
            .iter()
            .all(|line| !line.contains(TOKEN))
    );
}

/// With the client of the guest SDK.
#[test]
fn the_chat_example_streams_bedrock() {
    let mut moto = Moto::start();
    let settings = "pass-env = ['LLM_PROVIDER']\n[aws]\nallow = ['bedrock-runtime']\n";
    let (folder, file) = super::package("llm-proxy");
    std::fs::write(folder.path().join("bootstream.toml"), settings).expect("settings");
    let endpoint = format!("bedrock-runtime={}", moto.http());
    let function = Function::start(folder, &file, &endpoint, &["LLM_PROVIDER=bedrock"], SECRET);
    let question = json!({"messages": [{"role": "user", "content": "one two"}]});

    let mut response = function.dev.post("/chat", &question.to_string());

    assert_eq!(
        response.chunk(),
        Ok("data: {\"text\":\"one \"}\n\n".to_owned())
    );
    moto.allow_words(1);
    response.assert_body("data: {\"text\":\"two \"}\n\nevent: done\ndata: {}\n\n");
    assert_signed(&moto, "bedrock");
}

#[test]
fn records_of_both_crates_have_their_fields() {
    let moto = Moto::start();
    let mut function = calling(&moto, "s3/music", &format!("s3={}", moto.http()));

    let (_, end) = call(&function, &json!({"log": "sold"}));

    assert_eq!(end, End::Complete);
    for _ in 0..2 {
        let line = function
            .dev
            .wait_for("handler::aws_sdk_guest: sold order=7 country=NZ");
        assert_contains(&line, "WARN");
    }
}
