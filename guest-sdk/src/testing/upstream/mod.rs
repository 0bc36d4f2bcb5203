//! The other side of [`fetch`](crate::fetch) in tests.

mod exchange;
mod reply;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;

pub(crate) use exchange::{Exchange, begin};
pub(crate) use reply::Part;
pub use reply::Reply;

thread_local! {
    /// The upstream of this thread, which is that of one test.
    static CURRENT: RefCell<Option<Rc<RefCell<State>>>> = const { RefCell::new(None) };
}

/// Answers the requests that handlers of this thread send with [`fetch`](crate::fetch), and records them.
///
/// It answers until it is dropped. Tests run in threads of their own, so each has its own upstream.
///
/// ```
/// use bootstream::testing::{self, Reply, Upstream};
/// use bootstream::{Error, Event, Response, fetch};
///
/// #[bootstream::handler]
/// fn handle(_: Event, response: Response) -> Result<(), Error> {
///     let mut upstream = fetch::get("https://api.example/poem").send()?.success()?;
///     let mut body = response.start(200)?;
///     upstream.copy_to(&mut body)?;
///     body.finish()?;
///     Ok(())
/// }
///
/// let reply = Reply::new(200).chunk("first line\n").chunk("second line\n");
/// let upstream = Upstream::new([reply, Reply::new(200).chunk("half a l").cut()]);
///
/// let (response, recording) = testing::response();
/// handle(testing::get("/"), response).unwrap();
/// assert_eq!(recording.text(), "first line\nsecond line\n");
/// assert_eq!(upstream.requests()[0].url(), "https://api.example/poem");
///
/// // A response that breaks off must not look complete.
/// let (response, recording) = testing::response();
/// assert!(handle(testing::get("/"), response).is_err());
/// assert!(!recording.finished());
/// ```
///
/// Like the host, it refuses the methods `CONNECT` and `TRACE`, heads over 64 KiB, more than 16 open
/// requests, and waits longer than 60 seconds or the request's own timeouts. It does not know
/// `outbound.allow`: [`Reply::error`] plays a host that denies.
#[must_use = "it answers until it is dropped"]
pub struct Upstream(Rc<RefCell<State>>);

/// A request that an [`Upstream`] got.
#[derive(Clone, Debug)]
pub struct UpstreamRequest {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) is_complete: bool,
}

/// Makes the reply to a request.
type Responder = Box<dyn FnMut(&UpstreamRequest) -> Reply>;

pub(crate) enum Replies {
    InOrder(VecDeque<Reply>),
    By(Responder),
}

pub(crate) struct State {
    replies: Replies,
    requests: Vec<UpstreamRequest>,
    open: usize,
}

impl Upstream {
    /// Answers each request with the next of these replies. A request that is left without one fails.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(Replies::InOrder(replies.into_iter().collect()))
    }

    /// Answers each request with the reply that `respond` makes of it. The request is complete by then.
    ///
    /// ```
    /// use bootstream::testing::{Reply, Upstream};
    ///
    /// let upstream = Upstream::with(|request| match request.url() {
    ///     "https://api.example/health" => Reply::new(200),
    ///     _ => Reply::new(404),
    /// });
    /// # let found = bootstream::fetch::get("https://api.example/health").send().unwrap();
    /// # assert_eq!(found.status(), 200);
    /// ```
    pub fn with(respond: impl FnMut(&UpstreamRequest) -> Reply + 'static) -> Self {
        Self::start(Replies::By(Box::new(respond)))
    }

    fn start(replies: Replies) -> Self {
        let state = Rc::new(RefCell::new(State {
            replies,
            requests: Vec::new(),
            open: 0,
        }));
        CURRENT.set(Some(Rc::clone(&state)));
        Self(state)
    }

    /// Returns the requests so far, in order.
    pub fn requests(&self) -> Vec<UpstreamRequest> {
        self.0.borrow().requests.clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| {
            if current.as_ref().is_some_and(|it| Rc::ptr_eq(it, &self.0)) {
                *current = None;
            }
        });
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("requests", &self.0.borrow().requests)
            .finish_non_exhaustive()
    }
}

impl UpstreamRequest {
    /// Returns the method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL with its query.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the first value of a header, if it is text. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body, as far as it was sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as text. Bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// When it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// Returns whether the body was sent to its end.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }
}
