//! The sandboxed benchmark handler: the work of `benches/peers` as a component.

use std::io::{BufWriter, IntoInnerError, Write as _};
use std::thread;

use bench_workload::{FAILURE_MESSAGE, Failure, Work, spin, stamp};
use bootstream::{Body, Error, Event, Head, Response};

#[bootstream::handler]
#[expect(clippy::needless_pass_by_value, reason = "a handler owns its event")]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let work = Work::parse(event.bytes())?;
    if work.failure == Some(Failure::Early) {
        return Err(FAILURE_MESSAGE.into());
    }
    let mut body = response.start(Head::new(200).header("content-type", "text/plain"))?;
    if work.buffer_bytes == 0 {
        write(&mut body, &work)?;
    } else {
        body = write_gathered(body, &work)?;
    }
    if work.failure == Some(Failure::Late) {
        return Err(FAILURE_MESSAGE.into());
    }
    body.finish()?;
    Ok(())
}

fn write(body: &mut Body, work: &Work) -> Result<(), Error> {
    let mut chunk = work.chunk();
    for number in 0..work.chunks {
        if number > 0 && !work.pause.is_zero() {
            thread::sleep(work.pause);
        }
        if work.stamp {
            stamp(&mut chunk);
        }
        body.write(&chunk)?;
        spin(work.spin);
    }
    Ok(())
}

fn write_gathered(body: Body, work: &Work) -> Result<Body, Error> {
    let chunk = work.chunk();
    let mut writer = BufWriter::with_capacity(work.buffer_bytes, body);
    for _ in 0..work.chunks {
        writer.write_all(&chunk)?;
    }
    Ok(writer.into_inner().map_err(IntoInnerError::into_error)?)
}
