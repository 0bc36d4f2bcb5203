//! The feed of changes, as server-sent events.
//!
//! The feed compares the records with what its reader has: there is no queue, and a slow reader gets fewer
//! and larger batches.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::recorder::{Delta, Recorder, summary};

/// How long changes are collected before they are sent.
const BATCH_SPAN: Duration = Duration::from_millis(50);

/// Longest silence. Then a comment keeps the connection open.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);

/// How long a browser waits before it connects again, in milliseconds.
const RETRY_MILLIS: u32 = 1000;

type Next = Pin<Box<dyn Future<Output = (Follower, Bytes)> + Send + Sync>>;

/// The body of the feed. Never ends.
pub(super) struct Events(Next);

/// A reader of the feed.
struct Follower {
    recorder: Recorder,
    versions: watch::Receiver<u64>,
    /// The version up to which it has everything.
    version: u64,
    /// What it has of each record.
    deltas: HashMap<String, Delta>,
}

impl Events {
    /// Follows the changes after those that `last` names: the id of an event.
    pub(super) fn after(recorder: Recorder, last: Option<&str>) -> Self {
        let mut start = format!("retry: {RETRY_MILLIS}\n\n");
        let mut version = 0;
        if let Some((run, seen)) = last.and_then(|last| last.split_once('-')) {
            if run == recorder.run() {
                version = seen.parse().unwrap_or(0);
            } else {
                // What the reader has is of an earlier process.
                push(
                    &mut start,
                    "lagged",
                    None,
                    &json!({ "run": recorder.run() }),
                );
            }
        }
        let follower = Follower {
            versions: recorder.versions(),
            recorder,
            version,
            deltas: HashMap::new(),
        };
        Self(Box::pin(async move { (follower, start.into()) }))
    }
}

impl Follower {
    /// Waits for changes. Returns them as events.
    async fn next(mut self) -> (Self, Bytes) {
        let version = self.version;
        let changed = self.versions.wait_for(|latest| *latest > version);
        if timeout(LONGEST_SILENCE, changed).await.is_err() {
            return (self, Bytes::from_static(b": still here\n\n"));
        }
        sleep(BATCH_SPAN).await;
        let events = self.events();
        (self, events.into())
    }

    fn events(&mut self) -> String {
        // Read before the records: a later change is sent again rather than lost.
        let latest = *self.versions.borrow_and_update();
        let is_first = self.version == 0 && self.deltas.is_empty();
        let mut text = String::new();
        let deltas = &mut self.deltas;
        let id = format!("{}-{latest}", self.recorder.run());
        let changed = self.recorder.changed_since(self.version, |record| {
            let delta = deltas.entry(record.id.clone()).or_default();
            let summary = summary(record);
            let is_over = !record.is_running();
            // A page that has just opened asks for the details it shows.
            let parts = (!is_first || !is_over)
                .then(|| [("chunk", delta.chunks(record)), ("log", delta.logs(record))]);
            (record.id.clone(), summary, parts, is_over)
        });
        for (request_id, summary, parts, is_over) in changed {
            push(&mut text, "invocation", Some(&id), &summary);
            for (name, part) in parts.into_iter().flatten() {
                if let Some(part) = part {
                    push(&mut text, name, Some(&id), &part);
                }
            }
            if is_over {
                push(
                    &mut text,
                    "end",
                    Some(&id),
                    &json!({ "requestId": request_id }),
                );
            }
        }
        if text.is_empty() {
            push(
                &mut text,
                "cleared",
                Some(&id),
                &json!({ "run": self.recorder.run() }),
            );
        }
        self.forget_evicted();
        self.version = latest;
        text
    }

    /// Forgets records that are no longer kept.
    fn forget_evicted(&mut self) {
        const MOST: usize = 1000;
        if self.deltas.len() > MOST {
            let kept = self.recorder.changed_since(0, |record| record.id.clone());
            self.deltas.retain(|id, _| kept.contains(id));
        }
    }
}

fn push(text: &mut String, name: &str, id: Option<&str>, data: &Value) {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let _ = write!(text, "{id}event: {name}\ndata: {data}\n\n");
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let (follower, bytes) = ready!(self.0.as_mut().poll(cx));
        self.0 = Box::pin(follower.next());
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
