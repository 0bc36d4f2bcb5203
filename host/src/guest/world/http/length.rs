//! The length of a body, and the one that its response announces. Pure functions.

use http::StatusCode;

/// Counts the bytes of a body against the `content-length` of its response.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Length {
    announced: Option<u64>,
    written: u64,
    is_head: bool,
    status: StatusCode,
}

/// A body has another length than its response announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the handler wrote {written} bytes of response, and its `content-length` is {announced}")]
pub(in super::super) struct WrongLength {
    pub(in super::super) written: u64,
    announced: u64,
}

impl Length {
    /// `announced` is the `content-length`, if there is one, and `is_head` whether the request has the method `HEAD`.
    pub(in super::super) fn new(announced: Option<u64>, is_head: bool, status: StatusCode) -> Self {
        Self {
            announced,
            written: 0,
            is_head,
            status,
        }
    }

    /// The guest has changed the status of the response.
    pub(in super::super) fn set_status(&mut self, status: StatusCode) {
        self.status = status;
    }

    /// Returns the bytes of the body so far.
    pub(in super::super) fn written(&self) -> u64 {
        self.written
    }

    /// Checks whether the body may have `bytes` more. If not, none of them may leave: a client takes a body of the
    /// announced length for a complete one.
    pub(in super::super) fn check(&self, bytes: usize) -> Result<(), WrongLength> {
        let written = self.with(bytes);
        match self.announced {
            Some(announced) if written > announced => Err(WrongLength { written, announced }),
            Some(_) | None => Ok(()),
        }
    }

    /// Counts `bytes` more.
    pub(in super::super) fn add(&mut self, bytes: usize) {
        self.written = self.with(bytes);
    }

    /// Checks whether the body may end.
    pub(in super::super) fn end(&self) -> Result<(), WrongLength> {
        let written = self.written;
        let is_absent = written == 0 && self.may_be_absent();
        match self.announced {
            Some(announced) if written != announced && !is_absent => {
                Err(WrongLength { written, announced })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the response announces the length of a body that it does not have: that of the answer to `GET`, or of
    /// what the client has already.
    fn may_be_absent(&self) -> bool {
        self.is_head || self.status == StatusCode::NOT_MODIFIED
    }

    fn with(&self, bytes: usize) -> u64 {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.written.saturating_add(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(announced: impl Into<Option<u64>>, written: usize) -> Length {
        let mut length = Length::new(announced.into(), false, StatusCode::OK);
        length.add(written);
        length
    }

    #[test]
    fn without_an_announced_length_every_body_is_complete() {
        for written in [0, 1, usize::MAX] {
            assert_eq!(of(None, written).check(usize::MAX), Ok(()));
            assert_eq!(of(None, written).end(), Ok(()));
        }
    }

    #[test]
    fn a_body_has_the_length_that_is_announced() {
        let wrong = |written, announced| Err(WrongLength { written, announced });
        assert_eq!(of(5, 5).end(), Ok(()));
        assert_eq!(of(0, 0).end(), Ok(()));
        assert_eq!(of(5, 4).end(), wrong(4, 5));
        assert_eq!(of(5, 0).end(), wrong(0, 5));
        assert_eq!(of(5, 3).check(2), Ok(()));
        assert_eq!(of(5, 3).check(3), wrong(6, 5));
        assert_eq!(of(5, 3).check(usize::MAX), wrong(u64::MAX, 5));
    }

    #[test]
    fn the_body_may_be_absent_only_for_head_and_not_modified() {
        for (is_head, status, may_be_absent) in [
            (false, StatusCode::OK, false),
            (false, StatusCode::NO_CONTENT, false),
            (true, StatusCode::OK, true),
            (false, StatusCode::NOT_MODIFIED, true),
        ] {
            let mut length = Length::new(Some(5), is_head, status);
            assert_eq!(length.end().is_ok(), may_be_absent, "{is_head} {status}");
            length.add(1);
            length.end().unwrap_err();
        }
        let mut length = Length::new(Some(5), false, StatusCode::OK);
        length.set_status(StatusCode::NOT_MODIFIED);
        assert_eq!(length.end(), Ok(()));
    }
}
