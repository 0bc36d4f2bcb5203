//! Concurrent invocations.

use std::time::{Duration, Instant};

use super::units::{count, float, us};
use super::{Row, tiny};
use crate::event::Event;
use crate::process::Process;
use crate::target::Target;

/// Tiny responses, several at once.
pub(super) fn at_once(target: &Target) -> anyhow::Result<Vec<Row>> {
    const STEPS: [(usize, usize, &str, &str); 3] = [
        (
            8,
            1600,
            "8 at once: CPU each, us",
            "8 at once: answers per second",
        ),
        (
            64,
            3200,
            "64 at once: CPU each, us",
            "64 at once: answers per second",
        ),
        (
            512,
            5120,
            "512 at once: CPU each, us",
            "512 at once: answers per second",
        ),
    ];
    let mut rows = vec![];
    for (concurrency, invocations, cpu_row, speed_row) in STEPS {
        let process = Process::start(target, concurrency)?;
        // Warms up every worker.
        process.lambda.invoke(tiny(200.max(4 * concurrency)))?;
        let before = process.cpu()?;
        let started = Instant::now();
        process.lambda.invoke(tiny(invocations))?;
        let time = started.elapsed();
        let cpu = process.cpu()? - before;
        rows.push((cpu_row, us(cpu) / count(invocations)));
        rows.push((speed_row, count(invocations) / time.as_secs_f64()));
    }
    Ok(rows)
}

/// Memory with many invocations at once.
pub(super) fn memory(target: &Target) -> anyhow::Result<Vec<Row>> {
    let waiting = Event::chunks(2, 64).with("pause_ms", 1500);
    let mut rows = vec![];
    let mut alone = 0.0;
    for (concurrency, idle_row, active_row) in [
        (1, "", ""),
        (
            64,
            "64 at once: resident per further idle worker, KiB",
            "64 at once: resident per further invocation, KiB",
        ),
        (
            512,
            "512 at once: resident per further idle worker, KiB",
            "512 at once: resident per further invocation, KiB",
        ),
    ] {
        let process = Process::start(target, concurrency)?;
        process.lambda.invoke(tiny(2 * concurrency))?;
        let idle = float(process.resident_kib()?);
        process.lambda.begin(vec![waiting.clone(); concurrency])?;
        pause(Duration::from_millis(700));
        let active = float(process.resident_kib()?);
        process.lambda.received(concurrency)?;
        if concurrency == 1 {
            alone = active;
            continue;
        }
        let others = count(concurrency - 1);
        rows.push((idle_row, (idle - alone) / others));
        rows.push((active_row, (active - alone) / others));
    }
    Ok(rows)
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing else runs on this thread"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
