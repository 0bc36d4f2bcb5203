//! Properties of every sequence of calls, checked on the wire: state machine, buffer and connection together.

use bootstream_host::invocation::Invocation;
use bootstream_host::response::{self, FailureRoute, ResponseReader, ResponseWriter};
use bootstream_host::runtime_api::Client;
use bootstream_test_support::recorder::{End, Exchange, Recorder};
use bytes::Bytes;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use lambda_protocol::prelude::Prelude;
use proptest::prelude::*;
use tokio::runtime::Runtime;

/// Number of sequences; each is one invocation on a connection.
const CASES: u32 = 300;

/// An operation on the guest's half of a response.
#[derive(Clone, Debug)]
enum Call {
    Head(u16),
    Write(usize),
    Finish,
    Fail,
    /// Yields to the other side.
    Yield,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        2 => (100..600_u16).prop_map(Call::Head),
        1 => Just(Call::Write(0)),
        5 => (1..200_usize).prop_map(Call::Write),
        2 => (10_000..600_000_usize).prop_map(Call::Write),
        1 => Just(Call::Finish),
        1 => Just(Call::Fail),
        3 => Just(Call::Yield),
    ];
    prop::collection::vec(call, 0..12)
}

/// The results the guest saw, which determine everything on the wire.
#[derive(Debug, Default)]
struct Observed {
    head: Option<u16>,
    written: Vec<u8>,
    started: bool,
    finished: bool,
    failed: Option<FailureRoute>,
}

impl Observed {
    async fn make(&mut self, writer: &ResponseWriter, call: &Call) {
        match call {
            Call::Head(status) => {
                let prelude = Prelude::encode(*status, vec![], vec![]).expect("a valid head");
                if writer.write_headers(prelude).is_ok() {
                    assert!(!self.started, "a second prelude was accepted");
                    (self.head, self.started) = (Some(*status), true);
                }
            }
            Call::Write(length) => {
                let chunk: Vec<u8> = (0..251).cycle().take(*length).collect();
                if writer.write(&chunk).await.is_ok() {
                    self.started = true;
                    self.written.extend(chunk);
                }
            }
            Call::Finish => {
                if writer.finish().is_ok() {
                    (self.started, self.finished) = (true, true);
                }
            }
            Call::Fail => {
                let route = writer.fail(&ErrorReport::new(ErrorType::Trap, "t"));
                self.failed.get_or_insert(route);
            }
            Call::Yield => tokio::task::yield_now().await,
        }
    }
}

/// Makes the calls while the response is posted, then drops the guest's half.
async fn run(lambda: &Recorder, id: &str, calls: &[Call]) -> Observed {
    let (writer, reader) = response::channel(None);
    let (done, ended) = tokio::sync::oneshot::channel();
    let calling = async move {
        let mut observed = Observed::default();
        for call in calls {
            observed.make(&writer, call).await;
        }
        drop(writer);
        let _ = done.send(());
        observed
    };
    let (observed, ()) = tokio::join!(calling, post(lambda, id, reader, ended));
    observed
}

/// Posts the response if it starts before the guest's half is dropped.
async fn post(
    lambda: &Recorder,
    id: &str,
    reader: ResponseReader,
    ended: tokio::sync::oneshot::Receiver<()>,
) {
    tokio::select! {
        biased;
        () = reader.started() => {}
        _ = ended => return,
    }
    let mut client = Client::new(lambda.address().parse().expect("an address"));
    let answer = client
        .respond(&Invocation::new(id, Bytes::new()), reader.payload())
        .await;
    answer.expect("the Runtime API accepts everything");
}

fn check(observed: &Observed, response: Option<&Exchange>) {
    let Some(response) = response else {
        assert!(!observed.started, "a response got lost");
        return;
    };
    assert!(observed.started, "a response that was not started");
    assert_ne!(
        observed.failed,
        Some(FailureRoute::ErrorDocument),
        "answered in two ways"
    );
    let (prelude, body) = response.prelude_and_body();
    assert_eq!(prelude["statusCode"], observed.head.unwrap_or(200));
    assert_eq!(body, observed.written, "bytes were lost or invented");
    if observed.finished {
        response.assert_clean_end();
    } else {
        assert_eq!(
            response.end,
            End::Trailers,
            "an end the guest did not ask for"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// At most one response, nothing after its end, and a clean end only at the guest's request.
    #[test]
    fn the_wire_matches_the_results_that_the_guest_saw(calls in calls()) {
        let lambda = Recorder::start();
        let runtime = Runtime::new().expect("a runtime can be made");
        let observed = runtime.block_on(run(&lambda, "id-1", &calls));
        let response = lambda.look(|seen| seen.to("id-1/response").first().map(|it| (*it).clone()));
        check(&observed, response.as_ref());
        prop_assert!(lambda.look(|seen| seen.exchanges.len()) <= 1);
    }
}
