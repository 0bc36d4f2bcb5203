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
    let alone = Resident::with(target, 1)?.active;
    let mut rows = vec![];
    for (concurrency, names) in [
        (
            64,
            [
                "64 at once: resident per further idle worker, KiB",
                "64 at once: the same without memories of guests, KiB",
                "64 at once: resident per further invocation, KiB",
                "64 at once: an invocation without memories of guests, KiB",
            ],
        ),
        (
            512,
            [
                "512 at once: resident per further idle worker, KiB",
                "512 at once: the same without memories of guests, KiB",
                "512 at once: resident per further invocation, KiB",
                "512 at once: an invocation without memories of guests, KiB",
            ],
        ),
    ] {
        let Resident { idle, active } = Resident::with(target, concurrency)?;
        let further = |value: f64, alone: f64| (value - alone) / count(concurrency - 1);
        let values = [
            further(idle.all, alone.all),
            further(idle.host, alone.host),
            further(active.all, alone.all),
            further(active.host, alone.host),
        ];
        rows.extend(names.into_iter().zip(values));
    }
    Ok(rows)
}

/// Resident memory of a process whose workers are idle, and while each serves an invocation.
struct Resident {
    idle: Kib,
    active: Kib,
}

/// Resident memory in KiB.
#[derive(Clone, Copy)]
struct Kib {
    all: f64,
    /// Without the memories of guests.
    host: f64,
}

impl Resident {
    fn with(target: &Target, concurrency: usize) -> anyhow::Result<Self> {
        let waiting = Event::chunks(2, 64).with("pause_ms", 1500);
        let process = Process::start(target, concurrency)?;
        process.lambda.invoke(tiny(2 * concurrency))?;
        let idle = Kib::of(&process)?;
        process.lambda.begin(vec![waiting; concurrency])?;
        pause(Duration::from_millis(700));
        let active = Kib::of(&process)?;
        process.lambda.received(concurrency)?;
        Ok(Self { idle, active })
    }
}

impl Kib {
    fn of(process: &Process) -> anyhow::Result<Self> {
        let all = process.resident_kib()?;
        let host = all.saturating_sub(process.guests_kib()?);
        Ok(Self {
            all: float(all),
            host: float(host),
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing else runs on this thread"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
