//! Latency: to the first poll, the first byte, the end, and of a chunk.

use std::time::Duration;

use super::units::{count, mib, ms, us};
use super::{Row, tiny};
use crate::event::Event;
use crate::lambda::Round;
use crate::process::Process;
use crate::stats::{median, percentile};
use crate::target::Target;

/// Cold start: to the first poll and the first byte.
pub(super) fn cold(target: &Target) -> anyhow::Result<Vec<Row>> {
    const STARTS: usize = 15;
    let (mut polls, mut first_bytes, mut cpu, mut resident) = (vec![], vec![], vec![], vec![]);
    for _ in 0..STARTS {
        let process = Process::start(target, 1)?;
        cpu.push(ms(process.cpu()? + process.children_cpu()?));
        resident.push(mib(process.resident_kib()?));
        let poll = process.lambda.polled(1)? - process.spawned;
        let round = process.lambda.invoke([Event::tiny()])?;
        polls.push(ms(poll));
        first_bytes.push(ms(poll) + median(to_first_byte(&round).map(ms)));
    }
    Ok(vec![
        ("cold: spawn to /next, ms", median(polls)),
        ("cold: spawn to first byte, ms", median(first_bytes)),
        ("cold: CPU to /next, ms", median(cpu)),
        ("cold: resident at /next, MiB", median(resident)),
    ])
}

/// Tiny responses, back to back and after a pause.
pub(super) fn warm(target: &Target) -> anyhow::Result<Vec<Row>> {
    const INVOCATIONS: usize = 400;
    let process = Process::start(target, 1)?;
    process.lambda.invoke(tiny(50))?;
    let before = process.cpu()?;
    let round = process.lambda.invoke(tiny(INVOCATIONS))?;
    let cpu = process.cpu()? - before;
    let idle = Event::tiny().after(Duration::from_millis(5));
    let rested = process.lambda.invoke(vec![idle; 60])?;
    let ends = round
        .responses
        .iter()
        .map(|response| us(response.ended - response.delivered));
    let polls = round.responses.iter().zip(&round.next_polls);
    let polls = polls.map(|(response, poll)| us(poll.saturating_duration_since(response.ended)));
    Ok(vec![
        (
            "warm: event to first byte, p50, us",
            median(to_first_byte(&round).map(us)),
        ),
        (
            "warm: event to first byte, p99, us",
            percentile(to_first_byte(&round).map(us), 99),
        ),
        ("warm: event to end, p50, us", median(ends)),
        ("warm: end to next poll, p50, us", median(polls)),
        ("warm: CPU per invocation, us", us(cpu) / count(INVOCATIONS)),
        (
            "warm: event to first byte after 5 ms idle, p50, us",
            median(to_first_byte(&rested).map(us)),
        ),
        ("warm: resident, MiB", mib(process.resident_kib()?)),
    ])
}

/// From a write to its arrival, while the handler goes on computing. Enough writes that a single late one
/// does not decide the 99th percentile.
pub(super) fn delivery(target: &Target) -> anyhow::Result<Vec<Row>> {
    const INVOCATIONS: usize = 5;
    let process = Process::start(target, 1)?;
    let event = Event::chunks(60, 64).with("stamp", 1).with("spin_us", 4000);
    let round = process.lambda.invoke(vec![event; INVOCATIONS])?;
    let delays = || {
        round
            .responses
            .iter()
            .flat_map(|response| &response.delays)
            .copied()
            .map(us)
    };
    Ok(vec![
        ("delivery while computing, p50, us", median(delays())),
        (
            "delivery while computing, p99, us",
            percentile(delays(), 99),
        ),
    ])
}

pub(super) fn to_first_byte(round: &Round) -> impl Iterator<Item = Duration> {
    let responses = round.responses.iter();
    responses.filter_map(|response| Some(response.first_byte? - response.delivered))
}
