//! The credentials of the function.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::replies::{ApiResponse, error, json};
use crate::credentials::CredentialsEndpoint;
use crate::observer::Observer;

/// Answers a request for credentials. Without a provider, or without its token, it is denied.
pub(super) async fn credentials(
    endpoint: Option<&CredentialsEndpoint>,
    headers: &HeaderMap,
    observer: &Observer,
) -> ApiResponse {
    let authorization = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let Some(endpoint) = endpoint.filter(|endpoint| endpoint.authorizes(authorization)) else {
        return error(StatusCode::FORBIDDEN, "AccessDenied", "Invalid token");
    };
    match endpoint.document(observer).await {
        Some(document) => json(StatusCode::OK, document),
        None => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "no credentials",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Barrier, Mutex};
    use std::task::Poll;

    use http_body_util::BodyExt as _;

    use super::*;
    use crate::credentials::{AwsCredentials, Credentials, CredentialsProvider};
    use crate::observer::Report;

    /// Knows these credentials, or why there are none, for functions in `/signing`.
    #[derive(Clone)]
    struct Fixed(Result<AwsCredentials, String>);

    impl CredentialsProvider for Fixed {
        fn serves(&self, task_root: &Path) -> bool {
            task_root == Path::new("/signing")
        }

        fn region(&self) -> Option<String> {
            None
        }

        fn credentials(&self) -> Result<AwsCredentials, String> {
            self.0.clone()
        }
    }

    fn found() -> Fixed {
        Fixed(Ok(AwsCredentials {
            access_key_id: "AKID".to_owned(),
            secret_access_key: "SECRET".to_owned(),
            token: Some("TOKEN".to_owned()),
            expiration: None,
        }))
    }

    async fn ask(provider: Fixed, token: Option<&str>) -> (StatusCode, String, Vec<String>) {
        let endpoint = Credentials::from_provider(provider).endpoint(Path::new("/signing"));
        let endpoint = endpoint.unwrap();
        let mut headers = HeaderMap::new();
        let token = token.map_or(endpoint.token().to_owned(), ToOwned::to_owned);
        headers.insert(AUTHORIZATION, token.parse().unwrap());
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&warnings);
        let observer = Observer::new(move |report| {
            if let Report::Warning { text, .. } = report {
                seen.lock().unwrap().push(text.to_owned());
            }
        });
        let answer = credentials(Some(&endpoint), &headers, &observer).await;
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let warnings = warnings.lock().unwrap().clone();
        (
            status,
            String::from_utf8_lossy(&body).into_owned(),
            warnings,
        )
    }

    #[tokio::test]
    async fn credentials_are_given_for_the_token_of_the_process() {
        let (status, body, _) = ask(found(), None).await;
        assert_eq!(status, StatusCode::OK);
        let expected = r#"{"AccessKeyId":"AKID","SecretAccessKey":"SECRET","Token":"TOKEN"}"#;
        assert_eq!(body, expected);
        for token in ["", "guessed"] {
            let (status, body, _) = ask(found(), Some(token)).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert!(!body.contains("SECRET"), "{body}");
        }
        let none = credentials(None, &HeaderMap::new(), &Observer::default()).await;
        assert_eq!(none.status(), StatusCode::FORBIDDEN);
    }

    /// The process may wait less long than the provider takes.
    #[tokio::test]
    async fn the_terminal_learns_the_reason_after_the_process_has_gone() {
        struct Slow(Arc<Barrier>);

        impl CredentialsProvider for Slow {
            fn serves(&self, _task_root: &Path) -> bool {
                true
            }

            fn region(&self) -> Option<String> {
                None
            }

            fn credentials(&self) -> Result<AwsCredentials, String> {
                self.0.wait();
                Err("too slow".to_owned())
            }
        }

        let (barrier, (sender, warnings)) = (Arc::new(Barrier::new(2)), channel());
        let provider = Credentials::from_provider(Slow(Arc::clone(&barrier)));
        let endpoint = provider.endpoint(Path::new("/signing")).unwrap();
        let observer = Observer::new(move |report| {
            if let Report::Warning { text, .. } = report {
                sender.send(text.to_owned()).unwrap();
            }
        });
        let mut asking = Box::pin(endpoint.document(&observer));
        let pending = std::future::poll_fn(|cx| Poll::Ready(asking.as_mut().poll(cx).is_pending()));
        assert!(pending.await);
        drop(asking);
        barrier.wait();
        let warning = tokio::task::spawn_blocking(move || warnings.recv())
            .await
            .unwrap();
        assert_eq!(warning.unwrap(), "too slow");
    }

    #[tokio::test]
    async fn a_provider_without_credentials_says_why_at_the_terminal() {
        let (status, _, warnings) = ask(Fixed(Err("log in".to_owned())), None).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(warnings, ["log in"]);
    }

    #[test]
    fn each_process_has_a_token_of_its_own_and_other_functions_none() {
        let credentials = Credentials::from_provider(found());
        let token = || {
            let endpoint = credentials.endpoint(Path::new("/signing"));
            endpoint.unwrap().token().to_owned()
        };
        assert_ne!(token(), token());
        assert!(credentials.endpoint(Path::new("/other")).is_none());
        assert!(
            Credentials::default()
                .endpoint(Path::new("/signing"))
                .is_none()
        );
    }

    #[test]
    fn credentials_are_not_shown() {
        let shown = format!("{:?}", found().0);
        for hidden in ["AKID", "SECRET", "TOKEN"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
