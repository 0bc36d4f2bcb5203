//! The sandboxed proxy: the work of `benches/peers/native-proxy` as a component.

mod fetch;

use bench_workload::Proxy;
use bootstream::{Error, Event, Head, Response};

#[bootstream::handler]
#[expect(clippy::needless_pass_by_value, reason = "a handler owns its event")]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let work = Proxy::parse(event.bytes())?;
    let path = work.answer.path();
    for _ in 1..work.requests {
        fetch::get(work.port, &path)?.read(|_| Ok(()))?;
    }
    let answer = fetch::get(work.port, &path)?;
    let mut body = response.start(Head::new(200).header("content-type", "text/plain"))?;
    answer.read(|bytes| Ok(body.write(bytes)?))?;
    body.finish()?;
    Ok(())
}
