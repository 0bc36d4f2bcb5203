mod requests;
mod responses;

use super::{IncomingResponse, get};
use crate::testing::{Reply, Upstream};

const URL: &str = "https://api.example/v1";

/// Sends a request to an upstream with this reply.
fn answered(reply: Reply) -> IncomingResponse {
    let _upstream = Upstream::new([reply]);
    get(URL).send().unwrap()
}
