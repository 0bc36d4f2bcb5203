//! Secrets: where their values go, and where they come from.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::{assert_contains, assert_contains_all, pause};
use serde_json::{Value, json};

use crate::reaching::{host, outcomes};
use crate::web::Web;

/// A value that has to be escaped wherever it may go.
const VALUE: &str = "s3cret:\"\\&= value";

/// A host with the secret `API_KEY` for `web`, in these places.
fn with_secret(lambda: &Recorder, web: &Web, places: &str) -> Bootstrap {
    let url = web.url("");
    let settings = format!(
        "outbound.allow = ['{url}']\naws.body-kib = 256\n\
         [secrets]\nAPI_KEY = {{ hosts = ['{url}'], in = [{places}] }}\n"
    );
    host(lambda, &settings).env("API_KEY", VALUE)
}

/// A request to `web` that has `body`.
fn send(web: &Web, content_type: &str, body: &str) -> Value {
    let headers = json!([["content-type", content_type]]);
    json!({"fetch": {"url": web.url("/body"), "headers": headers, "body": body}})
}

#[track_caller]
fn assert_unseen(host: &Running) {
    for line in host.stdout() {
        assert!(!line.contains("s3cret"), "{line}");
    }
}

#[test]
fn a_secret_is_the_password_of_basic_authentication_where_the_settings_say_so() {
    let web = Web::start();
    let step = json!([{"fetch": {"url": web.url("/"), "basic": "user:${API_KEY}"}}]);
    let lambda = Recorder::start();
    let running = with_secret(&lambda, &web, "'header', 'basic'").start();
    assert_eq!(outcomes(&lambda, "id-1", &step), ["ok: 200 5 hello"]);
    // `printf 'user:s3cret:"\&= value' | base64`
    let login = "authorization: Basic dXNlcjpzM2NyZXQ6IlwmPSB2YWx1ZQ==\r\n";
    assert_contains(&web.heads()[0], login);
    assert_unseen(&running);

    let lambda = Recorder::start();
    let running = with_secret(&lambda, &web, "'header', 'body'").start();
    let outcome = outcomes(&lambda, "id-1", &step);
    assert_eq!(outcome, ["error: ErrorCode::HttpRequestDenied"]);
    running.logged("not in `Basic` authentication; add `basic` to `in`");
    assert_eq!(web.heads().len(), 1);
}

/// The guest writes 4,096 bytes at a time, so a placeholder is cut in two.
#[test]
fn a_secret_is_escaped_in_a_body_of_its_host_wherever_the_writes_are_cut() {
    let web = Web::start();
    let lambda = Recorder::start();
    let running = with_secret(&lambda, &web, "'body'").start();
    let pad = "x".repeat(4070);
    let steps = json!([
        send(
            &web,
            "application/json",
            &format!("{{\"pad\":\"{pad}\",\"key\":\"${{API_KEY}}\"}}")
        ),
        send(
            &web,
            "application/x-www-form-urlencoded",
            "grant=a+b&secret=${API_KEY}"
        ),
        send(&web, "application/json", "{\"other\":1}"),
    ]);

    assert_eq!(outcomes(&lambda, "id-1", &steps), ["ok: 200 5 hello"; 3]);

    let heads = web.heads();
    let json = format!("{{\"pad\":\"{pad}\",\"key\":\"s3cret:\\\"\\\\&= value\"}}");
    let form = "grant=a+b&secret=s3cret%3A%22%5C%26%3D+value";
    for (head, body) in heads.iter().zip([&json, form, "{\"other\":1}"]) {
        assert!(head.ends_with(&format!("\r\n\r\n{body}")), "{head}");
        assert_contains(head, &format!("content-length: {}\r\n", body.len()));
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    assert_unseen(&running);
}

#[test]
fn a_secret_that_cannot_be_put_in_is_denied_and_the_log_says_why() {
    let web = Web::start();
    let lambda = Recorder::start();
    let running = with_secret(&lambda, &web, "'body'").start();
    let large = format!("[\"${{API_KEY}}\",\"{}\"]", "x".repeat(256 * 1024));
    let url = web.url("/?key=${API_KEY}");
    let steps = json!([
        send(&web, "application/json", "{\"${API_KEY}\":1}"),
        send(&web, "application/json", "{\"key\":\"${API_KEY}\""),
        send(&web, "application/json", &large),
        {"fetch": {"url": url}},
        {"fetch": {"url": web.url("/"), "env_header": "API_KEY"}},
        send(&web, "text/plain", "the key is ${API_KEY}, and"),
    ]);

    let outcomes = outcomes(&lambda, "id-1", &steps);

    let denied = "error: ErrorCode::HttpRequestDenied";
    assert_eq!(outcomes[..2], [denied; 2]);
    assert_contains(&outcomes[2], "HttpRequestBodySize");
    assert_eq!(outcomes[3..5], [denied; 2]);
    assert!(outcomes[5].starts_with("error: "), "{outcomes:?}");
    for reason in [
        "is in a name in its body",
        "is not the JSON that its `content-type` says",
        "larger than `aws.body-kib` (256)",
        "is in its URL",
        "but not in a header; add `header` to `in`",
        "neither JSON nor a form",
    ] {
        let line = running.logged(reason);
        assert_contains(&line, "requestId=id-1");
    }
    assert!(web.heads().iter().all(|head| head.contains("text/plain")));
}

/// The host may not know the value, so the placeholder is all it gets.
#[test]
fn a_placeholder_in_the_body_of_another_host_stays_one() {
    let (web, other) = (Web::start(), Web::start());
    let lambda = Recorder::start();
    let settings = format!(
        "outbound.allow = ['{0}', '{1}']\n\
         [secrets]\nAPI_KEY = {{ hosts = ['{0}'], in = ['body'] }}\nOTHER = ['{1}']\n",
        web.url(""),
        other.url("")
    );
    let running = host(&lambda, &settings);
    let _running = running.env("API_KEY", VALUE).env("OTHER", VALUE).start();
    let body = "{\"key\":\"${API_KEY}\",\"other\":\"${OTHER}\"}";
    let steps = json!([{"fetch": {"url": other.url("/"), "body": body}}]);
    assert_eq!(outcomes(&lambda, "id-1", &steps), ["ok: 200 5 hello"]);
}

/// A store of values on loopback: answers every request alike, and records head and body.
struct Store {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Store {
    fn start(status: u16, answer: &Value) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let store = Self {
            port: listener.local_addr().expect("it is bound").port(),
            seen: Arc::default(),
            answer: Arc::new(Mutex::new((status, answer.to_string()))),
        };
        let (seen, answer) = (Arc::clone(&store.seen), Arc::clone(&store.answer));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                if let Ok(request) = read(&mut stream) {
                    locked(&seen).push(request);
                }
                let (status, body) = locked(&answer).clone();
                let length = body.len();
                // Some clients may have gone.
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        store
    }

    fn seen(&self) -> Vec<String> {
        locked(&self.seen).clone()
    }

    fn answers(&self, status: u16, answer: &Value) {
        *locked(&self.answer) = (status, answer.to_string());
    }

    /// A host that takes `API_KEY` from `source` in this store, for `web`.
    fn host(&self, lambda: &Recorder, web: &Web, secrets: &str) -> Bootstrap {
        let (url, store) = (web.url(""), format!("http://127.0.0.1:{}", self.port));
        let settings = format!(
            "outbound.allow = ['{url}']\n\
             aws.endpoints = {{ ssm = '{store}', secretsmanager = '{store}' }}\n\
             [secrets]\n{}",
            secrets.replace("WEB", &url)
        );
        host(lambda, &settings)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "hidden-secret-key")
            .env("AWS_SESSION_TOKEN", "hidden-token")
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(stream: &mut TcpStream) -> std::io::Result<String> {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        request.extend(byte);
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(head + &String::from_utf8_lossy(&body))
}

fn with_key(web: &Web, name: &str) -> Value {
    json!({"fetch": {"url": web.url("/"), "env_header": name}})
}

#[test]
fn a_secret_comes_from_parameter_store_with_one_request_at_the_start() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let parameter = json!({"Parameter": {"Name": "/prod/key", "Value": "s3cret-value"}});
    let store = Store::start(200, &parameter);
    let secrets = "API_KEY = { hosts = ['WEB'], from = 'ssm:/prod/key' }";
    let running = store.host(&lambda, &web, secrets).start();
    lambda.idle(1);
    assert_eq!(store.seen().len(), 1);
    let request = &store.seen()[0];
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert_contains_all(
        request,
        &[
            "x-amz-target: AmazonSSM.GetParameter\r\n",
            "content-type: application/x-amz-json-1.1\r\n",
            "Credential=AKIDEXAMPLE/",
            "/eu-west-1/ssm/aws4_request",
            "x-amz-security-token: hidden-token\r\n",
            "{\"Name\":\"/prod/key\",\"WithDecryption\":true}",
        ],
    );

    for id in ["id-1", "id-2"] {
        let steps =
            json!([{"env": "API_KEY"}, with_key(&web, "API_KEY"), {"env": "AWS_ACCESS_KEY_ID"}]);
        let outcomes = outcomes(&lambda, id, &steps);
        assert_contains(&outcomes[0], "ok: bootstream-secret-API_KEY-");
        assert_eq!(outcomes[1], "ok: 200 5 hello");
        assert!(!outcomes[2].contains("AKIDEXAMPLE"), "{outcomes:?}");
    }

    for head in web.heads() {
        assert_contains(&head, "x-from-env: s3cret-value\r\n");
    }
    assert_eq!(store.seen().len(), 1);
    for line in running.stdout() {
        assert!(
            !line.contains("s3cret") && !line.contains("hidden"),
            "{line}"
        );
    }
}

#[test]
fn two_secrets_of_one_document_take_one_request() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let document = json!({"user": "me", "password": "s3cret-value"}).to_string();
    let store = Store::start(200, &json!({"Name": "db", "SecretString": document}));
    let secrets = "USER_NAME = { hosts = ['WEB'], in = ['basic'], from = 'secretsmanager:db#user' }\n\
                   PASSWORD = { hosts = ['WEB'], in = ['basic'], from = 'secretsmanager:db#password' }";
    let _running = store.host(&lambda, &web, secrets).start();

    let step = json!([{"fetch": {"url": web.url("/"), "basic": "${USER_NAME}:${PASSWORD}"}}]);
    assert_eq!(outcomes(&lambda, "id-1", &step), ["ok: 200 5 hello"]);

    // `printf me:s3cret-value | base64`
    assert_contains(
        &web.heads()[0],
        "authorization: Basic bWU6czNjcmV0LXZhbHVl\r\n",
    );
    assert_eq!(store.seen().len(), 1);
    assert_contains(&store.seen()[0], "secretsmanager.GetSecretValue");
}

#[test]
fn a_store_that_refuses_is_named_with_what_the_role_needs_and_asked_again() {
    let (web, lambda) = (Web::start(), Recorder::start());
    let denied = json!({"__type": "AccessDeniedException", "Message": "arn:aws:sts::1:assumed"});
    let store = Store::start(400, &denied);
    let secrets = "API_KEY = { hosts = ['WEB'], from = 'ssm:/prod/key' }";
    let running = store.host(&lambda, &web, secrets).start();
    lambda.idle(1);
    let line = running.logged("the secret `API_KEY` has no value");
    assert_contains_all(&line, &["`ssm:/prod/key`", "`ssm:GetParameter`"]);

    let step = json!([with_key(&web, "API_KEY")]);
    let outcome = outcomes(&lambda, "id-1", &step);
    assert_eq!(outcome, ["error: ErrorCode::ConfigurationError"]);
    let line = running.logged("cannot send a request");
    assert_contains_all(
        &line,
        &["`ssm:/prod/key`", "`ssm:GetParameter`", "requestId=id-1"],
    );
    assert!(web.heads().is_empty());

    store.answers(200, &json!({"Parameter": {"Value": "s3cret-value"}}));
    // For a second, requests share the failure.
    pause(Duration::from_millis(1100));
    assert_eq!(outcomes(&lambda, "id-2", &step), ["ok: 200 5 hello"]);
    assert_contains(&web.heads()[0], "x-from-env: s3cret-value\r\n");
}
