//! How a service reads the responses of functions.

/// How a service reads the responses of functions.
#[derive(Clone, Copy, Debug)]
pub struct ResponseRules {
    /// The name of the service in messages, with its article.
    pub service: &'static str,
    /// Whether a streamed response begins with a prelude.
    pub prelude: Prelude,
    /// How values of other types than the documented ones are read.
    pub reading: Reading,
    /// Whether the service reads `cookies` in a response document.
    pub takes_cookies: bool,
    /// Whether the service reads `statusDescription` in a response document.
    pub takes_status_description: bool,
    /// How `multiValueHeaders` is read.
    pub multi_value_headers: MultiValueHeaders,
    /// The meaning of a buffered response without a status.
    pub missing_status: MissingStatus,
    /// Whether the service decompresses a body that the function has compressed.
    ///
    /// Function URLs decompress gzip in a stream:
    /// <https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/96>.
    pub undoes_gzip: bool,
}

/// Whether a streamed response begins with a prelude.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prelude {
    /// The service does not stream: it waits for the whole response and reads it as a document.
    NotRead,
    /// If its content type announces one.
    IfAnnounced,
    /// Always.
    Required,
}

/// How a service reads values of other types than the documented ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reading {
    /// Numbers and booleans become text, and `null` is absent. API Gateway does so, and with it function URLs.
    Lenient,
    /// Only text is valid. A load balancer rejects the document; AWS does not document VPC Lattice.
    Strict,
}

/// How `multiValueHeaders` in a response document is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MultiValueHeaders {
    /// They replace `headers` of the same name.
    Preferred,
    /// Only `multiValueHeaders` is read; `headers` is ignored.
    Only,
    /// They are ignored.
    Ignored {
        /// What to write instead.
        advice: &'static str,
    },
}

/// The meaning of a buffered response without a status.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MissingStatus {
    /// The response is the body itself, with status 200.
    MeansBody,
    /// The response is invalid: the service requires a document with a status.
    Invalid,
}

impl ResponseRules {
    /// Returns whether the caller gets the response while it is being written.
    pub(crate) fn streams(&self) -> bool {
        self.prelude != Prelude::NotRead
    }
}
