//! The size of a request's line and headers.

use http::HeaderValue;
use http::request::Parts;

/// Largest request line and header values of API Gateway together, in bytes. Observed for function URLs
/// too: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>.
const API_HEAD_LIMIT_BYTES: usize = 10_240;

/// Sizes of the parts of a head, in bytes.
pub(super) struct HeadSize {
    pub(super) line: usize,
    /// Header values, without names.
    values: usize,
    pub(super) longest_header: usize,
    pub(super) headers: usize,
}

impl HeadSize {
    pub(super) fn of(request: &Parts) -> Self {
        const SPACES_AND_VERSION: usize = "  HTTP/1.1".len();
        const COLON_SPACE: usize = 2;
        let target = request
            .uri
            .path_and_query()
            .map_or(0, |it| it.as_str().len());
        let sizes = || {
            let headers = request.headers.iter();
            headers.map(|(name, value)| name.as_str().len() + COLON_SPACE + value.len())
        };
        Self {
            line: request.method.as_str().len() + target + SPACES_AND_VERSION,
            values: request.headers.values().map(HeaderValue::len).sum(),
            longest_header: sizes().max().unwrap_or_default(),
            headers: sizes().sum(),
        }
    }

    /// Returns why the head is too long for API Gateway or a function URL, if it is.
    pub(super) fn over_api_limit(&self, service: &str) -> Option<String> {
        let size = self.line + self.values;
        (size > API_HEAD_LIMIT_BYTES).then(|| {
            format!(
                "{service} takes at most {API_HEAD_LIMIT_BYTES} bytes of request line and header values, \
                 and these have {size}"
            )
        })
    }
}
