//! Fetches the values of secrets from Parameter Store and Secrets Manager, with requests that the host signs for
//! itself.

use std::sync::Arc;
use std::time::Duration;

use aws_signing::{Credentials, Grant, PayloadHash};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::credentials::NoCredentials;
use crate::outbound::client::connect::Boxed;
use crate::outbound::client::moment::wall_clock;
use crate::outbound::client::own;
use crate::outbound::policy::{Policy, Reach};
use crate::outbound::secret::{Store, Text};
use crate::outbound::target::Destination;

/// Longest time of a fetch.
const FETCH_LIMIT: Duration = Duration::from_secs(5);

/// Largest answer we read, in bytes. A value has at most 64 KiB, and six times as much as a string in JSON.
const ANSWER_LIMIT_BYTES: usize = 512 * 1024;

/// Longest name of an error that we log, in characters.
const ERROR_NAME_LIMIT: usize = 64;

/// Errors that say that the credentials are not valid, or no longer.
const REFUSALS: [&str; 3] = [
    "ExpiredTokenException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
];

/// Why a secret has no value. The texts show nothing of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::outbound::client) enum NoValue {
    #[error("the function has no region: AWS_REGION is not set")]
    NoRegion,
    #[error(transparent)]
    Credentials(#[from] NoCredentials),
    #[error("the clock of this machine has no valid time")]
    Clock,
    #[error("no connection to `{0}`: {1}")]
    Unreachable(String, String),
    #[error("no answer within {} s", FETCH_LIMIT.as_secs())]
    Slow,
    #[error("{0}")]
    Refused(String),
    #[error("the answer is not the document of a value")]
    Malformed,
    #[error("its value is binary; store a text")]
    Binary,
    #[error("its value is not a JSON object, in which `{0}` could be")]
    NotAnObject(String),
    #[error("its JSON object has no text or whole number `{0}`; write the value in quotes")]
    NoMember(String),
}

/// Fetches the value `name` of `store`.
pub(in crate::outbound::client) fn fetch<'a>(
    policy: &'a Policy,
    store: Store,
    name: &'a str,
) -> Boxed<'a, Result<Text, NoValue>> {
    Box::pin(async move {
        let fetching = timeout(FETCH_LIMIT, ask(policy, store, name));
        let (status, answer) = fetching.await.map_err(|_| NoValue::Slow)??;
        if status == StatusCode::OK {
            return value(store, &answer);
        }
        Err(refused(store, status, &error_name(&answer)))
    })
}

/// Returns the text `key` of a JSON document.
pub(in crate::outbound::client) fn member(document: &Text, key: &str) -> Result<Text, NoValue> {
    // The parser's own errors quote the document.
    let parsed = serde_json::from_str(document.as_str());
    let Ok(Value::Object(members)) = parsed else {
        return Err(NoValue::NotAnObject(key.to_owned()));
    };
    match members.get(key) {
        Some(Value::String(text)) => Ok(Text::new(text)),
        // Others would not keep their digits.
        Some(Value::Number(number)) if !number.is_f64() => Ok(Text::new(&number.to_string())),
        _ => Err(NoValue::NoMember(key.to_owned())),
    }
}

/// The operation, and its input.
fn operation(store: Store, name: &str) -> (&'static str, Value) {
    match store {
        Store::Parameter => (
            "AmazonSSM.GetParameter",
            json!({"Name": name, "WithDecryption": true}),
        ),
        Store::Secret => ("secretsmanager.GetSecretValue", json!({"SecretId": name})),
    }
}

async fn ask(policy: &Policy, store: Store, name: &str) -> Result<(StatusCode, Bytes), NoValue> {
    let service = store.service();
    let (operation, input) = operation(store, name);
    let body = Bytes::from(input.to_string());
    let url = policy.aws.policy.home(service).ok_or(NoValue::NoRegion)?;
    let request = Request::post(format!("{url}/"))
        .header(CONTENT_TYPE, "application/x-amz-json-1.1")
        .header(CONTENT_LENGTH, body.len())
        .header("x-amz-target", operation)
        .body(());
    let (mut head, ()) = request.map_err(|_| NoValue::NoRegion)?.into_parts();
    let grant = policy.aws.policy.own(service, &head);
    let grant = grant.ok_or(NoValue::NoRegion)?;
    let destination = Destination::of(&head.uri).ok_or(NoValue::NoRegion)?;
    grant.prepare(&mut head);
    let credentials = policy.aws.credentials.get().await?;
    let call = Call {
        policy,
        destination,
        grant,
        credentials: Arc::clone(&credentials),
    };
    let (status, answer) = call.send(head, body).await?;
    if REFUSALS.contains(&error_name(&answer).as_str()) {
        policy.aws.credentials.refuse(&credentials);
    }
    Ok((status, answer))
}

/// A request of the host itself.
struct Call<'a> {
    policy: &'a Policy,
    destination: Destination,
    grant: Grant,
    credentials: Arc<Credentials>,
}

impl Call<'_> {
    /// Sends the request on a connection of its own.
    async fn send(&self, mut head: Parts, body: Bytes) -> Result<(StatusCode, Bytes), NoValue> {
        let reach = Reach::of_service(&self.destination, self.grant.is_custom());
        let opened = own::open(self.policy, &self.destination, reach, Some(&head)).await;
        let mut link = opened.map_err(|reason| self.unreachable(reason))?;
        let hash = PayloadHash::of([&body]);
        let signed = self
            .grant
            .sign(&mut head, &hash, &self.credentials, wall_clock());
        signed.map_err(|_| NoValue::Clock)?;
        let request = Request::from_parts(head, body);
        let first_byte = self.policy.first_byte;
        let answer = own::exchange(&mut link, request, first_byte, ANSWER_LIMIT_BYTES).await;
        let answer = answer.map_err(|reason| self.unreachable(reason))?;
        Ok((answer.status, answer.body))
    }

    fn unreachable(&self, reason: String) -> NoValue {
        NoValue::Unreachable(self.destination.to_string(), reason)
    }
}

fn value(store: Store, answer: &[u8]) -> Result<Text, NoValue> {
    let document: Value = serde_json::from_slice(answer).map_err(|_| NoValue::Malformed)?;
    let text = match store {
        Store::Parameter => document.pointer("/Parameter/Value"),
        Store::Secret => document.get("SecretString"),
    };
    match text {
        Some(Value::String(text)) => Ok(Text::new(text)),
        _ if document.get("SecretBinary").is_some() => Err(NoValue::Binary),
        _ => Err(NoValue::Malformed),
    }
}

/// Returns the name of an error, such as `AccessDeniedException`, or nothing.
fn error_name(answer: &[u8]) -> String {
    let document: Option<Value> = serde_json::from_slice(answer).ok();
    let name = document.as_ref().and_then(|it| it.get("__type")?.as_str());
    // A namespace may be in front of it.
    let name = name.unwrap_or_default().rsplit('#').next();
    let characters = name.unwrap_or_default().chars();
    characters
        .filter(char::is_ascii_alphanumeric)
        .take(ERROR_NAME_LIMIT)
        .collect()
}

fn refused(store: Store, status: StatusCode, name: &str) -> NoValue {
    let action = store.action();
    let reason = match name {
        "AccessDeniedException" => format!(
            "the function's role may not read it: it needs `{action}`, and `kms:Decrypt` if the value is \
             encrypted with a key of your own"
        ),
        "ParameterNotFound" | "ResourceNotFoundException" => {
            format!("there is none of this name in the function's region ({name})")
        }
        "" => format!("the service answered {}", status.as_u16()),
        _ => format!("the service answered {} {name}", status.as_u16()),
    };
    NoValue::Refused(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_in_the_document_of_its_store() {
        let parameter = br#"{"Parameter":{"Name":"/key","Type":"SecureString","Value":"s3cret\n","Version":1}}"#;
        let of = |store, answer: &[u8]| value(store, answer).map(|text| text.as_str().to_owned());
        assert_eq!(of(Store::Parameter, parameter).as_deref(), Ok("s3cret\n"));
        let secret = br#"{"Name":"key","SecretString":"s3cret","VersionId":"1"}"#;
        assert_eq!(of(Store::Secret, secret).as_deref(), Ok("s3cret"));
        let binary = br#"{"Name":"key","SecretBinary":"czNjcmV0"}"#;
        assert_eq!(of(Store::Secret, binary), Err(NoValue::Binary));
        for malformed in [&b"s3cret"[..], b"{}", br#"{"SecretString":7}"#, secret] {
            let refused = of(Store::Parameter, malformed).unwrap_err();
            assert_eq!(refused, NoValue::Malformed);
            assert!(!refused.to_string().contains("s3cret"));
        }
    }

    #[test]
    fn a_member_is_a_text_or_a_whole_number() {
        let of = |document: &str, key: &str| {
            let found = member(&Text::new(document), key);
            found.map(|text| text.as_str().to_owned())
        };
        let document = r#"{"password":"s3cret","port":5432,"deep":{"password":"x"},"none":null,
            "version":1.10,"pin":12345678901234567890123,"on":true}"#;
        assert_eq!(of(document, "password").as_deref(), Ok("s3cret"));
        assert_eq!(of(document, "port").as_deref(), Ok("5432"));
        for key in ["deep", "none", "version", "pin", "on", "Password", ""] {
            assert_eq!(of(document, key), Err(NoValue::NoMember(key.to_owned())));
        }
        for document in ["s3cret", "[\"s3cret\"]", ""] {
            let refused = of(document, "k").unwrap_err();
            assert!(!refused.to_string().contains("s3cret"), "{refused}");
        }
    }

    #[test]
    fn an_error_names_what_the_role_needs_and_quotes_no_message() {
        for (store, answer, words) in [
            (
                Store::Parameter,
                r#"{"__type":"AccessDeniedException","Message":"not authorized"}"#,
                "`ssm:GetParameter`",
            ),
            (
                Store::Secret,
                r#"{"__type":"com.amazon#AccessDeniedException"}"#,
                "`secretsmanager:GetSecretValue`",
            ),
            (
                Store::Parameter,
                r#"{"__type":"ParameterNotFound"}"#,
                "none of this name",
            ),
            (
                Store::Secret,
                r#"{"__type":"ResourceNotFoundException"}"#,
                "none of this name",
            ),
            (
                Store::Secret,
                r#"{"__type":"Other\n\u001b"}"#,
                "answered 400 Other",
            ),
            (Store::Secret, "<html>", "answered 400"),
        ] {
            let name = error_name(answer.as_bytes());
            let text = refused(store, StatusCode::BAD_REQUEST, &name).to_string();
            assert!(text.contains(words), "{text}");
            assert!(
                !text.contains("authorized") && !text.contains('\n'),
                "{text}"
            );
        }
    }
}
