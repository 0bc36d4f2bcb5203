//! An event, and whether it is an HTTP request.

use crate::raw::RawEvent;
use crate::reader;
use crate::request;
use crate::{HttpRequest, ReadError, RequestKind};

/// An event of any service.
#[derive(Debug)]
pub struct Event<'event>(RawEvent<'event>);

impl<'event> Event<'event> {
    /// Parses an event, and checks the types of the members that a request needs.
    ///
    /// # Errors
    ///
    /// [`ReadError::NotJson`], and [`ReadError::Member`] for the event of an HTTP front end that has a member of
    /// another type. Any other JSON is an event without a [`kind`](Self::kind).
    pub fn parse(event: &'event [u8]) -> Result<Self, ReadError> {
        reader::read(event).map(Self)
    }

    /// Returns the shape of an HTTP front end. `None` for every other event.
    #[must_use]
    pub fn kind(&self) -> Option<RequestKind> {
        self.0.kind()
    }

    /// Returns whether the event asks an authorizer about a request. It has the members of that request, but who
    /// sent it expects a policy.
    #[must_use]
    pub fn asks_authorizer(&self) -> bool {
        self.0.asks_authorizer()
    }

    /// Reads the HTTP request.
    ///
    /// Without a path the path is `/`, so that tests of handlers can leave it out; see
    /// [`require_path`](Self::require_path).
    ///
    /// # Errors
    ///
    /// When the event has no [`kind`](Self::kind), when its method is missing, invalid or `CONNECT`, when path and
    /// query are too long for a URI, when it has too many headers, or when its body is marked as base64 but is not.
    pub fn into_request(self) -> Result<HttpRequest<'event>, ReadError> {
        let kind = self.kind().ok_or(ReadError::UnknownShape)?;
        request::read(self.0, kind)
    }

    /// Checks that the event has a path, as every front end writes it.
    ///
    /// # Errors
    ///
    /// [`ReadError::Missing`], which names the member.
    pub fn require_path(&self) -> Result<(), ReadError> {
        match self.kind() {
            Some(kind) if !self.0.has_path(kind) => Err(ReadError::Missing(kind.path_member())),
            Some(_) | None => Ok(()),
        }
    }
}
