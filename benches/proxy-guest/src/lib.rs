//! The sandboxed proxy: the work of `benches/peers/native-proxy` as a component.

use bench_workload::Proxy;
use bootstream::{Error, Event, Head, Response, fetch};

#[bootstream::handler]
#[expect(clippy::needless_pass_by_value, reason = "a handler owns its event")]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let work = Proxy::parse(event.bytes())?;
    let url = work.url();
    for _ in 1..work.requests {
        let mut answer = fetch::get(&url).send()?;
        for part in answer.chunks() {
            part?;
        }
    }
    let mut answer = fetch::get(&url).send()?;
    let mut body = response.start(Head::new(200).header("content-type", "text/plain"))?;
    answer.copy_to(&mut body)?;
    body.finish()?;
    Ok(())
}
