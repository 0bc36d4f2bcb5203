//! The benchmark handler as a component of WASI 0.3: the work of `benches/guest`, with the bare bindings.

use bench_workload::{FAILURE_MESSAGE, Failure, Work, spin, stamp};
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{StreamWriter, spawn_local};
use wasip3::{wit_future, wit_stream};

struct Component;

impl Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let work = Work::of_target(&target).expect("a query with numbers");
        assert!(work.failure != Some(Failure::Early), "{FAILURE_MESSAGE}");
        let headers = [("content-type".to_owned(), b"text/plain".to_vec())];
        let headers = Fields::from_list(&headers).expect("a valid header");
        let (mut body, contents) = wit_stream::new();
        // Dropping the other end says that there are none.
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _) = Response::new(headers, Some(contents), trailers);
        spawn_local(async move {
            write(&mut body, &work).await;
            assert!(work.failure != Some(Failure::Late), "{FAILURE_MESSAGE}");
        });
        Ok(response)
    }
}

async fn write(body: &mut StreamWriter<u8>, work: &Work) {
    let mut chunk = work.chunk();
    for number in 0..work.chunks {
        if number > 0 && !work.pause.is_zero() {
            wait_for(u64::try_from(work.pause.as_nanos()).unwrap_or(u64::MAX)).await;
        }
        if work.stamp {
            stamp(&mut chunk);
        }
        // The receiver is gone.
        if !body.write_all(chunk.clone()).await.is_empty() {
            return;
        }
        spin(work.spin);
    }
}

wasip3::http::service::export!(Component);
