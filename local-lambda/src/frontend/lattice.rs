//! A service of VPC Lattice, which buffers: event structure V2.

use http::StatusCode;

use super::{Rejection, Service};
use crate::event::{self, Origin};
use crate::response::{MissingStatus, MultiValueHeaders, Prelude, Reading, ResponseRules};

pub(super) static LATTICE: Service = Service {
    name: "lattice",
    rules: ResponseRules {
        service: "VPC Lattice",
        prelude: Prelude::NotRead,
        reading: Reading::Strict,
        takes_cookies: false,
        takes_status_description: false,
        multi_value_headers: MultiValueHeaders::Ignored {
            advice: "write them into `headers`",
        },
        missing_status: MissingStatus::Invalid,
        undoes_gzip: false,
    },
    request_id_header: None,
    forward: Origin::forward_peer,
    event: event::lattice::from_request,
    body_warning: |_| None,
    rejects: |_| None,
    rejects_head: |_| None,
    // AWS documents only that the status is 5xx.
    failure: |_| Rejection::text(StatusCode::BAD_GATEWAY, "Bad Gateway"),
};
