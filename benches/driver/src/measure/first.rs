//! Starts of handlers of several sizes up to their first byte, with their files in the page cache and without.

use super::Row;
use super::units::{float, ms};
use crate::event::Event;
use crate::process::Process;
use crate::stats::median;
use crate::target::Target;

const STARTS: usize = 9;

/// The values of one start.
struct Start {
    poll: f64,
    first_byte: f64,
    cpu: f64,
    read_kib: f64,
}

/// Starts with all files in the page cache.
pub(super) fn cached(target: &Target) -> anyhow::Result<Vec<Row>> {
    let starts = starts(target, || Ok(()))?;
    let of = |value: fn(&Start) -> f64| median(starts.iter().map(value));
    Ok(vec![
        ("cached: spawn to /next, ms", of(|it| it.poll)),
        ("cached: CPU to /next, ms", of(|it| it.cpu)),
        ("cached: event to first byte, ms", of(|it| it.first_byte)),
        (
            "cached: spawn to first byte, ms",
            of(|it| it.poll + it.first_byte),
        ),
    ])
}

/// Starts with the files of the package on storage only.
pub(super) fn evicted(target: &Target) -> anyhow::Result<Vec<Row>> {
    let starts = starts(target, || target.evict())?;
    let of = |value: fn(&Start) -> f64| median(starts.iter().map(value));
    Ok(vec![
        ("evicted: spawn to /next, ms", of(|it| it.poll)),
        (
            "evicted: read from storage to /next, KiB",
            of(|it| it.read_kib),
        ),
        ("evicted: event to first byte, ms", of(|it| it.first_byte)),
        (
            "evicted: spawn to first byte, ms",
            of(|it| it.poll + it.first_byte),
        ),
    ])
}

/// Invocations after the first one.
pub(super) fn later(target: &Target) -> anyhow::Result<Vec<Row>> {
    const INVOCATIONS: usize = 3;
    let process = Process::start(target, 1)?;
    process.lambda.invoke([Event::foreign()])?;
    let mut first_bytes = vec![];
    for _ in 0..INVOCATIONS {
        let round = process.lambda.invoke([Event::foreign()])?;
        first_bytes.extend(super::latency::to_first_byte(&round).map(ms));
    }
    Ok(vec![(
        "later: event to first byte, ms",
        median(first_bytes),
    )])
}

fn starts(target: &Target, prepare: impl Fn() -> anyhow::Result<()>) -> anyhow::Result<Vec<Start>> {
    let start = |_| {
        prepare()?;
        let process = Process::start(target, 1)?;
        let poll = ms(process.lambda.polled(1)? - process.spawned);
        let (cpu, read) = (process.cpu()?, process.storage_bytes()?);
        Ok(Start {
            poll,
            cpu: ms(cpu),
            read_kib: float(read) / 1024.0,
            first_byte: ms(process.lambda.first_byte(Event::foreign())?),
        })
    };
    (0..STARTS).map(start).collect()
}
